"""Exemplars: keep those that come, and find those of the series that a query selects."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from sightline.domain.errors import InvalidLabel
from sightline.domain.labels import METRIC_NAME, LabelLimits, Labels, Matchers, check, satisfies
from sightline.domain.metrics.exemplar_ring import Chain, ExemplarRing, Row, Verdict
from sightline.domain.metrics.exemplars import ExemplarBatch, SeriesExemplars
from sightline.domain.metrics.roster import texts_of
from sightline.domain.promql.nodes import Node, RangeSelector, Selector, children
from sightline.domain.promql.parse import DEFAULT_LIMITS, TextLimits, parse
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import TimeRange
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

KEPT: Final = Instrument(
    "sightline_exemplars_kept_total", "Exemplars taken in, those of before not counted again.", Kind.COUNTER
)
EVICTED: Final = Instrument(
    "sightline_exemplars_evicted_total",
    "Exemplars that made room for newer ones: exemplars.max bounds them.",
    Kind.COUNTER,
)
REFUSED: Final = Instrument(
    "sightline_exemplars_refused_total",
    "Exemplars not taken, by reason: out_of_order, labels_too_long, labels_invalid, series_invalid, too_far_ahead or off.",
    Kind.COUNTER,
    ("reason",),
)
STORED: Final = Instrument("sightline_exemplars", "Exemplars in memory.", Kind.GAUGE)

OFF: Final = "off"
LABELS_INVALID: Final = "labels_invalid"
SERIES_INVALID: Final = "series_invalid"
TOO_FAR_AHEAD: Final = "too_far_ahead"
"""Reasons to refuse besides those of the ring's verdicts."""

# Taking one in costs 2 us, looking at a series 5 us: this many at a time, and others have a turn in between.
_KEPT_AT_ONCE: Final = 1_000
_SEEN_AT_ONCE: Final = 500
# Parsing this much takes a few milliseconds; more of it must not hold up the event loop.
_QUICK_TEXT: Final = 4096


class Exemplify:
    """The use case. Exemplars live in memory: after a restart there are none until new ones come."""

    def __init__(
        self,
        ring: ExemplarRing,
        telemetry: Telemetry,
        labels: LabelLimits | None = None,
        text: TextLimits = DEFAULT_LIMITS,
        *,
        clock: Clock | None = None,
        ahead: int = 0,
    ) -> None:
        """`labels` bounds the series, `text` the queries. clock: what an exemplar may be `ahead` of, ms; None for no bound."""
        self._ring = ring
        self._telemetry = telemetry
        self._labels = labels or LabelLimits()
        self._text = text
        self._clock = clock
        self._ahead = ahead
        telemetry.set(STORED, 0)

    async def keep(self, principal: Principal, batch: ExemplarBatch) -> int:
        """Take exemplars in under the principal's tenant; returns how many of them are there now, those of before among them.

        What cannot be kept is counted by its reason and fails nothing else.
        """
        if batch.unreadable:
            self._telemetry.add(REFUSED, batch.unreadable, (LABELS_INVALID,))
        if not len(batch):
            return 0
        if not self._ring.most:
            self._telemetry.add(REFUSED, len(batch), (OFF,))
            return 0
        there = 0
        series = texts_of(batch.series).texts()
        for start in range(0, len(batch), _KEPT_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            evicted = self._ring.evicted
            verdicts = Counter(self._verdicts(principal.tenant, batch, series, start))
            self._count(verdicts, self._ring.evicted - evicted)
            there += verdicts[Verdict.KEPT] + verdicts[Verdict.DUPLICATE]
        return there

    async def find(self, principal: Principal, text: str, within: TimeRange) -> list[SeriesExemplars] | None:
        """The exemplars, within a range that includes both ends, of all series that a selector of the query selects.

        In order of the series' labels; None for a query without selectors.

        Raises:
            MalformedQuery: with line and column.
        """
        sets = await self._selected(text)
        if not sets:
            return None
        found = []
        for seen, chain in enumerate(self._chains(principal.tenant, sets)):
            if seen % _SEEN_AT_ONCE == _SEEN_AT_ONCE - 1:
                await asyncio.sleep(0)
            if not self._ring.overlaps(chain, within):
                continue
            labels = chain.labels
            if any(satisfies(labels, one) for one in sets) and (exemplars := tuple(self._ring.read(chain, within))):
                found.append(SeriesExemplars(labels, exemplars))
        return sorted(found, key=lambda one: one.labels)

    def _verdicts(self, tenant: Tenant, batch: ExemplarBatch, series: Sequence[bytes], start: int) -> Iterator[str]:
        """Take in the exemplars of a batch from `start` on, as many as have one turn."""
        rows = slice(start, start + _KEPT_AT_ONCE)
        newest = None if self._clock is None else self._clock.now() + self._ahead
        columns = (batch.owners[rows], batch.values[rows], batch.times[rows], batch.timed[rows])
        for owner, value, time, timed, labels in zip(
            *(column.tolist() for column in columns), batch.labels[rows], strict=True
        ):
            if newest is not None and time > newest:  # and those of the series that come after it would be out of order
                yield TOO_FAR_AHEAD
            elif self._ring.knows(tenant, series[owner]) or self._can_be(series[owner]):
                yield self._ring.add(tenant, series[owner], Row(labels, value, time, timed))
            else:
                yield SERIES_INVALID

    def _can_be(self, series: bytes) -> bool:
        """Whether canonical bytes name what can be a series; one that has exemplars alone was looked at by nobody yet."""
        try:
            check(Labels.from_canonical(series), self._labels)
        except InvalidLabel:
            return False
        return True

    def _count(self, verdicts: Counter[str], evicted: int) -> None:
        telemetry = self._telemetry
        for verdict, number in verdicts.items():
            if verdict == Verdict.KEPT:
                telemetry.add(KEPT, number)
            elif verdict != Verdict.DUPLICATE:
                telemetry.add(REFUSED, number, (str(verdict),))
        if evicted:
            telemetry.add(EVICTED, evicted)
        telemetry.set(STORED, len(self._ring))

    async def _selected(self, text: str) -> list[Matchers]:
        """The matchers of each selector of a query."""
        if len(text) <= _QUICK_TEXT:
            return list(_selectors(parse(text, self._text)))
        return await asyncio.to_thread(lambda: list(_selectors(parse(text, self._text))))

    def _chains(self, tenant: Tenant, sets: Sequence[Matchers]) -> Iterator[Chain]:
        """The series of all metrics whose names suit one of the sets."""
        for name in self._ring.names(tenant):
            if any(all(one.matches(name) for one in matchers if one.name == METRIC_NAME) for matchers in sets):
                yield from self._ring.chains(tenant, name)


def _selectors(node: Node) -> Iterator[Matchers]:
    match node:
        case Selector():
            yield node.matchers
        case RangeSelector():
            yield node.selector.matchers
        case _:
            for child in children(node):
                yield from _selectors(child)
