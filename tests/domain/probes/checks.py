"""Checks and results for tests."""

from typing import Any

from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.options import Http
from sightline.domain.probes.outcome import Reason
from sightline.domain.probes.result import HERE, Result, Verdict

NOW = 1_700_000_000_000


def definition(name: str = "api", **given: Any) -> Definition:
    """A check over HTTP."""
    return Definition(**{"name": name, "url": f"https://{name}.example.com/", "options": Http(), **given})


def check(number: int = 1, name: str = "api", **given: Any) -> Check:
    """The same as it is stored."""
    return Check(number, definition(name, **given), NOW, NOW)


def result(verdict: Verdict = Verdict.UP, at: int = NOW, check: int = 1, location: str = HERE, **given: Any) -> Result:
    """What a probe found."""
    reason = {Verdict.UP: Reason.OK, Verdict.DEGRADED: Reason.CERTIFICATE_EXPIRES, Verdict.DOWN: Reason.REFUSED}[
        verdict
    ]
    given = {"reason": reason, "message": "" if verdict is Verdict.UP else "nobody listens there", **given}
    return Result(check=check, location=location, at=at, seconds=0.1, verdict=verdict, **given)
