"""A column of rows that come and go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.metrics import sliding
from sightline.domain.metrics.sliding import Sliding

STEPS = st.lists(st.one_of(st.integers(1, 40), st.integers(-30, -1)), max_size=60)
"""How many rows are added, or dropped."""


@given(steps=STEPS)
def test_it_holds_what_was_added_and_not_dropped(steps: list[int]) -> None:
    """After any additions and drops; whoever kept its rows can read in them what was held."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sliding, "_FEWEST", 1)
        column, held, count = Sliding(np.empty(0, np.int64)), list[int](), 0
        kept: list[tuple[np.ndarray, list[int]]] = []
        for step in steps:
            if step > 0:
                column.make_room(len(held), step)
                column.rows[len(held) : len(held) + step] = np.arange(count, count + step)
                held += range(count, count + step)
                count += step
            else:
                gone = min(-step, len(held))
                del held[:gone]
                column.forget(gone)
            kept.append((column.rows, [*held]))
        for rows, wanted in kept:
            assert rows[: len(wanted)].tolist() == wanted


def test_no_addition_moves_much() -> None:
    """However much is held: a few times as many rows as are added."""
    column, held = Sliding(np.empty(0, np.int64)), 0
    moved = []
    for _ in range(9_000):
        moved.append(column.make_room(held, 10))
        held += 10
        if held > 40_000:
            held -= 5_000
            column.forget(5_000)
    assert max(moved) <= 40
    assert sum(moved) > 40_000


def test_memory_of_rows_dropped_is_given_back() -> None:
    """A column that held much and holds little takes little, once something is added."""
    column = Sliding(np.arange(100_000))
    column.make_room(100_000, 1)
    column.forget(99_990)
    assert column.make_room(10, 5) == 10
    assert column.rows[:10].tolist() == [*range(99_990, 100_000)]
    assert column.rows.base is None
    assert column.rows.nbytes < 10_000


@pytest.mark.parametrize("kept", [0, 1_000, 5_000, 9_000])
def test_room_is_no_row_dropped(kept: int) -> None:
    """A column that forgets some of what it holds, again and again, moves less than is added: room is not what lies idle."""
    column, held, moved = Sliding(np.empty(0, np.int64)), 0, 0
    for _ in range(5_000):
        moved += column.make_room(held, 100)
        held += 100
        if held >= 10_000:
            column.forget(held - kept)
            held = kept
    assert moved < 5_000 * 100
