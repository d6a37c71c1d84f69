"""Containers that are set by hand."""

from collections.abc import Iterable

from typing_extensions import override

from sightline.domain.containers.observed import Observed
from sightline.domain.errors import Unavailable
from sightline.ports.containers import Containers


class MemoryContainers(Containers):
    """Shows the containers that were set last; can be told that its engine cannot be asked."""

    def __init__(self, observed: Iterable[Observed] = ()) -> None:
        self._problem = ""
        self.set(observed)

    @override
    def present(self) -> tuple[Observed, ...]:
        if self._problem:
            raise Unavailable(self._problem)
        return self._observed

    def set(self, observed: Iterable[Observed]) -> None:
        """What is there from now on."""
        self._observed = tuple(sorted(observed, key=lambda one: (one.container.name, one.container.id)))

    def unavailable(self, problem: str) -> None:
        """Why the engine cannot be asked from now on; empty when it can."""
        self._problem = problem
