"""The line that says how a container is doing."""

import pytest

from sightline.domain.containers.container import Container, Health, State
from sightline.domain.containers.status import status_line

NOW = 2_000_000_000_000
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


def container(state: State, *, ago: int | None = 5 * MINUTE, health: Health = Health.NONE, code: int = 0) -> Container:
    """A container that started, or ended, so long ago."""
    at = None if ago is None else NOW - ago
    return Container("f" * 64, "web", "nginx", state, health, at, at, code)


@pytest.mark.parametrize(
    ("state", "health", "code", "line"),
    [
        (State.RUNNING, Health.NONE, 0, "Up 5 minutes"),
        (State.RUNNING, Health.HEALTHY, 0, "Up 5 minutes (healthy)"),
        (State.RUNNING, Health.UNHEALTHY, 0, "Up 5 minutes (unhealthy)"),
        (State.RUNNING, Health.STARTING, 0, "Up 5 minutes (health: starting)"),
        (State.PAUSED, Health.HEALTHY, 0, "Up 5 minutes (Paused)"),
        (State.RESTARTING, Health.NONE, 1, "Restarting (1) 5 minutes ago"),
        (State.EXITED, Health.NONE, 137, "Exited (137) 5 minutes ago"),
        (State.CREATED, Health.NONE, 0, "Created"),
        (State.DEAD, Health.NONE, 0, "Dead"),
        (State.REMOVING, Health.NONE, 0, "Removal in progress"),
    ],
)
def test_every_state_has_its_line(state: State, health: Health, code: int, line: str) -> None:
    """As people know them from `docker ps`."""
    assert status_line(container(state, health=health, code=code), NOW) == line


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (0, "Less than a second"),
        (SECOND, "1 second"),
        (59 * SECOND, "59 seconds"),
        (MINUTE, "About a minute"),
        (59 * MINUTE, "59 minutes"),
        (90 * MINUTE, "About an hour"),
        (47 * HOUR, "47 hours"),
        (13 * DAY, "13 days"),
        (14 * DAY, "2 weeks"),
        (61 * DAY, "2 months"),
        (800 * DAY, "2 years"),
        (-MINUTE, "Less than a second"),  # the clock of the engine is ahead
        (None, "Less than a second"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(ago: int | None, words: str) -> None:
    """From less than a second to years; never a negative span."""
    assert status_line(container(State.RUNNING, ago=ago), NOW) == f"Up {words}"
