"""What goes between a location and the program that it probes for. Times are ms since 1970 UTC."""

from collections.abc import Iterable
from dataclasses import dataclass

from sightline.domain.probes.check import Check
from sightline.domain.probes.reference import Reference
from sightline.domain.probes.result import Result
from sightline.domain.traces.span import Span


@dataclass(frozen=True, slots=True)
class Orders:
    """What a location is to probe. tag: other words for other orders. unread: names of checks that this version cannot read.

    references: by which it knows whether it is cut off.
    """

    tag: str
    checks: tuple[Check, ...]
    unread: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Lost:
    """So many results, of from when to when, that a location had no room for: there is nothing known of that time."""

    starts_at: int
    ends_at: int
    count: int

    def __add__(self, other: "Lost") -> "Lost":
        starts, ends = min(self.starts_at, other.starts_at), max(self.ends_at, other.ends_at)
        return Lost(starts, ends, self.count + other.count)

    def __sub__(self, told: "Lost") -> "Lost | None":
        """What is left to tell; None where that was all."""
        return Lost(min(told.ends_at, self.ends_at), self.ends_at, self.count - told.count) if self != told else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Results on their way. id: the same as often as it is sent, and of no other."""

    id: str = ""
    results: tuple[Result, ...] = ()
    spans: tuple[Span, ...] = ()
    lost: Lost | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A parcel as bytes. count: of its results; starts_at, ends_at: when the first and the last of them was found."""

    id: str
    body: bytes
    count: int
    starts_at: int
    ends_at: int


def within(parcels: Iterable[Packed], most_bytes: int) -> list[Packed]:
    """The first of them, as many as fit in so many bytes; one in any case, where there is one."""
    found: list[Packed] = []
    size = 0
    for one in parcels:
        size += len(one.body)
        if found and size > most_bytes:
            break
        found.append(one)
    return found


def sum_of(lost: Lost | None, gone: Packed) -> Lost | None:
    """What is lost where a parcel is gone too; spans alone are no loss that anybody must know of."""
    if not gone.count:
        return lost
    more = Lost(gone.starts_at, gone.ends_at, gone.count)
    return more if lost is None else lost + more


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """How a location is doing. skew: its clock less ours, ms; None before it was measured. waiting: results still to come.

    is_cut_off: whether it reaches none of its references.
    """

    skew: int | None = None
    waiting: int = 0
    version: str = ""
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a parcel. refused: results of checks that are no longer probed from there, or of impossible times."""

    taken: int
    refused: int
    now: int
