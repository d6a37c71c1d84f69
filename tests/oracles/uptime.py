"""How a check stood, second by second."""

from collections import Counter
from collections.abc import Sequence

from sightline.domain.probes.state import CheckState, Transition

FAILING = (CheckState.DOWN, CheckState.UNREACHABLE)


def state_at(transitions: Sequence[Transition], at: int, seen_until: int | None) -> CheckState | None:
    """The state at an instant, ms; None before there was a check."""
    before = [one for one in transitions if one.at <= at]
    if not before:
        return None
    state = before[-1].state
    return CheckState.UNKNOWN if seen_until is not None and at >= seen_until and state != CheckState.PAUSED else state


def each_second(
    transitions: Sequence[Transition], start: int, end: int, seen_until: int | None
) -> list[CheckState | None]:
    """The states of the seconds from `start` to `end`, ms, the latter left out."""
    return [state_at(transitions, at, seen_until) for at in range(start, end, 1_000)]


def spent(states: Sequence[CheckState | None]) -> dict[CheckState, int]:
    """Seconds by state, without zeros."""
    return dict(Counter(state for state in states if state is not None))


def outages(states: Sequence[CheckState | None]) -> int:
    """How often failing begins in a row of seconds, at its start too."""
    before = [None, *states]
    return sum(now in FAILING and then not in FAILING for then, now in zip(before, states, strict=False))
