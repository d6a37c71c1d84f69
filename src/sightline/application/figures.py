"""Tell the figures of single checks that badges show: only of those that a public page shows, unless settings say otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sightline.application.directory import Published
from sightline.application.publish import Publish, Sources
from sightline.domain.probes.check import Check
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.status_page import placed
from sightline.domain.probes.uptime import Uptime, last_seen, spans, uptime
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import DAY, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.probe_history import ProbeHistory

FRESH: Final = 15.0
"""Seconds for which figures are told as they were read."""
MOST: Final = 2_000
"""Checks whose figures are kept."""
KEPT_BACK: Final = 365 * DAY
"""How far back (ms) a badge may look."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of a check. latency: mean seconds of the last day; last: of the last probe. expires_at: ms, of a certificate."""

    name: str
    state: CheckState
    uptimes: Mapping[int, Uptime]
    latency: float | None
    last: float | None
    expires_at: int | None
    at: int


class TellFigures:
    """The use case. everybody: whether badges of all checks are public."""

    def __init__(
        self, publish: Publish, sources: Sources, history: ProbeHistory, clock: Clock, *, everybody: bool = False
    ) -> None:
        self._publish = publish
        self._sources = sources
        self._history = history
        self._clock = clock
        self._everybody = everybody
        self._kept: dict[tuple[int, int], tuple[float, Figures]] = {}
        self._shown: Mapping[str, frozenset[int]] = {}
        self._shown_at = float("-inf")

    async def __call__(self, check_id: int, window: int = DAY, by: Published | None = None) -> Figures | None:
        """The figures of a check, its uptime over a time (ms) up to now; None where strangers may not know of it.

        by: the page by whose own domain they are asked for, which tells of nothing that it does not show.

        Raises:
            Unavailable: they cannot be read.
        """
        found = self._sources.roster.roster.get(check_id)
        if found is None or not await self._may_tell(check_id, by):
            return None
        window = min(max(window, 1), KEPT_BACK)
        key, now = (check_id, window), self._clock.monotonic()
        kept = self._kept.get(key)
        if kept is not None and now - kept[0] < FRESH:
            return kept[1]
        figures = await self._read(found.tenant, found.check, window)
        if len(self._kept) >= MOST:
            self._kept = {one: its for one, its in self._kept.items() if now - its[0] < FRESH}
            if len(self._kept) >= MOST:
                self._kept.clear()
        self._kept[key] = (now, figures)
        return figures

    async def _may_tell(self, check_id: int, by: Published | None) -> bool:
        if by is None and self._everybody:
            return True
        await self._look()
        pages = self._publish.directory.known() if by is None else (by,)
        return any(_is_open(one) and check_id in self._shown.get(one.page.slug, ()) for one in pages)

    async def _look(self) -> None:
        """See which checks each page shows that is open to everybody, where that is due."""
        now = self._clock.monotonic()
        if now - self._shown_at < FRESH:
            return
        await self._publish.directory.refresh()
        self._shown = {
            one.page.slug: frozenset(
                check.id for _, checks in placed(one.page, self._sources.checks(one.tenant)) for check in checks
            )
            for one in self._publish.directory.known()
            if _is_open(one)
        }
        self._shown_at = now

    async def _read(self, tenant: Tenant, check: Check, window: int) -> Figures:
        now = self._clock.now()
        within = TimeRange(now - window, now)
        moves = await self._sources.standings.between(tenant, [check.id], within)
        alive_at = await self._sources.standings.alive_at()
        during = spans(moves, within, last_seen(alive_at, now))
        results = await self._history.latest(tenant, check.id, 1, TimeRange(now - DAY, now))
        day = await self._sources.latencies.latencies(tenant, [check], TimeRange(now - DAY, now))
        known = [one for one in day.get(check.id, ()) if one is not None]
        return Figures(
            check.name,
            during[-1].state if during else CheckState.UNKNOWN,
            {window: uptime(during, within)},
            sum(known) / len(known) if known else None,
            results[0].seconds if results else None,
            results[0].expires_at if results else None,
            now,
        )


def _is_open(published: Published) -> bool:
    """Whether everybody may read a page."""
    return published.page.published and not published.page.password
