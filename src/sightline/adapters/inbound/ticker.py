"""Time as a caller: what runs again and again."""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

import structlog

from sightline.domain.errors import SightlineError
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

RUNS: Final = Instrument(
    "sightline_task_runs_total",
    "Runs of periodic tasks by outcome: ok, or the code of the error.",
    Kind.COUNTER,
    ("task", "outcome"),
)
SKIPPED: Final = Instrument(
    "sightline_task_skipped_ticks_total",
    "Ticks at which a periodic task did not start because its run before still went on.",
    Kind.COUNTER,
    ("task",),
)
DURATION: Final = Instrument(
    "sightline_task_duration_seconds",
    "How long runs of periodic tasks took.",
    Kind.HISTOGRAM,
    ("task",),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)

# A run that ends on a tick is in time for it, whatever the last bits of two floats say.
_ROUNDING: Final = 1e-6

_log = structlog.get_logger("sightline.ticker")


class First(StrEnum):
    """When a job runs first."""

    NOW = "now"
    """At once."""
    SPREAD = "spread"
    """Somewhere within the first interval, where depends on the name alone: jobs do not all start in the same instant."""
    LATER = "later"
    """After one interval."""


@dataclass(slots=True)
class _Job:
    """A job, and what it last failed with, so that a lasting failure is logged once."""

    name: str
    interval: float
    run: Callable[[], Awaitable[object]]
    first: First
    failure: str = ""

    def offset(self) -> float:
        """Seconds from the start to the first run."""
        if self.first is First.NOW:
            return 0.0
        if self.first is First.LATER:
            return self.interval
        digest = hashlib.blake2b(self.name.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") / 2**64 * self.interval


class Ticker:
    """Runs named jobs at first, first + interval, first + 2 x interval, ... of the monotonic clock, however long they take.

    A job never overlaps itself: ticks that pass while it runs are skipped and counted, not made up for. Jobs are tasks of
    their own: one that is slow or fails delays no other, and a failure ends a run, not the job. Use as an async context: jobs
    run from its entry, or from when they are added inside it, until its exit, which cancels what still runs and waits for
    that to end.
    """

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._jobs: dict[str, _Job] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._running = False

    def every(self, interval: float, name: str, job: Callable[[], Awaitable[object]], first: First = First.NOW) -> None:
        """Run `job` every `interval` seconds under a name of its own. What it returns is of no interest.

        Raises:
            ValueError: the name is taken, or the interval is not above 0.
        """
        if name in self._jobs:
            raise ValueError(f"a job named {name!r} is there already")
        if not interval > 0:
            raise ValueError(f"job {name!r}: an interval is above 0 seconds, not {interval:g}")
        self._jobs[name] = _Job(name, interval, job, first)
        if self._running:
            self._start(self._jobs[name])

    async def __aenter__(self) -> Self:
        self._running = True
        for job in self._jobs.values():
            self._start(job)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running = False
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, job: _Job) -> None:
        self._tasks.append(asyncio.create_task(self._repeat(job), name=f"ticker:{job.name}"))

    async def _repeat(self, job: _Job) -> None:
        first = self._clock.monotonic() + job.offset()
        tick = 0
        while self._running:  # a job may answer its cancellation with another error: it must not run on after that
            # The due time is computed from the tick's number: sums of intervals would drift.
            await self._clock.sleep(first + tick * job.interval - self._clock.monotonic())
            started = self._clock.monotonic()
            await self._run(job)
            self._telemetry.observe(DURATION, self._clock.monotonic() - started, (job.name,))
            passed = math.ceil((self._clock.monotonic() - first) / job.interval - _ROUNDING)
            following = max(tick + 1, passed)
            if following > tick + 1:
                self._telemetry.add(SKIPPED, following - tick - 1, (job.name,))
            tick = following

    async def _run(self, job: _Job) -> None:
        """One run: whatever goes wrong in it is logged and counted, and ends here."""
        try:
            await job.run()
        except SightlineError as error:
            self._failed(job, error.code, error.message)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._failed(job, SightlineError.code, repr(error), trace=True)  # something inside the job was cancelled
        except Exception as error:  # noqa: BLE001 - the outermost loop: a defect in one run must not end the job
            self._failed(job, SightlineError.code, repr(error), trace=True)
        else:
            self._telemetry.add(RUNS, labels=(job.name, "ok"))
            if job.failure:
                _log.info("job_recovered", job=job.name)
            job.failure = ""

    def _failed(self, job: _Job, code: str, problem: str, *, trace: bool = False) -> None:
        """Count every failure; log it when it is not the one of the run before."""
        self._telemetry.add(RUNS, labels=(job.name, code))
        if problem != job.failure:
            _log.warning("job_failed", job=job.name, code=code, problem=problem, exc_info=trace)
        job.failure = problem
