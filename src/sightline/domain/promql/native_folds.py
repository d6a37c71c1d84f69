"""Aggregations of windows that hold native histograms, some instants at a time: what all windows make together may be gigabytes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sightline.domain.promql.annotations import Annotations
from sightline.domain.promql.native_windows import SELECTOR, vector
from sightline.domain.promql.pieces import Piece, joined
from sightline.domain.promql.plan import Instants
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Vector
from sightline.domain.promql.windows import Windowed, kept
from sightline.domain.timerange import Grid

_BYTES: Final = 64 << 20
"""About how much memory the windows of the instants take that one thread looks at together."""
_FEWEST_INSTANTS: Final = 16


def folded(
    windowed: Windowed,
    function: str,
    fold: Callable[[Vector], Vector],
    notes: Annotations,
    place: str,
    resources: Resources,
) -> Vector:
    """The fold of all windows of all series, rows in order of labels; at each instant it follows from that instant alone."""
    at, columns = windowed.at, windowed.columns
    pool = columns.histograms
    each = pool.weight // len(pool) if function != SELECTOR else 0  # a selector makes no new ones
    most = max(_FEWEST_INSTANTS, _BYTES // (len(columns) * max(each, 1)))
    found: list[Piece] = []

    def some(first: int, after: int) -> None:
        its = Instants(at.start + first * at.step, at.step, after - first)
        seen = kept(columns, (columns.times > its.start - windowed.width) & (columns.times <= its.last))
        scalars = tuple([one[first:after] for one in windowed.scalars])
        whole = vector(replace(windowed, columns=seen, at=its, scalars=scalars), function, notes, place, resources)
        found.append(Piece(Grid(its.start, its.last, its.step), fold(whole)))

    def part(first: int, after: int) -> None:
        for low in range(first, after, most):
            resources.check()
            some(low, min(low + most, after))

    resources.run(at.points, part, fewest=_FEWEST_INSTANTS)
    return joined(sorted(found, key=lambda one: one.grid.start)).vector


def pays(windowed: Windowed) -> bool:
    """Whether there are histograms, and instants enough to look at some of them at a time."""
    return bool(len(windowed.columns.histograms)) and windowed.at.points >= 2 * _FEWEST_INSTANTS
