"""Checks with a past, and status pages that show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from typing_extensions import override

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.incidents import MemoryIncidents
from sightline.adapters.outbound.memory.probe_history import MemoryProbeHistory
from sightline.adapters.outbound.memory.standings import MemoryStandings
from sightline.adapters.wire.status.feed import feed_xml
from sightline.adapters.wire.status.html import page_html
from sightline.adapters.wire.status.json import from_stored, page_to_json, view_json
from sightline.adapters.wire.status.letters import confirmation, news_letter
from sightline.application.figures import TellFigures
from sightline.application.publish import Latencies, Maintenance, PageCodec, Publish, Sources
from sightline.application.sign import SigningKey
from sightline.application.subscribe import Mail, Post, Subscribe, Ways
from sightline.application.unlock import Unlock
from sightline.domain.errors import BadData, SightlineError
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.incident import Entry, EntryKind, Incident, IncidentKind
from sightline.domain.probes.options import Http
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.probes.status_page import PageGroup, StatusPage
from sightline.domain.probes.status_view import Planned
from sightline.domain.reports.letter import Letter
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Tenant
from sightline.domain.timerange import DAY, TimeRange

NOW = 1_763_700_000_123
PAGE = StatusPage(slug="acme", title="Acme", groups=(PageGroup(groups=("*",)),), subscribe=("rss", "email", "webhook"))
PLACE = "https://monitor.example.org"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A check, and whose it is."""

    tenant: Tenant
    check: Check


@dataclass
class Roster:
    """Checks by id."""

    roster: dict[int, Enrolled] = field(default_factory=dict)


@dataclass
class Plans(Maintenance):
    """What is planned."""

    standing: list[Planned] = field(default_factory=list)

    @override
    async def planned(self, tenant: Tenant, checks: Sequence[Check], within: TimeRange) -> Sequence[Planned]:
        return [one for one in self.standing if one.start <= within.end and one.end > within.start]


@dataclass
class Measured(Latencies):
    """How long probes took."""

    seconds: dict[int, Sequence[float | None]] = field(default_factory=dict)
    asked: int = 0

    @override
    async def latencies(
        self, tenant: Tenant, checks: Sequence[Check], within: TimeRange
    ) -> Mapping[int, Sequence[float | None]]:
        self.asked += 1
        return self.seconds


@dataclass
class Mailbox(Mail):
    """Letters by whom they are for; `fails` by address is raised instead."""

    letters: list[tuple[str, Letter, str]] = field(default_factory=list)
    fails: dict[str, SightlineError] = field(default_factory=dict)

    @override
    def checked(self, text: str) -> str:
        if "@" not in text or " " in text:
            raise BadData("this is no address")
        return text.strip()

    @override
    async def send(self, to: str, letter: Letter, leave: str) -> None:
        if to in self.fails:
            raise self.fails[to]
        self.letters.append((to, letter, leave))


@dataclass
class Posted(Post):
    """Messages by address."""

    messages: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    @override
    def checked(self, url: str) -> str:
        if not url.startswith("https://"):
            raise BadData("an address begins with https://")
        return url

    @override
    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.messages.append((url, body, dict(headers)))


@dataclass
class StatusWorld:
    """Everything that status pages need, in memory."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    checks: Roster = field(default_factory=Roster)
    standings: MemoryStandings = field(default_factory=MemoryStandings)
    incidents: MemoryIncidents = field(default_factory=MemoryIncidents)
    history: MemoryProbeHistory = field(default_factory=MemoryProbeHistory)
    plans: Plans = field(default_factory=Plans)
    measured: Measured = field(default_factory=Measured)
    mailbox: Mailbox = field(default_factory=Mailbox)
    posted: Posted = field(default_factory=Posted)
    bus: MemoryBus | None = None
    rendered: int = 0

    def __post_init__(self) -> None:
        self.sources = Sources(self.checks, self.standings, self.incidents, self.plans, self.measured)
        self.signing = SigningKey(self.catalog, lambda count: bytes(range(count)))
        ways = Ways(
            self.mailbox,
            self.posted,
            lambda page, news, leave: news_letter(page, news, leave, PLACE),
            lambda page, _, link: confirmation(page, link, self.clock.now()),
            PLACE,
        )
        self.publish = Publish(
            self.catalog,
            PageCodec(page_to_json, from_stored),
            self.sources,
            self.clock,
            {"html": self._html, "json": view_json, "feed": feed_xml},
            lambda count: b"s" * count,
            ways.offered,
            self.bus,
        )
        self.subscribe = Subscribe(self.publish, self.catalog, self.signing, self.clock, ways)
        self.unlock = Unlock(self.signing, self.clock)
        self.figures = TellFigures(self.publish, self.sources, self.history, self.clock)

    def _html(self, view: Any) -> bytes:
        self.rendered += 1
        return page_html(view)

    def enroll(self, name: str, tenant: Tenant = DEFAULT_TENANT, **said: Any) -> int:
        """A check more; gives its id."""
        number = len(self.checks.roster) + 1
        definition = Definition(name=name, url=f"https://{number}.example.org/", options=Http(), **said)
        self.checks.roster[number] = Enrolled(tenant, Check(number, definition, NOW - 100 * DAY, NOW - 100 * DAY))
        return number

    async def move(self, check: int, state: CheckState, ago: int = 0) -> None:
        """A check went to a state some ms ago; the monitor is there now."""
        move = Transition(check, self.clock.now() - ago, CheckState.UNKNOWN, state, StateReason.VERDICT)
        tenant = self.checks.roster[check].tenant
        await self.standings.record([(tenant, move)], self.clock.now())
        self.publish.changed(tenant)

    async def alive(self) -> None:
        """The monitor is there now."""
        await self.standings.record([], self.clock.now())

    async def incident(self, check: int | None, ago: int, lasted: int | None = None, **said: Any) -> Incident:
        """Something was not well from some ms ago on."""
        started = self.clock.now() - ago
        ended = None if lasted is None else started + lasted
        kind = said.pop("kind", IncidentKind.DOWN if check is not None else IncidentKind.MANUAL)
        found = Incident(id=0, check=check, kind=kind, started_at=started, ended_at=ended, **said)
        return await self.incidents.open(DEFAULT_TENANT, found, [Entry(started, EntryKind.OPENED)])

    async def update(self, incident: Incident, text: str, status: str = "investigating", **changes: Any) -> Incident:
        """People say something of an incident."""
        line = Entry(self.clock.now(), EntryKind.UPDATE, text, "ann", public=True, status=status)
        return await self.incidents.save(DEFAULT_TENANT, replace(incident, **changes), [line])

    async def page(self, page: StatusPage = PAGE, form: str = "html") -> str:
        """What readers get of a page that is saved for that."""
        saved = await self.publish.put(LOCAL, page, None)
        return (await self.publish.read(saved, form)).plain.decode()

    async def read(self, slug: str = "acme", form: str = "html") -> str:
        """What readers get of a page."""
        published = await self.publish.directory.find(slug)
        assert published is not None
        return (await self.publish.read(published, form)).plain.decode()
