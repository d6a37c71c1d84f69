"""Who tries whether anything can be reached from here."""

from collections.abc import Sequence
from typing import Protocol

from sightline.domain.probes.reference import Reference


class Scout(Protocol):
    """Tries references."""

    async def reaches_any(self, references: Sequence[Reference]) -> bool:
        """Whether any of them, at least one, takes a connection within a few seconds; true as soon as the first does.

        All are tried at once. Raises nothing; what is opened is closed again, be the call cancelled.
        """
        ...
