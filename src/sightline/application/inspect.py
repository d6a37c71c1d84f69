"""Look at containers: those there are now, and what one of them used over time."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from sightline.application.query import DEFAULT_OPTIONS, QueryOptions
from sightline.domain.containers.observed import Observed
from sightline.domain.containers.readings import JOB
from sightline.domain.errors import InvalidParameter, NotFound, Unavailable
from sightline.domain.labels import METRIC_NAME, Matcher, MatchOp
from sightline.domain.metrics.samples import Times, Values
from sightline.domain.promql.values import Answer, Vector
from sightline.domain.tenancy import LOCAL, Principal
from sightline.domain.timerange import SECOND, Grid, TimeRange, format_duration
from sightline.ports.containers import Containers
from sightline.ports.series import SeriesReader

MAX_POINTS: Final = 301
"""How many points a history has at most, which is 300 steps: what a chart can show."""
MAX_KNOWN: Final = 10_000
"""Among how many containers one is looked for in the store."""
_SHORTEST_STEP: Final = 5 * SECOND
# Three collections: one that came a little late leaves no gap.
_SHORTEST_WINDOW: Final = 15 * SECOND
_SHOWN_AMBIGUOUS: Final = 5

_LAST_SEEN: Final = (
    Matcher(METRIC_NAME, MatchOp.EQUAL, "container_last_seen"),
    Matcher("job", MatchOp.EQUAL, JOB),
)


class RangeQuery(Protocol):
    """The part of the query use case that histories need."""

    async def range(self, principal: Principal, text: str, grid: Grid, options: QueryOptions, /) -> Answer:
        """The value of a PromQL expression at every instant of a grid.

        Raises:
            SightlineError: too costly, or the store is away.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What a container used: columns over n instants, NaN where a figure is not known; instants without any are left out.

    times: int64 (n,), ms. The others float64 (n,): percentages and memory as averages over the step, network as counters.
    """

    times: Times
    cpu_percent: Values
    memory_bytes: Values
    memory_percent: Values
    network_rx_bytes: Values
    network_tx_bytes: Values


class Inspect:
    """The use case. Containers of this machine belong to the program's own tenant; histories are those of whoever asks."""

    def __init__(self, containers: Containers, query: RangeQuery, series: SeriesReader) -> None:
        self._containers = containers
        self._query = query
        self._series = series

    def containers(self, principal: Principal, *, stopped: bool = False) -> list[Observed]:
        """The containers there are now, by name: the running ones, or all.

        Raises:
            Unavailable: the container engine cannot be asked.
        """
        if principal.tenant != LOCAL.tenant:
            return []
        return [one for one in self._containers.present() if stopped or one.container.listed]

    async def history(self, principal: Principal, which: str, within: TimeRange) -> History:
        """What one container used, by its name, its id, or the beginning of its id.

        By name the history spans containers that followed each other under it, as they do when one is recreated.

        Raises:
            NotFound: there is no such container, and was none in the range.
            InvalidParameter: several ids begin so; a range that ends before it starts.
            Unavailable: nothing is stored of it, and the container engine cannot be asked.
            And as a query.
        """
        if within.end < within.start:
            raise InvalidParameter("parameter 'to' must not be before 'from'", parameter="to")
        try:
            chosen = _chosen(which, await self._known(principal, within))
        except NotFound:
            self.containers(principal)  # an engine that cannot be asked may know it
            raise
        grid = _grid(within)
        asked = (self._query.range(principal, text, grid, DEFAULT_OPTIONS) for text in _texts(chosen, grid.step))
        columns = [_column(answer) for answer in await asyncio.gather(*asked)]
        there = ~np.isnan(np.stack(columns)).all(axis=0)
        return History(grid.times()[there], *(column[there] for column in columns))

    async def _known(self, principal: Principal, within: TimeRange) -> set[tuple[str, str]]:
        """Ids and names of the containers that left samples in the range, or are there as far as the engine can be asked."""
        stored = await self._series.series(principal.tenant, [_LAST_SEEN], within, MAX_KNOWN)
        known = {(labels.get("id"), labels.get("name")) for labels in stored}
        with suppress(Unavailable):
            known |= {(one.container.id, one.container.name) for one in self.containers(principal, stopped=True)}
        return known


def _chosen(which: str, known: set[tuple[str, str]]) -> Matcher:
    """The matcher for the series of the container that is meant."""
    ids, names = {id_ for id_, _ in known}, {name for _, name in known}
    if which in ids:
        return Matcher("id", MatchOp.EQUAL, which)
    if which in names:
        return Matcher("name", MatchOp.EQUAL, which)
    begin = sorted(id_ for id_ in ids if id_.startswith(which))
    if not begin:
        raise NotFound(f"there is no container with the id or name {which[:100]!r}, and was none in this time")
    if len(begin) > 1:
        shown = ", ".join(id_[: len(which) + 12] for id_ in begin[:_SHOWN_AMBIGUOUS])
        message = (
            f"parameter 'container_id': {len(begin)} ids begin with {which!r}, among them {shown}: give more of it"
        )
        raise InvalidParameter(message, parameter="container_id")
    return Matcher("id", MatchOp.EQUAL, begin[0])


def _grid(within: TimeRange) -> Grid:
    """The instants of a history: its end is always one of them, for that is what people look at first."""
    length = within.end - within.start
    step = max(_SHORTEST_STEP, -(-length // ((MAX_POINTS - 1) * SECOND)) * SECOND)
    return Grid(within.end - length // step * step, within.end, step)


def _texts(chosen: Matcher, step: int) -> tuple[str, ...]:
    """The queries for the columns of a history, in their order."""
    selector = f'{{job="{JOB}",{chosen}}}'
    window = format_duration(max(step, _SHORTEST_WINDOW))
    averages = ("container_cpu_percent", "container_memory_working_set_bytes", "container_memory_percent")
    totals = ("container_network_receive_bytes_total", "container_network_transmit_bytes_total")
    return (
        *(f"max(avg_over_time({metric}{selector}[{window}]))" for metric in averages),
        *(f"sum({metric}{selector})" for metric in totals),
    )


def _column(answer: Answer) -> Values:
    """The one row of an aggregation; NaN where it has no value, and everywhere when there is no row."""
    value = answer.value
    if not isinstance(value, Vector) or not len(value.labels):
        return np.full(answer.grid.points, np.nan)
    return np.where(value.present[0], value.values[0], np.nan)
