"""Who can say which containers there are."""

from typing import Protocol

from sightline.domain.containers.observed import Observed


class Containers(Protocol):
    """The containers of one engine, as they were seen last."""

    def present(self) -> tuple[Observed, ...]:
        """All containers, stopped ones included, in ascending order of name and id, with their last load. Never waits.

        No engine at all means no containers: an empty answer.

        Raises:
            Unavailable: there is an engine, but it does not answer, or may not be asked; the message says what to do.
        """
        ...
