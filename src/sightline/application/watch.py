"""Watch queries: count them, know those that run, and remember those of late that took long."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from types import TracebackType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import SightlineError
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import Grid
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

QUERIES: Final = Instrument(
    "sightline_queries_total",
    "PromQL queries answered, by kind and by error code (ok: none).",
    Kind.COUNTER,
    ("kind", "code"),
)
SECONDS: Final = Instrument(
    "sightline_query_seconds",
    "How long PromQL queries took, waiting included.",
    Kind.HISTOGRAM,
    ("kind",),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
SLOW: Final = Instrument(
    "sightline_slow_queries_total",
    "PromQL queries that took longer than query.log_slower_than.",
    Kind.COUNTER,
    ("kind",),
)
DEFAULT_SLOWER_THAN: Final = 5.0
"""Seconds, as VictoriaMetrics has it."""
REMEMBERED: Final = 200
"""Slow queries that are kept, all tenants together."""
SHOWN_TEXT: Final = 4_096
"""Characters of an expression that are kept of it."""
CANCELED: Final = "canceled"
"""The outcome of a query whose caller left."""

Phase = Literal["waiting", "fetching", "evaluating"]
"""What a query spends its time on."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. kind: instant or range. client: what the caller calls itself, empty when it does not say."""

    tenant: Tenant
    kind: str
    text: str
    grid: Grid
    client: str = ""


@dataclass(slots=True, eq=False)
class QueryRun:
    """A query on its way. It changes until `code` says how it ended: ok, the code of an error, or canceled.

    started: wall time, ms; began: monotonic time, s. waiting, fetching, evaluating: seconds, without the phase that is under way.
    took: seconds in all, 0 while it runs. series, samples: read so far. touched: samples looked at by instant, int64 (points,),
    where somebody wants to know and it can be told.
    """

    number: int
    question: Question
    started: int
    began: float
    waiting: float = 0.0
    fetching: float = 0.0
    evaluating: float = 0.0
    series: int = 0
    samples: int = 0
    took: float = 0.0
    code: str = ""
    touched: NDArray[np.int64] | None = None

    def seconds(self) -> dict[Phase, float]:
        """The seconds by phase."""
        return {"waiting": self.waiting, "fetching": self.fetching, "evaluating": self.evaluating}


class Timed:
    """Counts the time of a block for a phase; entered once."""

    __slots__ = ("_began", "_clock", "_phase", "_run")

    def __init__(self, clock: Clock, run: QueryRun, phase: Phase) -> None:
        self._clock, self._run, self._phase = clock, run, phase

    def __enter__(self) -> None:
        self._began = self._clock.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        spent = getattr(self._run, self._phase) + self._clock.monotonic() - self._began
        setattr(self._run, self._phase, spent)


class Watching:
    """A query that is under way as long as the block; entered once."""

    __slots__ = ("_ended", "_run", "_running")

    def __init__(self, run: QueryRun, running: dict[int, QueryRun], ended: Callable[[QueryRun, str], None]) -> None:
        self._run = run
        self._running = running
        self._ended = ended

    def __enter__(self) -> QueryRun:
        self._running[self._run.number] = self._run
        return self._run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self._running[self._run.number]
        code = error.code if isinstance(error, SightlineError) else CANCELED
        self._ended(self._run, "ok" if error is None else code)


class Watch:
    """The use case. `tell` is called with each slow query when it has ended. Belongs to one event loop."""

    def __init__(
        self,
        clock: Clock,
        telemetry: Telemetry,
        slower_than: float = DEFAULT_SLOWER_THAN,
        tell: Callable[[QueryRun], None] = lambda _: None,
    ) -> None:
        """slower_than: seconds from which a query is slow; 0 calls none slow."""
        self._clock = clock
        self._telemetry = telemetry
        self._slower_than = slower_than
        self._tell = tell
        self._numbers = count(1)
        self._running: dict[int, QueryRun] = {}
        self._slow: deque[QueryRun] = deque(maxlen=REMEMBERED)

    def over(self, question: Question) -> Watching:
        """Watch a query from beginning to end; how it ends follows from what leaves the block."""
        if len(question.text) > SHOWN_TEXT:
            question = replace(question, text=question.text[:SHOWN_TEXT])
        run = QueryRun(next(self._numbers), question, self._clock.now(), self._clock.monotonic())
        return Watching(run, self._running, self._ended)

    def timed(self, run: QueryRun, phase: Phase) -> Timed:
        """A context that counts its time for a phase."""
        return Timed(self._clock, run, phase)

    def running(self, principal: Principal) -> list[QueryRun]:
        """The queries of the principal's tenant that run now, the oldest first."""
        return [one for one in self._running.values() if one.question.tenant == principal.tenant]

    def slow(self, principal: Principal) -> list[QueryRun]:
        """The slow queries of the principal's tenant, the latest first."""
        return [one for one in reversed(self._slow) if one.question.tenant == principal.tenant]

    def since(self, run: QueryRun) -> float:
        """Seconds that a query took, or has taken so far."""
        return run.took if run.code else self._clock.monotonic() - run.began

    def _ended(self, run: QueryRun, code: str) -> None:
        kind = run.question.kind
        run.code, run.took = code, self._clock.monotonic() - run.began
        self._telemetry.add(QUERIES, labels=(kind, run.code))
        self._telemetry.observe(SECONDS, run.took, (kind,))
        if self._slower_than and run.took >= self._slower_than:
            self._slow.append(run)
            self._telemetry.add(SLOW, labels=(kind,))
            self._tell(run)
