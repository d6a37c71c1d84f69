"""A container as its engine describes it: who it is and how it is doing, without what it uses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """The states of a container, in the Docker Engine's words."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class Health(StrEnum):
    """What a container's own health check says; NONE when it has no check."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


_LISTED: Final = frozenset({State.RUNNING, State.PAUSED, State.RESTARTING})
_READABLE: Final = frozenset({State.RUNNING, State.PAUSED})


@dataclass(frozen=True, slots=True)
class Processors:
    """What a container was granted of the machine's CPUs.

    limit: how many CPUs it may use at once, a fraction or more; None when it may use all. shares: its weight against others,
    0 when it was given none. quota, period: microseconds of CPU time per period, 0 when there is no quota.
    """

    limit: float | None = None
    shares: int = 0
    quota: int = 0
    period: int = 0


@dataclass(frozen=True, slots=True)
class Container:
    """One container.

    id: its full id. name: without the slash that the Engine puts before it. started_at, finished_at: ms since 1970 of the last
    start and the last end, None when there was none. exit_code: of the last end. restarts: by its restart policy.
    memory_limit: bytes, 0 when it was given none.
    """

    id: str
    name: str
    image: str
    state: State
    health: Health = Health.NONE
    started_at: int | None = None
    finished_at: int | None = None
    exit_code: int = 0
    restarts: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    processors: Processors = field(default_factory=Processors)
    memory_limit: int = 0

    @property
    def listed(self) -> bool:
        """Whether `docker ps` shows it: running, paused or between two runs."""
        return self.state in _LISTED

    @property
    def readable(self) -> bool:
        """Whether there are processes whose use of resources can be read."""
        return self.state in _READABLE
