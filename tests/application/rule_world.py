"""Rule groups over the write and read path in memory, for tests of what becomes of them."""

import math
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, cast

from tests.application.heard import Heard
from tests.application.intake import House
from typing_extensions import override

from sightline.application.derive import Derive, GroupState
from sightline.application.query import Query
from sightline.application.restore import Restore
from sightline.domain.alerts.group import Rule, RuleGroup
from sightline.domain.alerts.outage import Outages
from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.samples import WriteBatch, stale_mask
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL
from sightline.domain.timerange import ALL_TIME
from sightline.ports.series import SeriesReader

NOW = 1_700_000_000_000
Sample = tuple[int, float | str | None]
"""Seconds after the start, and the value: `NaN` as a text, which equals itself; None is the marker of an end."""


class AtOnce(Executor):
    """Does what it is given where it is given."""

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except SightlineError as error:
            done.set_exception(error)
        return done


class RuleWorld(House):
    """The house, with a query over it and groups that evaluate."""

    def __init__(self) -> None:
        super().__init__()
        self.threads.shutdown()
        self.threads = cast("ThreadPoolExecutor", AtOnce())  # time that a test moves waits for no thread
        self.start()
        self.query = Query(
            series=self.reader, clock=self.clock, telemetry=self.telemetry, executor=self.threads, threads=1
        )
        self.heard = Heard()
        self.restart_rules()

    def restart_rules(self, alerts: SeriesReader | None = None) -> None:
        """Forget all about rules and alerts but what is stored. alerts: where those of before are read, if not where all is."""
        restore = Restore(alerts or self.reader, Outages())
        self.derive = Derive(self.query, self.ingest, restore, self.bus, self.heard, self.clock, self.telemetry)

    async def write(self, at: int, *samples: tuple[Labels, float]) -> None:
        """Take samples of one instant in, seconds after the start."""
        await self.ingest(LOCAL, WriteBatch.at(NOW + 1000 * at, samples))

    async def begin(
        self,
        *rules: Rule,
        limit: int = 0,
        offset: int = 0,
        before: GroupState | None = None,
        starting: bool = False,
    ) -> GroupState:
        """Get a group ready. offset: seconds."""
        group = RuleGroup("a.yml", "g", rules, 60_000, 1000 * offset, limit)
        return await self.derive.begin(group, before, starting=starting)

    async def evaluate(self, state: GroupState, *ats: int) -> None:
        """Evaluate a group at instants, seconds after the start."""
        for at in ats:
            await self.derive.once(state, NOW + 1000 * at)

    async def stored(self, name: str) -> dict[str, list[Sample]]:
        """All samples of a metric by the text of their labels."""
        matchers = (Matcher("__name__", MatchOp.EQUAL, name),)
        found = await self.reader.select(DEFAULT_TENANT, matchers, ALL_TIME, 10**6)
        stale, times = stale_mask(found.values), (found.times - NOW) // 1000
        told = ["NaN" if math.isnan(value) else value for value in found.values.tolist()]
        values = [None if end else value for end, value in zip(stale, told, strict=True)]
        return {
            str(labels): [
                (int(times[row]), values[row]) for row in range(found.offsets[number], found.offsets[number + 1])
            ]
            for number, labels in enumerate(found.labels)
        }


def series(name: str, **labels: str) -> Labels:
    """A label set."""
    return Labels.of(__name__=name, **labels)


def of(name: str, values: Iterable[float], label: str = "i") -> list[tuple[Labels, float]]:
    """A series for each value, numbered by a label."""
    return [(series(name, **{label: str(number)}), value) for number, value in enumerate(values)]
