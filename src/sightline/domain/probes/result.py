"""What a probe of a check at one location found, once it was judged."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sightline.domain.probes.outcome import Certificate, Phases, Reason

HERE: Final = "local"
"""The location of the program itself, unless settings name it."""


class Verdict(StrEnum):
    """How a check is by one probe."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason. message: for people; empty when all is well."""

    verdict: Verdict
    reason: Reason = Reason.OK
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One probe, its retries included.

    check: its id. at: wall time of the last attempt's start, ms. seconds: how long that took. attempts: how many there were.
    expires_at: when what was shown (a certificate, a registration) ends, ms. trace_id: 32 hexadecimal digits, or empty.
    value: of a PromQL condition. numbers: what only this kind sees, by name; they become series, and are not kept beside these.
    """

    check: int
    location: str
    at: int
    seconds: float
    verdict: Verdict
    reason: Reason = Reason.OK
    message: str = ""
    status: int | None = None
    phases: Phases = ()
    size: int = 0
    attempts: int = 1
    redirects: int = 0
    version: str = ""
    address: str = ""
    certificate: Certificate | None = None
    expires_at: int | None = None
    trace_id: str = ""
    value: float | None = None
    numbers: tuple[tuple[str, float], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the check is up, be it degraded."""
        return self.verdict is not Verdict.DOWN


@dataclass(frozen=True, slots=True)
class Brief:
    """What a row of a list shows of one probe, by the names that a result has."""

    location: str
    at: int
    seconds: float
    verdict: Verdict
    reason: Reason = Reason.OK

    @classmethod
    def of(cls, result: Result) -> "Brief":
        """A result in short."""
        return cls(result.location, result.at, result.seconds, result.verdict, result.reason)
