"""How many samples an expression looks at, instant by instant, for whoever asks what a query costs.

As Prometheus counts them (`totalQueryableSamples`): what each selector sees at an instant, again at the next, and as if nothing had
been spared. Stale markers are not seen, and a native histogram counts as many as it is large.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.native_histograms import SAMPLE_BYTES, mark_mask
from sightline.domain.metrics.samples import SeriesColumns, Times, stale_mask
from sightline.domain.promql.nodes import Node, RangeSelector, Selector, Subquery, children
from sightline.domain.promql.plan import Plan

Counts = NDArray[np.int64]


def touched(planned: Plan, columns: Sequence[SeriesColumns], check: Callable[[], None]) -> Counts | None:
    """Samples at each instant of the grid, int64 (points,), of what was read for the plan. check: called often; raises to end it.

    None where that cannot be told: subqueries have instants of their own, and digests are read in place of samples.
    """
    total = np.zeros(planned.grid.points, np.int64)
    for node in _looks(planned.root):
        source = None if isinstance(node, Subquery) else planned.source.get((node, planned.grid))
        if isinstance(node, Subquery) or source is None:
            return None
        selector = node.selector if isinstance(node, RangeSelector) else node
        at = planned.instants(selector, planned.grid)  # one for all, as `@` has it, counts at each of them
        ends = at.start + at.step * np.arange(at.points, dtype=np.int64)
        for times, weights in _series(columns[source]):
            check()
            if isinstance(node, RangeSelector):
                total += _within(times, weights, ends - node.width, ends)
            else:
                total += _present(times, weights, ends - planned.lookback, ends)
    return total


def _looks(node: Node) -> Iterator[Selector | RangeSelector | Subquery]:
    """Everything of a tree that looks at samples, as often as it stands there."""
    if isinstance(node, Selector | RangeSelector | Subquery):
        yield node
        return
    for child in children(node):
        yield from _looks(child)


def _series(columns: SeriesColumns) -> Iterator[tuple[Times, Counts]]:
    """Of each series the times of its samples, and what each counts, which is nothing for a stale marker."""
    weights = (~stale_mask(columns.values)).astype(np.int64)
    if len(columns.histograms):
        weights[mark_mask(columns.values)] = 1 + columns.histograms.weights // SAMPLE_BYTES
    for first, last in pairwise(columns.offsets.tolist()):
        yield columns.times[first:last], weights[first:last]


def _within(times: Times, weights: Counts, starts: Times, ends: Times) -> Counts:
    """What the samples in each window, which is open on the left, count together."""
    before = np.append(0, np.cumsum(weights))
    found: Counts = before[np.searchsorted(times, ends, "right")] - before[np.searchsorted(times, starts, "right")]
    return found


def _present(times: Times, weights: Counts, starts: Times, ends: Times) -> Counts:
    """What the newest sample of each window counts."""
    newest = np.searchsorted(times, ends, "right") - 1
    found: Counts = np.where((newest >= 0) & (times[newest] > starts), weights[newest], 0)
    return found
