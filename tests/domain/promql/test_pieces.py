from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.labels import Labels
from sightline.domain.promql.pieces import Piece, inside, joined, last, missing
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import Grid, TimeRange

LABELS = [Labels.of(x=str(n)) for n in range(4)]
GRIDS = st.builds(lambda start, length, step: Grid(start, start + length, step), *[st.integers(1, 40)] * 3)
CELLS = st.dictionaries(st.tuples(st.sampled_from(LABELS), st.integers(0, 11)), st.floats(), max_size=30)


def instants(grid: Grid | None) -> list[int]:
    """A grid's instants."""
    return [] if grid is None else grid.times().tolist()


def piece(cells: dict[tuple[Labels, int], float], grid: Grid) -> Piece:
    """The cells that lie on a grid."""
    present = np.array([[(one, at) in cells for at in instants(grid)] for one in LABELS])
    values = np.array([[cells.get((one, at), 7.0) for at in instants(grid)] for one in LABELS])
    return Piece.of(grid, Vector(tuple(LABELS), values, present))


def shown(one: Piece) -> list[tuple[Labels, list[bytes | None]]]:
    """The rows of a piece, values to the last bit."""
    vector = one.vector
    cells = zip(vector.labels, vector.values, vector.present, strict=True)
    return [
        (labels, [v.tobytes() if p else None for v, p in zip(values, there, strict=True)])
        for labels, values, there in cells
    ]


@given(GRIDS, st.integers(-50, 100), st.integers(-50, 100))
def test_the_instants_inside_a_range(grid: Grid, start: int, end: int) -> None:
    """They are those of the grid from its start to its end, both included."""
    found = inside(grid, TimeRange(start, end))
    assert instants(found) == [at for at in instants(grid) if start <= at <= end]
    assert found is None or found.end == last(found)


@given(GRIDS, st.data())
def test_what_is_missing(grid: Grid, data: st.DataObject) -> None:
    """The instants before and after those that are there, and no others."""
    times = instants(grid)
    first = data.draw(st.integers(0, len(times) - 1))
    there = Grid(times[first], data.draw(st.sampled_from(times[first:])), grid.step)
    found = [at for part in missing(grid, there) for at in instants(part)]
    assert found == [at for at in times if not there.start <= at <= there.end]


@given(CELLS, st.lists(st.integers(1, 11), max_size=3, unique=True))
def test_pieces_joined_are_the_whole(cells: dict[tuple[Labels, int], float], cuts: list[int]) -> None:
    """However a vector is cut, its parts have their own rows alone and make the same vector again."""
    whole = piece(cells, Grid(0, 11, 1))
    bounds = [0, *sorted(cuts), 12]
    grids = [Grid(first, after - 1, 1) for first, after in pairwise(bounds)]
    parts = [whole.cut(grid) for grid in grids]
    assert [shown(one) for one in parts] == [shown(piece(cells, grid)) for grid in grids]
    again = joined(parts)
    assert again.grid == whole.grid
    assert shown(again) == shown(whole)
    assert shown(parts[0].compact()) == shown(parts[0])


def test_a_compact_piece_holds_no_more_than_it_needs() -> None:
    """A part that lies in the memory of the whole is copied, what has its own is not."""
    whole = piece({(LABELS[0], at): 1.0 for at in range(12)}, Grid(0, 11, 1)).compact()
    part = whole.cut(Grid(3, 4, 1))
    assert part.vector.values.base is not None
    assert part.compact().vector.values.base is None
    assert whole.compact() is whole
    assert part.weight < whole.weight
