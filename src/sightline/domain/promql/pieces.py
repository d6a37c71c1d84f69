"""Parts of a grid: which of them are missing, and the vectors on them put together again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sightline.domain.promql.ordering import by_labels
from sightline.domain.promql.planes import compact, placed
from sightline.domain.promql.rows import select
from sightline.domain.promql.values import Plane, Vector
from sightline.domain.timerange import Grid, TimeRange

_ROW_BYTES: Final = 200


def inside(grid: Grid, within: TimeRange) -> Grid | None:
    """The instants of a grid that lie in a range; None when there is none."""
    first = max(0, -(-(within.start - grid.start) // grid.step))
    last = min(grid.points - 1, (within.end - grid.start) // grid.step)
    return None if last < first else Grid(grid.start + first * grid.step, grid.start + last * grid.step, grid.step)


def missing(wanted: Grid, there: Grid) -> list[Grid]:
    """The parts of a grid before and after those of its instants that are there; both have instants in common."""
    before = inside(wanted, TimeRange(wanted.start, there.start - 1))
    after = inside(wanted, TimeRange(last(there) + 1, wanted.end))
    return [part for part in (before, after) if part is not None]


def last(grid: Grid) -> int:
    """The last instant of a grid that has any, ms."""
    return grid.start + (grid.points - 1) * grid.step


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A vector on its grid: rows in ascending order of labels, each with a value somewhere. Nobody changes its arrays."""

    grid: Grid
    vector: Vector

    @classmethod
    def of(cls, grid: Grid, vector: Vector) -> "Piece":
        """Put the rows in order, and leave out those without a value."""
        return cls(grid, by_labels(vector))

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes; label sets are shared with the index, as a rule."""
        plane = self.vector.histograms
        histograms = 0 if plane is None else plane.index.nbytes + plane.pool.weight
        return (
            self.vector.values.nbytes + self.vector.present.nbytes + _ROW_BYTES * len(self.vector.labels) + histograms
        )

    def cut(self, grid: Grid) -> "Piece":
        """The part on a grid whose instants are all among those of the piece; it may lie in the same memory."""
        if grid.points == self.grid.points:
            return self
        first = (grid.start - self.grid.start) // grid.step
        columns = slice(first, first + grid.points)
        labels, values, present = self.vector.labels, self.vector.values[:, columns], self.vector.present[:, columns]
        plane = self.vector.histograms
        part = Vector(labels, values, present, None if plane is None else Plane(plane.index[:, columns], plane.pool))
        rows = np.flatnonzero(present.any(axis=1))
        return Piece(grid, part if len(rows) == len(labels) else select(part, rows))

    def compact(self) -> "Piece":
        """The piece in memory of its own, no more than it needs."""
        vector = self.vector
        if vector.values.base is None and vector.present.base is None and vector.histograms is None:
            return self
        plane = compact(vector.histograms, vector.present)
        return Piece(self.grid, Vector(vector.labels, vector.values.copy(), vector.present.copy(), plane))


def joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces whose grids follow one another, as one."""
    if len(pieces) == 1:
        return pieces[0]
    whole = Grid(pieces[0].grid.start, last(pieces[-1].grid), pieces[0].grid.step)
    vectors = [piece.vector for piece in pieces]
    labels = vectors[0].labels
    if all(one.labels == labels for one in vectors):
        values = np.concatenate([one.values for one in vectors], axis=1)
        present = np.concatenate([one.present for one in vectors], axis=1)
        return Piece(whole, Vector(labels, values, present, placed(_side_by_side(vectors), present.shape)))
    labels = tuple(sorted({label for one in vectors for label in one.labels}))
    row = {one: number for number, one in enumerate(labels)}
    values = np.zeros((len(labels), whole.points))
    present = np.zeros(values.shape, np.bool_)
    places = []
    for one, _, columns in _side_by_side(vectors):
        rows = np.fromiter(map(row.__getitem__, one.labels), np.int64, len(one.labels))
        values[rows, columns], present[rows, columns] = one.values, one.present
        places.append((one, rows, columns))
    return Piece(whole, Vector(labels, values, present, placed(places, present.shape)))


def _side_by_side(vectors: Sequence[Vector]) -> list[tuple[Vector, slice, slice]]:
    """Where each vector stands in one that has the instants of all, one after another, and the same rows."""
    ends = np.cumsum([one.values.shape[1] for one in vectors]).tolist()
    return [(one, slice(None), slice(end - one.values.shape[1], end)) for one, end in zip(vectors, ends, strict=True)]
