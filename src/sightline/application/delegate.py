"""Delegate probing to locations: who they are, what each is to probe, and what they found."""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from sightline.application.hold import Codec, Filing, Hold
from sightline.application.race import race
from sightline.application.roster import Roster
from sightline.application.tally import Tally
from sightline.application.vouch import CUT_OFF
from sightline.domain.errors import Conflict, Forbidden, NotFound, Unauthenticated, Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.location import Location, check_location, probed_from
from sightline.domain.probes.parcel import Bearing, Lost, Parcel, Receipt
from sightline.domain.probes.reference import Reference
from sightline.domain.probes.result import Result
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import DAY, MINUTE, TimeRange
from sightline.domain.traces.span import Span
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

RESULTS: Final = Instrument(
    "sightline_location_results_total",
    "Results that locations brought, by what became of them: taken, refused, or lost on the way.",
    Kind.COUNTER,
    ("location", "outcome"),
)
SKEW: Final = Instrument(
    "sightline_location_clock_skew_seconds",
    "How far the clock of a location is ahead of ours.",
    Kind.GAUGE,
    ("location",),
)
LOCATION_KIND: Final = "location"
"""What locations are called in the catalog."""
MAX_LOCATIONS: Final = 100
"""Of one tenant."""

# A location makes one call at a time; parcels that it does not know to be taken it sends again with the next.
_REMEMBERED: Final = 1_000
_AHEAD: Final = 5 * MINUTE
_BEHIND: Final = 7 * DAY
"""How far a result's time may be ahead of ours, and behind."""

Take = Callable[[Sequence[tuple[Tenant, Result]]], Awaitable[object]]
KeepSpans = Callable[[Sequence[tuple[Tenant, Span]]], Awaitable[object]]
Left = Callable[[Tenant, str], object]
Write = Callable[[Sequence[Check], Sequence[Reference]], tuple[str, bytes]]


def _nobody(_tenant: Tenant, _location: str) -> None:
    """Where nobody goes by what locations say."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a location probes, as its wire has it. tag: says which checks and references these are."""

    tag: str
    checks: bytes
    count: int
    references: tuple[Reference, ...] = ()


@dataclass(slots=True)
class Heard:
    """What was heard of a location since the start. at: when it last brought something, or said that there is nothing; ms."""

    at: int
    bearing: Bearing = field(default_factory=Bearing)


@dataclass(frozen=True, slots=True)
class LocationStatus:
    """A location, how many checks it probes, and what was last heard of it; None where nothing was since the start.

    lost: the last results that it had no room for, in this run or an earlier one.
    """

    location: Location
    checks: int
    heard: Heard | None
    lost: Lost | None = None


