"""The one line about a container that people know from `docker ps`."""

from typing import Final

from sightline.domain.containers.container import Container, Health, State
from sightline.domain.timerange import DAY, HOUR, MINUTE, SECOND

_HEALTH: Final = {
    Health.NONE: "",
    Health.STARTING: " (health: starting)",
    Health.HEALTHY: " (healthy)",
    Health.UNHEALTHY: " (unhealthy)",
}
# A span in its largest fitting unit, from when on that unit is used.
_SPANS: Final = (
    (2 * 365 * DAY, 365 * DAY, "{} years"),
    (2 * 30 * DAY, 30 * DAY, "{} months"),
    (14 * DAY, 7 * DAY, "{} weeks"),
    (2 * DAY, DAY, "{} days"),
    (2 * HOUR, HOUR, "{} hours"),
    (HOUR, HOUR, "About an hour"),
    (2 * MINUTE, MINUTE, "{} minutes"),
    (MINUTE, MINUTE, "About a minute"),
    (2 * SECOND, SECOND, "{} seconds"),
    (SECOND, SECOND, "1 second"),
    (0, SECOND, "Less than a second"),
)


def status_line(container: Container, now: int) -> str:
    """How a container is doing, as in `Up 5 minutes (healthy)` or `Exited (137) 2 hours ago`; `now` in ms."""
    match container.state:
        case State.RUNNING:
            return f"Up {_since(container.started_at, now)}{_HEALTH[container.health]}"
        case State.PAUSED:
            return f"Up {_since(container.started_at, now)} (Paused)"
        case State.RESTARTING:
            return f"Restarting ({container.exit_code}) {_since(container.finished_at, now)} ago"
        case State.EXITED:
            return f"Exited ({container.exit_code}) {_since(container.finished_at, now)} ago"
        case State.REMOVING:
            return "Removal in progress"
        case _:
            return container.state.value.capitalize()


def _since(instant: int | None, now: int) -> str:
    span = max(0, now - (now if instant is None else instant))
    return next(text.format(span // unit) for least, unit, text in _SPANS if span >= least)
