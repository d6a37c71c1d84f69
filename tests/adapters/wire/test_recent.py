"""The dictionary that forgets, against a plain model of it."""

from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.recent import Recent

STEPS = st.lists(st.one_of(st.integers(0, 5), st.just("turn")), max_size=40)


@given(STEPS)
def test_what_was_asked_for_since_the_last_turn_stays(steps: list[int | str]) -> None:
    """An entry is found as long as no whole generation passed without anybody asking for it, and then it is forgotten."""
    recent: Recent[int, str] = Recent()
    asked: dict[int, int] = {}  # the generation in which each entry was last put or found
    generation = 0
    for step in steps:
        if isinstance(step, str):
            generation += 1
            recent.turn()
            continue
        found = recent.find(step, 3)
        assert (found is not None) == (asked.get(step, -2) >= generation - 1)
        if found is None:
            recent.put(step, str(step), 3)
        asked[step] = generation
        assert recent.young[step] == str(step)
        assert recent.weight == 3 * sum(last == generation for last in asked.values())
