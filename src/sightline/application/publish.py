"""Publish status pages: definitions that people save, and what readers get of them, made once for all who ask at a time."""

import asyncio
import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Final, Protocol

from msgspec.structs import replace
from typing_extensions import override

from sightline.application.directory import Directory, Published
from sightline.domain.errors import Conflict, NotFound, SightlineError, Unavailable
from sightline.domain.events import CheckMoved, IncidentChanged
from sightline.domain.probes.check import Check
from sightline.domain.probes.incident import Entry, Incident
from sightline.domain.probes.page_password import SALT_BYTES, hashed
from sightline.domain.probes.status_page import (
    MASKED,
    STATUS_PAGE_KIND,
    SUBSCRIBER_KIND,
    TOLD_KIND,
    Channel,
    StatusPage,
    check_page,
    placed,
)
from sightline.domain.probes.status_view import Circumstances, Planned, View, view
from sightline.domain.probes.uptime import by_check, last_days, last_seen
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import DAY, TimeRange
from sightline.ports.bus import Bus
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock
from sightline.ports.incidents import Incidents, Wanted
from sightline.ports.probe_history import Standings

MAX_PAGES: Final = 200
"""Pages of one tenant."""
MAX_INCIDENTS: Final = 200
"""Incidents of one page."""
FRESH: Final = 5.0
"""Seconds for which a page is shown as it was made."""
AT_LEAST: Final = 1.0
"""Seconds for which it is, even when what it shows changes: an outage of everything brings many changes a second."""
STALE: Final = 60.0
"""Seconds after which an old page is no longer shown where no new one can be made: it would not be the truth."""
LATENCY_FRESH: Final = 60.0
"""Seconds for which latencies are shown as they were read: reading them is dear, and they change slowly."""
AHEAD: Final = 7 * DAY
"""Maintenance that begins within this time (ms) is shown."""

Render = Callable[[View], bytes]


class Followed(Protocol):
    """Whose a check is, and what it says."""

    @property
    def tenant(self) -> Tenant:
        """Whose."""
        ...

    @property
    def check(self) -> Check:
        """What."""
        ...


class Roster(Protocol):
    """The checks there are, in memory."""

    @property
    def roster(self) -> Mapping[int, Followed]:
        """All checks of all tenants, by id."""
        ...


class Maintenance(Protocol):
    """Maintenance that runs or is to come."""

    async def planned(self, tenant: Tenant, checks: Sequence[Check], within: TimeRange) -> Sequence[Planned]:
        """Stretches that overlap a time and cover any of some checks; of a recurring one each stretch by itself."""
        ...


class Latencies(Protocol):
    """How long probes took."""

    async def latencies(
        self, tenant: Tenant, checks: Sequence[Check], within: TimeRange
    ) -> Mapping[int, Sequence[float | None]]:
        """By check, mean seconds in equal parts of a time, oldest first; None where there were no probes."""
        ...


class NoMaintenance(Maintenance):
    """None is ever planned."""

    @override
    async def planned(self, tenant: Tenant, checks: Sequence[Check], within: TimeRange) -> Sequence[Planned]:
        return ()


class NoLatencies(Latencies):
    """Nobody knows."""

    @override
    async def latencies(
        self, tenant: Tenant, checks: Sequence[Check], within: TimeRange
    ) -> Mapping[int, Sequence[float | None]]:
        return {}


