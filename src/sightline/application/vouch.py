"""Vouch for what fails: it counts once it is known that this place was not cut off from everything itself."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sightline.domain.probes.outcome import NOBODY_CAN_TELL, Reason
from sightline.domain.probes.reference import Contact, Reference
from sightline.domain.probes.result import HERE, Result
from sightline.domain.tenancy import Tenant
from sightline.ports.clock import Clock
from sightline.ports.scout import Scout
from sightline.ports.telemetry import Instrument, Kind, Telemetry

CUT_OFF: Final = Instrument(
    "sightline_location_cut_off",
    "Whether a location reaches none of `checks.references`, so that what fails there does not count.",
    Kind.GAUGE,
    ("location",),
)
EVERY: Final = 5.0
"""Seconds between two rounds of references, where nothing asks for one sooner."""
LEAST: Final = 1.0
"""Seconds between two rounds in any case: references are other people's, and thousands of checks may begin to fail at once."""

_Row = tuple[Tenant, Result]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A result that began at `began`, monotonic seconds."""

    began: float
    row: _Row

    @property
    def key(self) -> tuple[Tenant, int]:
        """Of which check it is."""
        tenant, result = self.row
        return tenant, result.check


class Vouch:
    """The use case. Without references all results pass as they come.

    With them a result that fails waits for a round of them that begins after it ended: a second at most, and what a round takes.
    It passes as it is where all rounds since its probe began reached one; otherwise it says that nobody can tell (CUT_OFF). What
    follows it of the same check waits behind it, and of others nothing does. A check that failed before, too, has no round of its
    own and waits for the next regular one: references are not asked once a second as long as anything is down.
    """

    def __init__(
        self,
        scout: Scout,
        tell: Callable[[_Row], None],
        clock: Clock,
        telemetry: Telemetry,
        *,
        location: str = HERE,
        references: Sequence[Reference] = (),
    ) -> None:
        """`tell` takes results, without waiting."""
        self._scout = scout
        self._tell = tell
        self._clock = clock
        self._telemetry = telemetry
        self._location = location
        self._references: tuple[Reference, ...] = ()
        self._contact = Contact()
        self._waiting: list[_Waiting | None] = []
        self._held: set[tuple[Tenant, int]] = set()
        self._failing: set[tuple[Tenant, int]] = set()
        self._is_urgent = False
        self._began = -LEAST
        self._asked = asyncio.Event()
        self.refer(references)

    @property
    def is_cut_off(self) -> bool:
        """Whether the last round reached nothing."""
        return bool(self._contact.is_cut_off)

    @property
    def references(self) -> tuple[Reference, ...]:
        """What is tried."""
        return self._references

    def refer(self, references: Sequence[Reference]) -> None:
        """These are the references from now on."""
        if tuple(references) == self._references:
            return
        self._references, self._contact = tuple(references), Contact()
        self._failing.clear()
        if not self._references:
            self._release(len(self._waiting))
            self._telemetry.set(CUT_OFF, 0, (self._location,))
        self._asked.set()

    def take(self, row: _Row) -> None:
        """Take a result, at its end; it is told now or soon."""
        tenant, result = row
        if not self._references:
            self._tell(row)
            return
        key = tenant, result.check
        one, is_plain = _Waiting(self._clock.monotonic() - result.seconds, row), _is_plain(result)
        if key not in self._held and (is_plain or self.is_cut_off):
            self._pass(one)
            return
        self._held.add(key)
        self._waiting.append(one)
        if is_plain or key not in self._failing:
            self._is_urgent = True
            self._asked.set()

    def forget(self, tenant: Tenant, check: int) -> None:
        """A check is gone, or says something else of itself: what waits of it is told to nobody."""
        key = tenant, check
        self._failing.discard(key)
        if key in self._held:
            self._held.discard(key)
            # Their places stay: a round that is under way counts those that waited when it began.
            self._waiting = [None if one is None or one.key == key else one for one in self._waiting]

    async def due(self) -> None:
        """Return when it is time for a round."""
        while not self._references:
            self._asked.clear()
            await self._asked.wait()
        self._asked.clear()
        if not self._is_urgent and self._contact.is_cut_off is not None:
            timer = self._clock.call_later(EVERY, self._asked.set)
            try:
                await self._asked.wait()
            finally:
                timer.cancel()
        await self._clock.sleep(self._began + LEAST - self._clock.monotonic())

    async def once(self) -> bool | None:
        """One round. Tells whether this place is cut off, where that is news."""
        references, waiting, self._is_urgent = self._references, len(self._waiting), False
        self._began = self._clock.monotonic()
        if not references:
            return None
        try:
            is_reached = await self._scout.reaches_any(references)
        except Exception:
            self._tried(references, waiting, reached=False)  # nobody can tell, and nothing may wait for ever
            raise
        return self._tried(references, waiting, reached=is_reached)

    def _tried(self, references: tuple[Reference, ...], waiting: int, *, reached: bool) -> bool | None:
        if references is not self._references:
            return None
        was_cut_off = self.is_cut_off
        self._contact.tried(self._clock.monotonic(), reached=reached)
        self._telemetry.set(CUT_OFF, self.is_cut_off, (self._location,))
        self._release(waiting)
        return self.is_cut_off if self.is_cut_off is not was_cut_off else None

    def _release(self, count: int) -> None:
        """Tell so many of those that wait, the first ones first."""
        ready, self._waiting = self._waiting[:count], self._waiting[count:]
        self._held = {one.key for one in self._waiting if one is not None}
        for one in ready:
            if one is not None:
                self._pass(one)

    def _pass(self, one: _Waiting) -> None:
        key, (tenant, result) = one.key, one.row
        is_plain = _is_plain(result)
        is_doubtful = not is_plain and self._contact.was_cut_off_since(one.began)
        if is_plain or is_doubtful:
            self._failing.discard(key)
        else:
            self._failing.add(key)
        self._tell((tenant, self._doubted(result)) if is_doubtful else one.row)

    def _doubted(self, result: Result) -> Result:
        """The words are those of all places: where several are cut off, a check says so once."""
        tried = ", ".join(map(str, self._references))
        message = f"whoever looked was cut off: no reference takes a connection ({tried})"
        return replace(result, reason=Reason.CUT_OFF, message=message)


def _is_plain(result: Result) -> bool:
    """Whether it counts, or counts not, whatever references say."""
    return result.ok or result.reason in NOBODY_CAN_TELL or result.reason is Reason.STALLED
