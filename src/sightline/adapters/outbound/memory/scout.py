"""A scout whose findings are set by hand."""

from collections.abc import Sequence

from typing_extensions import override

from sightline.domain.probes.reference import Reference
from sightline.ports.clock import Clock
from sightline.ports.scout import Scout


class MemoryScout(Scout):
    """Reaches everything unless `is_cut_off`. seconds: how long a round takes. rounds: when each began, monotonic seconds.

    fails: raised in place of an answer, as a defect would be; None for nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.is_cut_off = False
        self.fails: Exception | None = None
        self.seconds = 0.0
        self.rounds: list[float] = []

    @override
    async def reaches_any(self, references: Sequence[Reference]) -> bool:
        self.rounds.append(self._clock.monotonic())
        if self.seconds:
            await self._clock.sleep(self.seconds)
        if self.fails is not None:
            raise self.fails
        return bool(references) and not self.is_cut_off
