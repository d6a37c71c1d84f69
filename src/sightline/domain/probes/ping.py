"""Pings: what jobs and other programs tell of themselves, one by one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sightline.domain.timerange import SECOND

MAX_BODY: Final = 100_000
"""Bytes of a ping's body that are kept, unless settings say otherwise; what is longer is cut."""
KEPT: Final = 100
"""Pings of one check that are kept, unless settings say otherwise."""
MAX_AGENT: Final = 200
_MAX_SAID: Final = 200


class PingKind(StrEnum):
    """What a ping says, in Healthchecks' words."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"
    IGNORED = "ign"
    """It came while the check was paused until people resume it: kept, and of no account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """One ping. at: wall time, ms. number: of its check, from 1 on; 0 while it is not taken.

    run: what its sender calls the run that it is about, or empty. exit_status: of the job, 0 to 255. seconds: how long the job
    took, as told; where it is not, it is measured from the start of the run. said: what senders say in a parameter, for people.
    """

    kind: PingKind
    at: int = 0
    number: int = 0
    run: str = ""
    exit_status: int | None = None
    seconds: float | None = None
    said: str = ""
    body: bytes = b""
    scheme: str = "http"
    remote: str = ""
    method: str = ""
    agent: str = ""


def ended(exit_status: int) -> PingKind:
    """What the exit status of a job means."""
    return PingKind.SUCCESS if exit_status == 0 else PingKind.FAIL


def complaint(ping: Ping) -> str:
    """Why a failure was reported, for people: what was said of it, or else the first line of the body that says anything."""
    status = "" if ping.exit_status is None else f"exit status {ping.exit_status}"
    said = ping.said or _first_line(ping.body)
    return ": ".join(one for one in (status or "a failure was reported", said) if one)


def _first_line(body: bytes) -> str:
    for line in body[:4096].decode(errors="replace").splitlines():
        said = "".join(letter for letter in line if letter.isprintable()).strip()
        if said:
            return said[:_MAX_SAID]
    return ""


def measured(ping: Ping, started_at: int | None) -> float | None:
    """Seconds that a run took: as told, or since its start; None where nobody knows."""
    if ping.seconds is not None or started_at is None:
        return ping.seconds
    return max(0, ping.at - started_at) / SECOND