@dataclass(frozen=True, slots=True)
class PageCodec:
    """How definitions become documents of the catalog, and back."""

    encode: Callable[[StatusPage], bytes]
    decode: Callable[[bytes], StatusPage]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a page's facts come from."""

    roster: Roster
    standings: Standings
    incidents: Incidents
    maintenance: Maintenance = field(default_factory=NoMaintenance)
    latencies: Latencies = field(default_factory=NoLatencies)

    def checks(self, tenant: Tenant) -> list[Check]:
        """A tenant's checks, by id."""
        return [one.check for one in self.roster.roster.values() if one.tenant == tenant]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page in one form. etag: of `plain`, in quotes; `compressed` is the same with gzip."""

    plain: bytes
    compressed: bytes
    etag: str

    @classmethod
    def of(cls, plain: bytes) -> "Rendered":
        """With what is made of the plain bytes."""
        return cls(plain, gzip.compress(plain, 6, mtime=0), f'"{sha256(plain).hexdigest()[:24]}"')


@dataclass(slots=True)
class _Kept:
    """What readers of a page get, and its making.

    made, latencies_at: monotonic seconds, of what is there. timelines: by incident, of the version that is told.
    """

    forms: dict[str, Rendered] = field(default_factory=dict)
    shown: View | None = None
    made: float = float("-inf")
    changed: bool = False
    making: asyncio.Task[None] | None = None
    rendering: asyncio.Lock = field(default_factory=asyncio.Lock)
    latencies: Mapping[int, Sequence[float | None]] = field(default_factory=dict)
    latencies_at: float = float("-inf")
    timelines: Mapping[int, tuple[int, Sequence[Entry]]] = field(default_factory=dict)


class Publish:
    """The use case.

    forms: by name, what makes the bytes of a page, in a thread. salt: gives random bytes. offered: which of
    the ways to be told that a page names there are. bus: tells of what moves; without it pages are made anew when they are old.

    A page is made when somebody asks for it and what is there is older than FRESH, or something it shows has changed. Whoever
    comes first waits for it; others get the old one meanwhile, as long as that is no older than STALE.
    """

    def __init__(
        self,
        catalog: Catalog,
        codec: PageCodec,
        sources: Sources,
        clock: Clock,
        forms: Mapping[str, Render],
        salt: Callable[[int], bytes],
        offered: Callable[[StatusPage], tuple[Channel, ...]] = lambda page: page.subscribe,
        bus: Bus | None = None,
    ) -> None:
        self._catalog = catalog
        self._codec = codec
        self._sources = sources
        self._clock = clock
        self._forms = forms
        self._salt = salt
        self._offered = offered
        self._bus = bus
        self._following: dict[Tenant, asyncio.Task[None]] = {}
        self._kept: dict[str, _Kept] = {}
        self.directory: Final = Directory(catalog, codec.decode, clock)

    async def all(self, principal: Principal) -> list[Published]:
        """The tenant's pages, by slug."""
        documents = await self._catalog.list(principal.tenant, STATUS_PAGE_KIND)
        return [Published(principal.tenant, self._codec.decode(one.body), one.version) for one in documents]

    async def get(self, principal: Principal, slug: str) -> Published:
        """One page.

        Raises:
            NotFound: there is none of that slug.
        """
        try:
            document = await self._catalog.get(principal.tenant, STATUS_PAGE_KIND, slug)
        except NotFound:
            raise NotFound(f"there is no status page {slug[:80]!r}", slug=slug) from None
        return Published(principal.tenant, self._codec.decode(document.body), document.version)

    async def put(self, principal: Principal, page: StatusPage, expected: int | None) -> Published:
        """Save a page. expected: the version that it replaces, 0 for a new one, None for whatever is there.

        A password that is masked keeps the one that is stored.

        Raises:
            InvalidField: it cannot be shown.
            Conflict: another version is there, the slug or a domain is taken, or there are too many pages.
        """
        check_page(page)
        saved = {one.page.slug: one for one in await self.all(principal)}
        if page.slug not in saved and len(saved) >= MAX_PAGES:
            raise Conflict(f"{len(saved)} status pages are saved, as many as there may be: delete one first")
        page = await self._with_password(page, saved.get(page.slug))
        await self.directory.claim(principal.tenant, page)
        document = await self._catalog.put(
            principal.tenant, STATUS_PAGE_KIND, page.slug, self._codec.encode(page), expected
        )
        published = Published(principal.tenant, page, document.version)
        self.directory.add(published)
        self._kept.pop(page.slug, None)
        return published

    async def delete(self, principal: Principal, slug: str) -> None:
        """Remove a page, and who is told of it: whoever has its slug next has other readers.

        Raises:
            NotFound: there is none of that slug.
        """
        if not await self._catalog.delete(principal.tenant, STATUS_PAGE_KIND, slug):
            raise NotFound(f"there is no status page {slug[:80]!r}", slug=slug)
        for one in await self._catalog.list(principal.tenant, SUBSCRIBER_KIND):
            if one.key.startswith(f"{slug}/"):
                await self._catalog.delete(principal.tenant, SUBSCRIBER_KIND, one.key)
        await self._catalog.delete(principal.tenant, TOLD_KIND, slug)
        await self.directory.release(slug)
        self._kept.pop(slug, None)

    def changed(self, tenant: Tenant) -> None:
        """Something moved that pages of a tenant may show: who asks next has them made anew."""
        for published in self.directory.known():
            if published.tenant == tenant and (kept := self._kept.get(published.page.slug)) is not None:
                kept.changed = True

    async def close(self) -> None:
        """Follow nothing any more."""
        for task in self._following.values():
            task.cancel()
        await asyncio.gather(*self._following.values(), return_exceptions=True)
        self._following.clear()

    def _follow(self, tenant: Tenant) -> None:
        """Hear from now on of what moves."""
        if self._bus is not None and tenant not in self._following:
            self._following[tenant] = asyncio.create_task(self._hear(self._bus, tenant), name="changes of status pages")

    async def _hear(self, bus: Bus, tenant: Tenant) -> None:
        async with bus.subscribe(tenant) as events:
            async for event in events:
                if isinstance(event, CheckMoved | IncidentChanged):
                    self.changed(tenant)

    def at_once(self, slug: str, form: str) -> Rendered | None:
        """A page in a form, where it is there and fresh; None where `read` must be asked."""
        kept = self._kept.get(slug)
        if kept is None or not self._is_fresh(kept):
            return None
        return kept.forms.get(form)

    async def read(self, published: Published, form: str) -> Rendered:
        """A page in a form, made anew where that is due.

        Raises:
            Unavailable: it cannot be made, and what is there is too old to be shown.
        """
        kept = await self._current(published, form)
        found = kept.forms.get(form)
        if found is None:  # nobody has asked for it in this form since the page was made
            async with kept.rendering:
                found, shown = kept.forms.get(form), kept.shown
                if shown is None:
                    raise Unavailable("the status page cannot be put together now")
                if found is None:
                    found = await asyncio.to_thread(self._render, form, shown)
                    if kept.shown is shown:
                        kept.forms[form] = found
        return found

    async def shown(self, published: Published) -> View:
        """What a page says; as `read`."""
        found = (await self._current(published, "")).shown
        if found is None:
            raise Unavailable("the status page cannot be put together now")
        return found

    async def _current(self, published: Published, form: str) -> _Kept:
        slug = published.page.slug
        kept = self._kept.setdefault(slug, _Kept())
        if self._is_fresh(kept):
            return kept
        is_first = kept.making is None
        if kept.making is None:
            kept.changed = False
            kept.making = asyncio.create_task(self._make(published, kept, form), name=f"status page {slug}")
            kept.making.add_done_callback(partial(_made, kept))
        if is_first or self._is_stale(kept):
            try:
                await asyncio.shield(kept.making)
            except SightlineError:
                if self._is_stale(kept):
                    raise
        return kept

    def _is_fresh(self, kept: _Kept) -> bool:
        age = self._clock.monotonic() - kept.made
        return age < (AT_LEAST if kept.changed else FRESH)

    def _is_stale(self, kept: _Kept) -> bool:
        return self._clock.monotonic() - kept.made >= STALE

    async def _make(self, published: Published, kept: _Kept, form: str) -> None:
        """Read what a page shows, and render it in the form that is asked for; in the others when somebody asks."""
        page, tenant = replace(published.page, subscribe=self._offered(published.page)), published.tenant
        self._follow(tenant)
        now, started = self._clock.now(), self._clock.monotonic()
        groups = placed(page, self._sources.checks(tenant))
        checks = [check for _, its in groups for check in its]
        ranges = last_days(now, page.zone)
        around = await self._circumstances(
            published, checks, TimeRange(min(ranges[0].start, now - 90 * DAY), now), kept
        )
        shown = await asyncio.to_thread(view, page, groups, around, ranges, now)
        forms = {form: await asyncio.to_thread(self._render, form, shown)} if form else {}
        kept.shown, kept.forms, kept.made = shown, forms, started

    def _render(self, form: str, shown: View) -> Rendered:
        return Rendered.of(self._forms[form](shown))

    async def _circumstances(
        self, published: Published, checks: Sequence[Check], within: TimeRange, kept: _Kept
    ) -> Circumstances:
        page, tenant = published.page, published.tenant
        ids = [one.id for one in checks]
        moves = await self._sources.standings.between(tenant, ids, within) if ids else []
        alive_at = await self._sources.standings.alive_at()
        planned: Sequence[Planned] = ()
        if page.shows.maintenance:
            ahead = TimeRange(within.end, within.end + AHEAD)
            planned = await self._sources.maintenance.planned(tenant, checks, ahead)
        return Circumstances(
            by_check(moves),
            await self._incidents(published, tuple(ids), within.end, kept),
            planned,
            await self._latencies(published, checks, within.end, kept),
            last_seen(alive_at, within.end),
        )

    async def _incidents(
        self, published: Published, ids: tuple[int, ...], now: int, kept: _Kept
    ) -> list[tuple[Incident, Sequence[Entry]]]:
        """Those of the page's checks, and those that people wrote of none, with their timelines."""
        tenant, days = published.tenant, published.page.shows.incidents
        within = TimeRange(now - max(1, days) * DAY, now)
        find = self._sources.incidents.find
        wanted = (
            Wanted(within, ids, open_only=True, limit=MAX_INCIDENTS),
            Wanted(within, ids, limit=MAX_INCIDENTS),
            Wanted(within, limit=MAX_INCIDENTS),
        )
        found = {one.id: one for each in wanted for one in await find(tenant, each)}
        mine = [one for one in found.values() if one.public and (one.check is None or one.check in ids)]
        timelines = {}
        for one in mine:
            known = kept.timelines.get(one.id)
            if known is None or known[0] != one.version:
                known = (one.version, await self._sources.incidents.timeline(tenant, one.id))
            timelines[one.id] = known
        kept.timelines = timelines
        return [(one, timelines[one.id][1]) for one in mine]

    async def _latencies(
        self, published: Published, checks: Sequence[Check], now: int, kept: _Kept
    ) -> Mapping[int, Sequence[float | None]]:
        """Kept longer than the page; what cannot be read now is left out, for the page is about more than that."""
        if not published.page.shows.latency:
            return {}
        started = self._clock.monotonic()
        if started - kept.latencies_at >= LATENCY_FRESH:
            try:
                kept.latencies = await self._sources.latencies.latencies(
                    published.tenant, checks, TimeRange(now - DAY, now)
                )
            except Unavailable:
                kept.latencies = {}
            kept.latencies_at = started
        return kept.latencies

    async def _with_password(self, page: StatusPage, saved: Published | None) -> StatusPage:
        """The page with what is to be kept of its password."""
        if page.password == MASKED:
            return replace(page, password=saved.page.password if saved is not None else "")
        if not page.password:
            return page
        return replace(page, password=await asyncio.to_thread(hashed, page.password, self._salt(SALT_BYTES)))


def _made(kept: _Kept, task: asyncio.Task[None]) -> None:
    kept.making = None
    if not task.cancelled():
        task.exception()  # whoever waits hears of it; where nobody does, the next one tries again
