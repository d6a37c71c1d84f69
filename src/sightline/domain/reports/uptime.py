"""What a report says of checks: how much of a time they were well, what was slow, what went wrong, and what ends soon."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sightline.domain.probes.check import Definition
from sightline.domain.probes.incident import Incident
from sightline.domain.probes.options import Domain, Http, Tls
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.uptime import Uptime, together
from sightline.domain.timerange import DAY

SOON: Final = 30
"""Days before the end of a certificate or a registration from which a report tells of it, unless its check does from more on."""


@dataclass(frozen=True, slots=True)
class CheckUptime:
    """How the time of one check was spent."""

    name: str
    uptime: Uptime


@dataclass(frozen=True, slots=True)
class CheckLatency:
    """How long the probes of a check took, seconds. most: what 95 of 100 did not exceed, of the slowest location; None unknown."""

    name: str
    mean: float
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What of a check ends soon, or ended. what: `certificate` or `registration`. at: ms."""

    name: str
    what: str
    at: int


@dataclass(frozen=True, slots=True)
class UptimeSummary:
    """The part of a report that is about checks.

    checks: how many there are. whole: the time of all of them together. lowest: those that failed, the worst first. slowest: the
    slowest first, and slow_problem why that is not known. incidents: those of the time, what lasts and what lasted longest first;
    what follows from another of them only counts (following). endings: the first to end first. is_partial: whether there were
    more incidents than are looked at.
    """

    checks: int
    whole: Uptime
    lowest: Sequence[CheckUptime] = ()
    slowest: Sequence[CheckLatency] = ()
    slow_problem: str = ""
    incidents: Sequence[Incident] = ()
    following: int = 0
    endings: Sequence[Ending] = ()
    is_partial: bool = False

    @property
    def lasting(self) -> int:
        """How many of the incidents last still."""
        return sum(one.ended_at is None for one in self.incidents)


def summed(uptimes: Mapping[str, Uptime]) -> tuple[Uptime, list[CheckUptime]]:
    """The time of checks, by name, all together; and those of them that failed, the worst first."""
    failed = [CheckUptime(name, its) for name, its in uptimes.items() if its.outages]
    return together(uptimes.values()), sorted(failed, key=lambda one: (one.uptime.corrected() or 0.0, one.name))


def leading(incidents: Iterable[Incident], now: int) -> list[Incident]:
    """Those that follow from none of the others: what lasts first, then what lasted longest."""
    known = {one.id: one for one in incidents}
    first = [one for one in known.values() if one.part_of not in known]
    return sorted(first, key=lambda one: (one.ended_at is not None, one.started_at - (one.ended_at or now), one.id))


def endings(standings: Iterable[Standing], now: int) -> list[Ending]:
    """What ends soon, by what was shown last; of several locations what ends first. The first to end comes first."""
    found = []
    for one in standings:
        definition = one.check.definition
        ends = [voice.last.expires_at for voice in one.voices.values() if voice.last.expires_at is not None]
        if ends and min(ends) - now < _from(definition) * DAY:
            what = "registration" if isinstance(definition.options, Domain) else "certificate"
            found.append(Ending(one.check.name, what, min(ends)))
    return sorted(found, key=lambda one: (one.at, one.name))


def _from(definition: Definition) -> int:
    """Days before its end from which it is told."""
    match definition.options:
        case Http() | Tls():
            return max(SOON, definition.options.certificate_days)
        case Domain():
            return max(SOON, definition.options.days)
        case _:
            return SOON
