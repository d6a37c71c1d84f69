"""Where an alert stands, worked out from everything that was ever found out about it instead of step by step."""

from collections.abc import Sequence
from itertools import takewhile

from sightline.domain.alerts.notice import AlertState
from sightline.domain.alerts.state import RESOLVED_SHOWN

FAILED, TRUE, FALSE, NO_DATA = "failed", "true", "false", "no data"


def state_after(history: Sequence[tuple[int, str]], for_ms: int) -> AlertState:
    """The state after evaluations at increasing times (ms), each with what it found."""
    known = [each for each in history if each[1] != FAILED]
    if not known:
        return AlertState.INACTIVE
    if known[-1][1] == TRUE:
        return AlertState.FIRING if _length(_run(known)) >= for_ms else AlertState.PENDING
    after = list(takewhile(lambda each: each[1] != TRUE, reversed(known)))
    run = _run(known[: len(known) - len(after)])
    if not run or _length(run) < for_ms:
        return AlertState.INACTIVE
    resolved_at = after[-1][0]
    return AlertState.INACTIVE if history[-1][0] - resolved_at >= RESOLVED_SHOWN else AlertState.RESOLVED


def _run(known: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The evaluations at the end that found the condition true, latest first."""
    return list(takewhile(lambda each: each[1] == TRUE, reversed(known)))


def _length(run: list[tuple[int, str]]) -> int:
    return run[0][0] - run[-1][0]
