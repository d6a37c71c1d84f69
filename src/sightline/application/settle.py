"""Settle what moved: transitions and incidents reach the store, in their order; what it does not take now goes the next time."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from sightline.application.chronicle import Chronicle, Move
from sightline.domain.errors import SightlineError
from sightline.domain.probes.course import ENDS, OPENS
from sightline.domain.probes.incident import Entry
from sightline.domain.timerange import SECOND
from sightline.ports.clock import Clock
from sightline.ports.probe_history import Standings

ALIVE_EVERY: Final = 5 * SECOND
"""How often the store learns that the monitor is there."""
_AT_ONCE: Final = 500
"""Incidents of one transaction, and transitions that are looked at before others have the loop: 10 ms."""


class Settle:
    """The use case. problem: why the store did not take what moved, the last time; empty when it did."""

    def __init__(self, standings: Standings, chronicle: Chronicle, clock: Clock) -> None:
        self._standings = standings
        self._chronicle = chronicle
        self._clock = clock
        self._unrecorded: list[Move] = []
        self._untold: list[Move] = []
        self._gone: list[tuple[int, int]] = []
        self._said: list[tuple[int, Entry]] = []
        self._alive_at = 0
        self._turn = asyncio.Lock()
        self.problem = ""

    @property
    def owed(self) -> int:
        """How many transitions the store does not know yet."""
        return len(self._unrecorded) + len(self._untold) + len(self._gone)

    def add(self, moves: Sequence[Move]) -> None:
        """Take in what moved; the next `run_once` stores it."""
        self._unrecorded += moves

    def repair(self, move: Move) -> None:
        """Take in how a check stood at the start: where its incident does not say so, the last run ended in between."""
        is_told = (move.enrolled.check.id in self._chronicle.lasting) is (move.transition.state in OPENS)
        if not is_told and move.transition.state in OPENS | ENDS:
            self._untold.append(move)

    def gone(self, check: int, at: int) -> None:
        """A check was deleted at `at` (ms): its incident, if it has one, ends."""
        self._gone.append((check, at))

    def say(self, checks: Sequence[int], entry: Entry) -> None:
        """Add a line to the incidents that last of some checks."""
        self._said += ((check, entry) for check in checks)

    async def run_once(self) -> None:
        """Store what is owed, and now and then that the monitor is there.

        Raises:
            Unavailable, StorageFull: the rest goes with the next time.
        """
        # Whoever asks may go away in the middle: what the store takes nevertheless must not be brought again.
        await asyncio.shield(asyncio.ensure_future(self._run()))

    async def _run(self) -> None:
        async with self._turn:
            # What is said of incidents meanwhile may follow from what moves meanwhile, which is for the next time.
            gone, said = len(self._gone), len(self._said)
            try:
                await self._record()
                await self._tell(gone, said)
            except SightlineError as error:
                self.problem = error.message
                raise
            self.problem = ""

    async def _record(self) -> None:
        now = self._clock.now()
        if not self._unrecorded and abs(now - self._alive_at) < ALIVE_EVERY:
            return
        moves = list(self._unrecorded)
        await self._standings.record([(one.enrolled.tenant, one.transition) for one in moves], now)
        self._alive_at = now
        del self._unrecorded[: len(moves)]
        self._untold += moves

    async def _tell(self, gone: int, said: int) -> None:
        """Store what transitions mean for incidents, then of so many checks that they are gone, then so many lines."""
        while self._untold:
            moves = self._untold[:_AT_ONCE]
            self._untold[: len(moves)] = await self._chronicle.apply(moves)
        for some in _batches(gone):
            await self._chronicle.end(self._gone[:some], "the check was deleted")
            del self._gone[:some]
        for some in _batches(said):
            await self._chronicle.say(self._said[:some])
            del self._said[:some]


def _batches(count: int) -> Iterator[int]:
    """How many of so many go together, transaction by transaction."""
    return (min(_AT_ONCE, count - first) for first in range(0, count, _AT_ONCE))
