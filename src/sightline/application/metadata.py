"""What metrics mean: type, help and unit, as their targets and senders say, and of the program's own metrics."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from sightline.domain.labels import Labels
from sightline.domain.scrape.scraped import Metadata
from sightline.domain.scrape.target import Target, TargetKey
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.telemetry import Instrument, Kind, Telemetry

MAX_ENTRIES: Final = 200_000
"""Descriptions of metrics that are kept, all targets and senders together; what is more goes undescribed, counted."""

_ENTRIES: Final = Instrument("sightline_metadata_entries", "Descriptions of metrics that are kept.", Kind.GAUGE)
_REFUSED: Final = Instrument(
    "sightline_metadata_refused_total",
    "Times that the descriptions of a target, or of a request, were more than are kept.",
    Kind.COUNTER,
)

Described = tuple[Labels, str, Metadata]
"""The labels of a target, a metric family and what the target says of it."""


class MetricMetadata:
    """The use case. Descriptions live in memory: a target that is scraped describes its metrics again, and so do senders.

    known: descriptions that need no target, such as those of the host source.
    """

    def __init__(
        self, telemetry: Telemetry, known: Mapping[str, Metadata] | None = None, *, max_entries: int = MAX_ENTRIES
    ) -> None:
        self._telemetry = telemetry
        self._known = dict(known or {})
        self._max_entries = max_entries
        self._targets: dict[TargetKey, tuple[Target, Mapping[str, Metadata]]] = {}
        self._pushed: dict[Tenant, dict[str, Metadata]] = {}
        self._entries = 0

    def note(self, target: Target, said: Mapping[str, Metadata]) -> None:
        """Keep what a target says of its metrics, instead of what it said before. `said` must not be changed later."""
        before = self._targets.pop(target.key, None)
        self._entries -= len(before[1]) if before else 0
        if self._entries + len(said) > self._max_entries:
            self._telemetry.add(_REFUSED)
        elif said:
            self._targets[target.key] = target, said
            self._entries += len(said)
        self._telemetry.set(_ENTRIES, self._entries)

    def forget(self, target: Target) -> None:
        """The target is gone."""
        self.note(target, {})

    def push(self, principal: Principal, said: Mapping[str, Metadata]) -> None:
        """Keep what a sender says of metrics, each instead of what was pushed of it before under the same tenant."""
        pushed = self._pushed.setdefault(principal.tenant, {})
        more = sum(name not in pushed for name in said)
        if self._entries + more > self._max_entries:
            self._telemetry.add(_REFUSED)
            said = {name: one for name, one in said.items() if name in pushed}
            more = 0
        pushed.update(said)
        self._entries += more
        self._telemetry.set(_ENTRIES, self._entries)

    async def by_metric(
        self, principal: Principal, metric: str = "", limit: int | None = None, per_metric: int | None = None
    ) -> dict[str, list[Metadata]]:
        """The distinct descriptions of each metric family, at most `limit` families and `per_metric` of each.

        metric: that one alone, where given.
        """
        found: dict[str, dict[Metadata, None]] = {}
        if principal.tenant == LOCAL.tenant:
            for _, said in self._targets.values():
                _collect(found, said, metric)
        _collect(found, self._pushed.get(principal.tenant, {}), metric)
        if principal.tenant == LOCAL.tenant:
            _collect(found, self._known, metric)
            _collect(found, await self._own(), metric)
        return {name: list(found[name])[:per_metric] for name in list(found)[:limit]}

    def by_target(self, principal: Principal, metric: str = "", limit: int | None = None) -> list[Described]:
        """What each target says of its metrics, or of one; at most `limit` descriptions."""
        if principal.tenant != LOCAL.tenant:
            return []
        found: list[Described] = []
        for target, said in self._targets.values():
            names: Sequence[str] = [metric] if metric else sorted(said)
            found += [(target.labels, name, said[name]) for name in names if name in said]
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found

    async def _own(self) -> dict[str, Metadata]:
        families = await asyncio.to_thread(self._telemetry.families)  # which reads the process's state from the disk
        instruments = (family.instrument for family in families)
        # A family is called by its metric's name, as Prometheus calls it when it scrapes the text format.
        return {one.name: Metadata(str(one.kind), one.help) for one in instruments}


def _collect(found: dict[str, dict[Metadata, None]], said: Mapping[str, Metadata], metric: str) -> None:
    if metric:
        if metric in said:
            found.setdefault(metric, {})[said[metric]] = None
        return
    for name, one in said.items():
        found.setdefault(name, {})[one] = None
