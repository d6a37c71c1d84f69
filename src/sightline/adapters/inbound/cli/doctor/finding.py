"""What a check of the installation found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is: `warn` works but not well, `fail` does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what it is, how it is, and what to do about it where it is not well."""

    part: str
    verdict: Verdict
    text: str
    remedy: str = ""


def ok(part: str, text: str) -> Finding:
    """All is well."""
    return Finding(part, Verdict.OK, text)


def warn(part: str, text: str, remedy: str) -> Finding:
    """It works, but not well."""
    return Finding(part, Verdict.WARN, text, remedy)


def fail(part: str, text: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(part, Verdict.FAIL, text, remedy)
