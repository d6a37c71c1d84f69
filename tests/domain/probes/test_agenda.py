"""Who is looked at when."""

from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.probes.agenda import Agenda


def test_each_has_one_time() -> None:
    """What is put again is looked at then alone; what is dropped, or was taken, no more."""
    agenda = Agenda()
    for who, at in ((1, 5), (2, 3), (1, 9), (3, 4), (2, 3)):
        agenda.put(who, at)
    agenda.drop(3)
    agenda.drop(7)
    assert agenda.next() == 3
    assert agenda.take(8) == [2]
    assert agenda.next() == 9
    assert agenda.take(9) == [1]
    assert agenda.next() is None
    agenda.put(1, 9)
    assert agenda.take(9) == [1]


@given(
    st.lists(st.tuples(st.sampled_from(["put", "drop", "take"]), st.integers(0, 5), st.integers(0, 20)), max_size=60)
)
def test_it_is_a_table_of_times(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is done with it, it answers as a plain table does."""
    agenda, table = Agenda(), dict[int, int]()
    for step, who, at in steps:
        if step == "put":
            agenda.put(who, at)
            table[who] = at
        elif step == "drop":
            agenda.drop(who)
            table.pop(who, None)
        else:
            taken = agenda.take(at)
            assert sorted(taken) == sorted(one for one in table if table[one] <= at)
            times = [table.pop(one) for one in taken]
            assert times == sorted(times)
        assert agenda.next() == min(table.values(), default=None)