@dataclass(slots=True, eq=False)
class _Known:
    """A location with what is remembered of it.

    taken: ids of parcels that were taken in, the latest last. probed, assigned: its checks, at a generation of the roster.
    """

    location: Location
    heard: Heard | None = None
    taken: OrderedDict[str, Receipt] = field(default_factory=OrderedDict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    probed: tuple[int, Mapping[int, Check]] | None = None
    assigned: tuple[int, Assignment] | None = None


class Delegate:
    """The use case. Locations are in memory once they were read; a change that returned survives a restart.

    A key opens a location and nothing else. It is told once, when it is made; what is kept is its hash. Results are taken of checks
    that the location is to probe, under its own name, and each parcel once, however often it comes.
    """

    def __init__(
        self,
        catalog: Catalog,
        roster: Roster,
        take: Take,
        keep_spans: KeepSpans,
        write: Write,
        clock: Clock,
        telemetry: Telemetry,
        new_key: Callable[[], str],
        references: Sequence[Reference] = (),
        left: Left = _nobody,
    ) -> None:
        """`take`: returns once results are stored. `write`: checks as the wire has them, and the tag of them and of references.

        `new_key`: at random. `references`: by which locations know whether they are cut off. `left`: hears of those that are gone.
        """
        filing = Filing(LOCATION_KIND, "location", Codec(_encode, _decode), _name, _key)
        self._locations = Hold(catalog, filing, self._changed_to)
        self._roster = roster
        self._take = take
        self._keep_spans = keep_spans
        self._write = write
        self._clock = clock
        self._telemetry = telemetry
        self._new_key = new_key
        self._references = tuple(references)
        self._left = left
        self._tally = Tally(catalog)
        self._known: dict[tuple[Tenant, str], _Known] = {}
        self._by_key: dict[str, _Known] = {}
        self._closing = asyncio.Event()

    # For people

    async def all(self, principal: Principal) -> list[LocationStatus]:
        """The locations of the principal's tenant, in ascending order of name.

        Raises:
            Unavailable: they cannot be read.
        """
        await self._load()
        return [self._status(one) for (tenant, _), one in sorted(self._known.items()) if tenant == principal.tenant]

    async def one(self, principal: Principal, name: str) -> LocationStatus:
        """One location.

        Raises:
            NotFound: the tenant has none of that name.
            Unavailable: they cannot be read.
        """
        await self._load()
        return self._status(self._named(principal, name))

    async def add(self, principal: Principal, name: str, description: str = "") -> tuple[LocationStatus, str]:
        """A new location, and its key.

        Raises:
            InvalidField: the name or the description cannot be so.
            Conflict: the name is taken, or there are as many as there may be.
            Unavailable, StorageFull: nothing is stored.
        """
        check_location(name, description)
        async with self._locations.turn():
            if (principal.tenant, name) in self._known:
                raise Conflict(f"there is a location named {name!r} already", name=name)
            if sum(tenant == principal.tenant for tenant, _ in self._known) >= MAX_LOCATIONS:
                raise Conflict(
                    f"there are {MAX_LOCATIONS} locations, as many as there may be: remove one", limit=MAX_LOCATIONS
                )
            key, now = self._new_key(), self._clock.now()
            made = Location(principal.tenant, name, _hashed(key), now, now, description)
            await self._locations.keep(principal.tenant, made)
        return self._status(self._named(principal, name)), key

    async def describe(self, principal: Principal, name: str, description: str) -> LocationStatus:
        """Say something else of a location.

        Raises:
            NotFound, InvalidField, Unavailable, StorageFull.
        """
        check_location(name, description)
        async with self._locations.turn():
            known = self._named(principal, name)
            await self._locations.keep(principal.tenant, replace(known.location, description=description))
        return self._status(known)

    async def rekey(self, principal: Principal, name: str) -> tuple[LocationStatus, str]:
        """A new key for a location; the one before opens nothing any more.

        Raises:
            NotFound, Unavailable, StorageFull.
        """
        async with self._locations.turn():
            known, key = self._named(principal, name), self._new_key()
            await self._locations.keep(
                principal.tenant, replace(known.location, key_hash=_hashed(key), keyed_at=self._clock.now())
            )
        return self._status(known), key

    async def remove(self, principal: Principal, name: str) -> None:
        """Forget a location and its key; what it found stays, and says nothing any more of how checks are.

        Raises:
            NotFound, Unavailable.
        """
        await self._load()
        async with self._locations.turn():
            location = self._named(principal, name).location
            await self._locations.forget(principal.tenant, location)
            self._left(principal.tenant, name)
            await self._tally.forget(location)

    def heard_at(self, tenant: Tenant, name: str) -> int | None:
        """When a location was last heard since the start, ms; None where it was not, or there is none of that name."""
        known = self._known.get((tenant, name))
        return None if known is None or known.heard is None else known.heard.at

    async def lost(
        self, tenant: Tenant, definition: Definition, within: TimeRange, name: str = ""
    ) -> list[tuple[str, Lost]]:
        """What locations lost that probe a check, in ascending order of time; of one of them, or (empty) of all.

        What a location lost was not counted by check: from when to when it touches all that are probed from there.

        Raises:
            Unavailable: it cannot be read.
        """
        await self._load()
        theirs = [
            one for its, one in self._known if its == tenant and name in {"", one} and probed_from(definition, one)
        ]
        return self._tally.during(tenant, theirs, within)

    # For locations

    async def admit(self, key: str, name: str) -> Location:
        """The location that a key opens; `name` is what it takes itself for.

        Raises:
            Unauthenticated: no location has this key.
            Forbidden: another location has it.
            Unavailable: they cannot be read.
        """
        await self._load()
        known = self._by_key.get(_hashed(key)) if key else None
        if known is None:
            raise Unauthenticated("the key is not valid: `sightline locations add NAME` gives one, and shows it once")
        if name != known.location.name:
            raise Forbidden(f"the key is that of location {known.location.name!r}, not {name[:80]!r}")
        return known.location

    async def assigned(self, location: Location, tag: str, wait: float) -> Assignment | None:
        """What a location is to probe; None where after up to `wait` seconds that is still what `tag` says.

        Raises:
            Unauthenticated: it was removed meanwhile.
            Unavailable: the checks are not read yet.
        """
        self._require_roster()
        until = self._clock.monotonic() + wait
        while True:
            generation = self._roster.generation
            found = self._assignment(self._of(location), generation)
            left = until - self._clock.monotonic()
            if found.tag != tag:
                return found
            if left <= 0 or self._closing.is_set():
                return None
            await self._changed(generation, left)

    async def take(self, location: Location, parcels: Sequence[Parcel], bearing: Bearing) -> Receipt:
        """Take in what a location brings; when this returns it is stored. Without parcels it says that it is there.

        Raises:
            Unauthenticated: it was removed meanwhile.
            Unavailable, Overloaded, StorageFull: it shall bring all of it again.
        """
        self._require_roster()
        known = self._of(location)
        async with known.turn:  # a parcel may come again while it is being taken in
            self._of(location)
            fresh = {one.id: one for one in parcels if one.id not in known.taken}
            await self._take_in(known, list(fresh.values()))
            receipts = [known.taken[one.id] for one in parcels]
            while len(known.taken) > _REMEMBERED:
                known.taken.popitem(last=False)
        now = self._clock.now()
        known.heard = Heard(now, bearing)
        if self._references:
            self._telemetry.set(CUT_OFF, bearing.is_cut_off, (location.name,))
        if bearing.skew is not None:
            self._telemetry.set(SKEW, bearing.skew / 1_000, (location.name,))
        return Receipt(sum(one.taken for one in receipts), sum(one.refused for one in receipts), now)

    def close(self) -> None:
        """Locations wait for other orders no longer: the program stops."""
        self._closing.set()

    async def _take_in(self, known: _Known, parcels: Sequence[Parcel]) -> None:
        location, now = known.location, self._clock.now()
        probed = self._checks_of(known)
        taken = [[one for one in parcel.results if self._is_for_us(one, probed, now)] for parcel in parcels]
        spans = [(location.tenant, span) for parcel in parcels for span in parcel.spans]
        if spans:
            await self._keep_spans(spans)
        rows = [
            (location.tenant, one if one.location == location.name else replace(one, location=location.name))
            for results in taken
            for one in results
        ]
        if rows:
            await self._take(rows)
        for parcel, results in zip(parcels, taken, strict=True):
            if parcel.lost is not None:
                await self._tally.add(location, parcel.lost)
            receipt = Receipt(len(results), len(parcel.results) - len(results), now)
            self._count(location, receipt, parcel.lost)
            known.taken[parcel.id] = receipt

    @staticmethod
    def _is_for_us(result: Result, probed: Mapping[int, Check], now: int) -> bool:
        return result.check in probed and now - _BEHIND <= result.at <= now + _AHEAD

    def _count(self, location: Location, receipt: Receipt, lost: Lost | None) -> None:
        lost_count = 0 if lost is None else lost.count
        for outcome, count in (("taken", receipt.taken), ("refused", receipt.refused), ("lost", lost_count)):
            if count:
                self._telemetry.add(RESULTS, count, (location.name, outcome))

    def _checks_of(self, known: _Known) -> Mapping[int, Check]:
        """The checks that a location is to probe; looked for once a change, for a location brings something every second."""
        location, generation = known.location, self._roster.generation
        if known.probed is None or known.probed[0] != generation:
            known.probed = (
                generation,
                {
                    check.id: check
                    for tenant, check, _ in self._roster.checks()
                    if tenant == location.tenant and probed_from(check.definition, location.name)
                },
            )
        return known.probed[1]

    def _assignment(self, known: _Known, generation: int) -> Assignment:
        if known.assigned is None or known.assigned[0] != generation:
            known.assigned = self._same(known, generation) or (generation, self._written(self._checks_of(known)))
        return known.assigned[1]

    def _same(self, known: _Known, generation: int) -> tuple[int, Assignment] | None:
        """That of another location which probes the same: written anew, thousands of checks take a while and room."""
        checks = self._checks_of(known).keys()
        for other in self._known.values():
            if other.assigned is None or (other.location.tenant, other.assigned[0]) != (
                known.location.tenant,
                generation,
            ):
                continue
            if self._checks_of(other).keys() == checks:
                return other.assigned
        return None

    def _written(self, checks: Mapping[int, Check]) -> Assignment:
        tag, body = self._write(list(checks.values()), self._references)
        return Assignment(tag, body, len(checks), self._references)

    async def _changed(self, generation: int, seconds: float) -> None:
        """Until the roster changes, the program stops, or so many seconds are over."""
        await race(self._roster.changed(generation), self._closing.wait(), self._clock.sleep(seconds))

    def _of(self, location: Location) -> _Known:
        known = self._by_key.get(location.key_hash)
        if known is None:
            raise Unauthenticated(f"location {location.name!r} was removed, or has another key")
        return known

    def _require_roster(self) -> None:
        """Before the checks were read nobody can tell which are a location's."""
        if not self._roster.generation:
            raise Unavailable("the checks are not read yet: try again in a moment")

    def _named(self, principal: Principal, name: str) -> _Known:
        known = self._known.get((principal.tenant, name))
        if known is None:
            raise NotFound(f"there is no location named {name[:80]!r}", name=name)
        return known

    def _status(self, known: _Known) -> LocationStatus:
        return LocationStatus(
            known.location, len(self._checks_of(known)), known.heard, self._tally.last(known.location)
        )

    async def _load(self) -> None:
        await self._locations.load()
        await self._tally.load()

    def _changed_to(self, tenant: Tenant, before: Location | None, now: Location | None) -> None:
        if before is not None:
            self._by_key.pop(before.key_hash, None)
            if now is None:
                del self._known[tenant, before.name]
        if now is None:
            return
        known = self._known.setdefault((tenant, now.name), _Known(now))
        known.location = now
        self._by_key[now.key_hash] = known


def _name(location: Location) -> str:
    return location.name


def _key(tenant: Tenant, name: str) -> str:
    """What the catalog calls it: no tenant has a colon."""
    return f"{tenant}:{name}"


def _encode(_: Tenant, location: Location) -> bytes:
    return json.dumps(asdict(location)).encode()


def _decode(body: bytes) -> tuple[Tenant, Location]:
    found = Location(**json.loads(body))
    return found.tenant, found


def _hashed(key: str) -> str:
    """Keys are 256 random bits: nothing slower is needed to keep them from being guessed."""
    return hashlib.sha256(key.encode()).hexdigest()
