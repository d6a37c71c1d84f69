from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.metrics.freshness import MOST_STEPS, Freshness
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME, MIN_TIME

A, B = Tenant("a"), Tenant("b")


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(-5_000, 5_000)), max_size=30))
def test_the_oldest_since_a_mark_is_that_of_the_notes_after_it(notes: list[tuple[Tenant, int]]) -> None:
    """For every mark and tenant it is the least time noted since, to the second."""
    freshness = Freshness()
    marks = [freshness.mark()]
    for tenant, time in notes:
        freshness.note(tenant, time)
        marks.append(freshness.mark())
    for tenant in (A, B):
        for number, mark in enumerate(marks):
            since = [time // 1000 * 1000 for its, time in notes[number:] if its == tenant]
            assert freshness.oldest_since(tenant, mark) == min(since, default=MAX_TIME)


def test_everything_may_have_changed() -> None:
    """MIN_TIME stays what it is, and marks after it are not concerned."""
    freshness = Freshness()
    before = freshness.mark()
    freshness.note(A, MIN_TIME)
    assert freshness.oldest_since(A, before) == MIN_TIME
    assert freshness.oldest_since(A, freshness.mark()) == MAX_TIME


def test_what_is_remembered_is_bounded() -> None:
    """With very many notes the answer may be older than it would have to be, never younger, and stays close."""
    freshness = Freshness()
    count = 20 * MOST_STEPS
    for second in range(count):
        freshness.note(A, second * 1000)
    told = [freshness.oldest_since(A, mark) // 1000 for mark in range(count)]
    assert all(time <= mark for mark, time in enumerate(told))
    assert all(mark - time <= MOST_STEPS for mark, time in enumerate(told) if mark > count - 2 * MOST_STEPS)
    assert told == sorted(told)
    assert len(set(told)) <= MOST_STEPS
    freshness.note(A, 5_000)
    assert freshness.oldest_since(A, count - 1) == 5_000
