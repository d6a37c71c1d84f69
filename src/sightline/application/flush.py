"""Move what is acknowledged from the log and the tail into the store, each range exactly once.

    seal the range in the log -> make the log durable -> write series, then samples -> note it in the log ->
    drop it from the tail -> release log segments

A crash between any two steps is repaired by doing the rest, or the whole of an unfinished write, again with the same rows.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sightline.domain.breaker import Breaker, BreakerState
from sightline.domain.errors import SightlineError, Unavailable
from sightline.domain.metrics.journal import Flushed, Sealed, seal
from sightline.domain.metrics.tail import Tail
from sightline.ports.clock import Clock
from sightline.ports.journal import Journal
from sightline.ports.series import SeriesStore
from sightline.ports.telemetry import Instrument, Kind, Telemetry

_ROWS: Final = Instrument("sightline_flush_samples_total", "Samples written to the store.", Kind.COUNTER)
_FAILURES: Final = Instrument(
    "sightline_flush_failures_total", "Writes to the store that failed, by code.", Kind.COUNTER, ("code",)
)
_WAITING: Final = Instrument(
    "sightline_flush_waiting_samples", "Acknowledged samples not yet in the store.", Kind.GAUGE
)
_OPEN: Final = Instrument(
    "sightline_flush_breaker_open", "1 while the store is given a rest after failures in a row.", Kind.GAUGE
)
_SECONDS: Final = Instrument(
    "sightline_flush_seconds",
    "How long a range took from seal to release.",
    Kind.HISTOGRAM,
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)


@dataclass(frozen=True, slots=True)
class FlushPolicy:
    """When a range is due: at `rows` samples, `size` bytes, or `age` seconds after its first sample."""

    rows: int = 2_000_000
    size: int = 64 << 20
    age: float = 300.0


class Flush:
    """The use case. `after_step` is called with the name of each step once it is done; crash tests die there."""

    def __init__(
        self,
        journal: Journal,
        tail: Tail,
        store: SeriesStore,
        clock: Clock,
        telemetry: Telemetry,
        policy: FlushPolicy,
        threads: Executor,
        pending: Sequence[Sealed] = (),
        after_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`pending` are the sealed ranges that an earlier run left."""
        self._journal = journal
        self._tail = tail
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._policy = policy
        self._threads = threads
        self._pending = list(pending)
        self._after_step = after_step
        self._breaker = Breaker()
        self._waiting_since: float | None = None
        self._turn = asyncio.Lock()
        self._problem = ""

    @property
    def problem(self) -> str:
        """What the store said when it last failed; empty when it is well."""
        return self._problem

    @property
    def breaker(self) -> BreakerState:
        """Whether the store is asked at the moment."""
        return self._breaker.state

    async def run_once(self) -> None:
        """Write every range that is due; call it every second or so. Failures of the store are counted and tried again later.

        Raises:
            SightlineError: the log itself failed.
        """
        async with self._turn:
            while self._pending or self._due():
                if not self._breaker.allows(self._clock.monotonic()):
                    break
                if not await self._flush_one():
                    break
            self._telemetry.set(_WAITING, self._tail.rows)
            self._telemetry.set(_OPEN, float(self._breaker.state is BreakerState.OPEN))

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """A context in which everything that was acknowledged before it is in the store, and nothing is written to the store.

        Raises:
            Unavailable: the store does not take what is waiting; or the log failed.
        """
        async with self._turn:
            _, end = self._tail.bounds
            while self._pending or self._tail.bounds[0] < end:
                if not await self._flush_one():
                    raise Unavailable(f"the store does not take samples at the moment: {self._problem}")
            yield

    async def drain(self) -> None:
        """Write everything there is, due or not, with one try a range; what cannot be written stays in the log."""
        async with self._turn:
            while (self._pending or self._tail.rows) and await self._flush_one():
                pass

    def _due(self) -> bool:
        """Whether what the tail holds is to go; asked when no sealed range is left, so that all of it is unsealed."""
        if not self._tail.rows:
            self._waiting_since = None
            return False
        now = self._clock.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        return (
            now - self._waiting_since >= self._policy.age
            or self._tail.rows >= self._policy.rows
            or self._tail.weight >= self._policy.size
        )

    async def _flush_one(self) -> bool:
        """Bring one range to its end; false when the store did not take it."""
        started = self._clock.monotonic()
        if not self._pending:
            await self._seal()
        sealed = self._pending[0]
        entries = self._tail.entries(sealed.first_seq, sealed.end_seq)
        batch = await asyncio.get_running_loop().run_in_executor(self._threads, seal, sealed.range_id, entries)
        try:
            await self._store.write(batch)
        except SightlineError as error:
            self._breaker.failed(self._clock.monotonic())
            self._problem = error.message
            self._telemetry.add(_FAILURES, labels=(error.code,))
            return False
        self._breaker.succeeded()
        self._problem = ""
        self._after_step("written")
        await self._finish(sealed)
        self._telemetry.add(_ROWS, len(batch))
        self._telemetry.observe(_SECONDS, self._clock.monotonic() - started)
        return True

    async def _seal(self) -> None:
        """Fix the bounds of the next range: whole entries, from the oldest on, within the policy's size."""
        first, end = self._tail.oldest(self._policy.rows, self._policy.size)
        sealed = Sealed(first, first, end)
        await self._journal.append([sealed])
        await self._journal.sync()
        self._after_step("sealed")
        self._pending.append(sealed)
        self._waiting_since = None

    async def _finish(self, sealed: Sealed) -> None:
        """The store has it: say so in the log before anything is forgotten."""
        await self._journal.append([Flushed(sealed.range_id)])
        await self._journal.sync()
        self._after_step("noted")
        self._tail.drop(sealed.end_seq)
        self._pending.remove(sealed)
        self._after_step("dropped")
        await self._journal.release(sealed.end_seq)
        self._after_step("released")
