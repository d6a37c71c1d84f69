"""Time as a caller of rule groups: each group at its own instants, and rule files looked at again and again."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import structlog

from sightline.application.adopt import Adopt
from sightline.application.derive import Derive, GroupState, Health
from sightline.domain.errors import SettingsInvalid, SightlineError
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import SECOND
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

ITERATIONS: Final = Instrument(
    "sightline_rule_group_iterations_total",
    "Times at which a rule group was due, missed ones included.",
    Kind.COUNTER,
    ("rule_group",),
)
MISSED: Final = Instrument(
    "sightline_rule_group_iterations_missed_total",
    "Times at which a rule group was not evaluated because its evaluation before still went on.",
    Kind.COUNTER,
    ("rule_group",),
)
LOOK_EVERY: Final = 5.0
"""Seconds after which rule files are read again."""
CONCURRENCY: Final = 4
"""Groups that are evaluated at once."""

# A group that is gone waits so many intervals until its series end, for a group of another name may go on with them.
_ENDS_AFTER: Final = 2

_log = structlog.get_logger("sightline.rules")


@dataclass(slots=True, eq=False)
class _Entry:
    """A group that is evaluated again and again, by `task`; `turn` is the evaluation under way."""

    state: GroupState
    task: asyncio.Task[None] | None = None
    turn: asyncio.Task[None] | None = None


class RuleLoop:
    """Evaluates every group at its instants and adopts what changes in the files. Use as an async context.

    A group never overlaps itself: instants that pass during an evaluation are skipped and counted, not made up for. A group whose
    words changed is not waited for: its evaluation under way is cancelled, and it goes on under the new ones. On exit nothing is
    marked as ended: the program comes back.
    """

    def __init__(
        self,
        adopt: Adopt,
        derive: Derive,
        clock: Clock,
        telemetry: Telemetry,
        *,
        look_every: float = LOOK_EVERY,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self._adopt = adopt
        self._derive = derive
        self._clock = clock
        self._telemetry = telemetry
        self._look_every = look_every
        self._turns = asyncio.Semaphore(concurrency)
        self._looking = asyncio.Lock()
        self._entries: dict[str, _Entry] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._problems: Sequence[str] = ()

    async def __aenter__(self) -> Self:
        await self._look(starting=True)
        self._spawn(self._look_again(), "rules:look")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def reload(self) -> None:
        """Adopt the files as they stand now, those that can be used.

        Raises:
            SettingsInvalid: some cannot; the rules that these held before go on.
        """
        await self._look()
        if self.problem:
            raise SettingsInvalid(
                f"rule files cannot be used, and the rules that they held before go on: {self.problem}"
            )

    async def _look(self, *, starting: bool = False) -> None:
        async with self._looking:
            changes = await self._adopt.look()
            self._complain()
            for state in changes.left:
                await self._stop(state.group.key)
                self._adopt.drop(state)
                self._spawn(self._end(state, self._clock.now()), "rules:end")
            for group in changes.came:
                await self._stop(group.key)
                entry = self._entries[group.key] = _Entry(await self._adopt.take(group, starting=starting))
                for instrument in (ITERATIONS, MISSED):
                    self._telemetry.add(instrument, 0, (group.key,))
                entry.task = self._spawn(self._repeat(entry), "rules:group")

    @property
    def problem(self) -> str:
        """What is wrong with the rule files; empty when nothing is."""
        return "; ".join(self._problems)

    async def _repeat(self, entry: _Entry) -> None:
        group = entry.state.group
        slot = group.slot(self._clock.now()) + group.interval
        while True:
            await self._clock.sleep((slot - self._clock.now()) / SECOND)
            if slot - self._clock.now() > group.interval:  # the wall clock was set back meanwhile
                slot = group.slot(self._clock.now())
            self._telemetry.add(ITERATIONS, 1, (group.key,))
            entry.turn = self._spawn(self._turn(entry.state, slot), "rules:turn")
            # A task of its own: a defect in one evaluation must not be the last of them.
            await asyncio.wait({entry.turn})
            slot = self._following(entry.state, slot)

    async def _turn(self, state: GroupState, slot: int) -> None:
        failed = {rule for rule in state.rules if rule.health is Health.ERR}
        async with self._turns:
            await self._derive.once(state, slot)
        for rule in state.rules:
            if rule.health is Health.ERR and rule not in failed:
                where = {"file": state.group.file, "group": state.group.name, "rule": rule.name}
                _log.warning("a rule fails", **where, code=rule.code, reason=rule.error)

    def _following(self, state: GroupState, slot: int) -> int:
        """The next instant of a group: the last that is due by now, or else the next one."""
        group, now = state.group, self._clock.now()
        due, following = group.slot(now), slot + group.interval
        if following - now > 2 * group.interval:  # the wall clock was set back; less than an interval is waited for
            return due + group.interval
        missed = (due - following) // group.interval
        if missed > 0:
            self._telemetry.add(MISSED, missed, (group.key,))
            self._telemetry.add(ITERATIONS, missed, (group.key,))
        return max(due, following)

    async def _stop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        for task in (entry.task, entry.turn) if entry is not None else ():
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def _end(self, state: GroupState, at: int) -> None:
        await self._clock.sleep(_ENDS_AFTER * state.group.interval / SECOND)
        try:
            await self._adopt.end(state, at)
        except SightlineError as error:
            _log.warning("a group's series are not marked as ended", group=state.group.name, reason=error.message)

    async def _look_again(self) -> None:
        while True:
            await self._clock.sleep(self._look_every)
            await asyncio.wait({self._spawn(self._look(), "rules:look once")})

    def _complain(self) -> None:
        problems = self._adopt.problems(LOCAL)
        for problem in problems:
            if problem not in self._problems:
                _log.error("a rule file cannot be used; the rules that it held before go on", reason=problem)
        if self._problems and not problems:
            _log.info("all rule files can be used again")
        self._problems = problems

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("rules failed with a defect", exc_info=error)
