"""Hand notifications over to channels: attempts, rate, circuit and fallback; and say afterwards who was told what, and why not.

Whatever a channel does not take stays owed, over a restart too, until it takes it or something newer takes its place.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from sightline.application.ledger import Ledger
from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.notification import Because, Notification, Status
from sightline.domain.alerts.pipeline.batch import Batch
from sightline.domain.alerts.pipeline.group import AlertGroup
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.pipeline.rate import Rate
from sightline.domain.alerts.pipeline.sent import Owed, Place, Sent
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.trial import trial
from sightline.domain.breaker import Breaker, BreakerState
from sightline.domain.errors import NotFound, NoticeRefused, SightlineError
from sightline.domain.labels import Labels, series_id
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.clock import Clock
from sightline.ports.notifier import Notifier
from sightline.ports.telemetry import Instrument, Kind, Telemetry

HISTORY: Final = 1_000
"""How many decisions are remembered per tenant; older ones are forgotten."""
CONCURRENCY: Final = 4
"""How many notifications one channel is handed at once."""
_LONGEST_PAUSE: Final = 3_600.0
_MOST_DOUBLINGS: Final = 7
_NAMED: Final = 20

DECISIONS: Final = Instrument(
    "sightline_notifications_total",
    "Decisions about telling a channel of a group of alerts, by the reason for telling or not.",
    Kind.COUNTER,
    ("channel", "reason"),
)
OWED: Final = Instrument(
    "sightline_notifications_owed", "Notifications that a channel has still to take.", Kind.GAUGE, ("channel",)
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How a notification is handed over. Durations: seconds.

    attempts: so many at once, after the first a pause, each longer by `factor` and by up to `jitter` of itself. retry_after: until
    one that was not taken is tried again, where the channel does not say when; twice as long each time for one that was refused.
    """

    attempts: int = 3
    pause: float = 1.0
    factor: float = 2.0
    jitter: float = 0.2
    retry_after: float = 30.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a channel was, or was not, told of a group.

    at: wall time, ms. alerts: labels of those that it is about, the first of them. attempts: how often it was handed over; 0 when
    it was not tried. problem: what the channel said last. notification: its id, empty where there was none. because: what
    it tells of.
    """

    at: int
    channel: Channel
    group_key: str
    group_labels: Labels
    alerts: tuple[Labels, ...]
    told: bool
    reason: Reason
    attempts: int = 0
    problem: str = ""
    notification: str = ""
    because: Because | None = None


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """How a channel does. problem: what it said when it did not take the last one, empty when it did."""

    channel: Channel
    circuit: BreakerState
    owed: int
    problem: str


class _Wait(NamedTuple):
    """Until when a notification waits, monotonic seconds; how often it was not taken; why, where it was not even tried."""

    until: float = 0.0
    times: int = 0
    reason: Reason | None = None


_NO_WAIT: Final = _Wait()


@dataclass(slots=True, eq=False)
class _Line:
    """A channel, its far end, and how that does. waits: what was not taken."""

    channel: Channel
    notifier: Notifier
    breaker: Breaker
    rate: Rate
    waits: dict[Place, _Wait] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of handing over one notification. retry_after: seconds, 0 where the channel did not say."""

    taken: bool
    attempts: int
    problem: str = ""
    retry_after: float = 0.0
    is_refused: bool = False


_BROKEN: Final = _Outcome(taken=False, attempts=1, problem="the notifier met a defect")


class Deliver:
    """The use case. `run_once` starts what is due.

    Every channel is told by a task of its own, so that one that hangs delays no other.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        telemetry: Telemetry,
        random: Callable[[], float],
        *,
        patience: Patience = Patience(),
        per_minute: int = 600,
        external_url: str = "",
    ) -> None:
        """random: from 0 to 1. per_minute: how many notifications one channel is handed, in bursts of as many."""
        self._ledger = ledger
        self._clock = clock
        self._telemetry = telemetry
        self._random = random
        self._patience = patience
        self._per_minute = per_minute
        self._external_url = external_url
        self._lines: dict[str, _Line] = {}
        self._fallback: tuple[str, ...] = ()
        self._under_way: set[Place] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._history: dict[Tenant, deque[Decision]] = {}
        self._settled: Callable[[Place], None] = lambda _: None
        self._listen: Callable[[Decision, Sequence[PostedAlert]], None] = lambda *_: None

    def tell(self, listen: Callable[[Decision, Sequence[PostedAlert]], None]) -> None:
        """Who wants to hear of what channels were told, or could not be, with the alerts that it was about."""
        self._listen = listen

    def join(self, settled: Callable[[Place], None]) -> None:
        """Who wants to know when a channel was told of a group."""
        self._settled = settled

    def adopt(self, plan: Plan, notifiers: Mapping[str, Notifier]) -> None:
        """Go by another plan; notifiers: by keys of channels. What is on its way goes on through the channel that was there."""
        before, self._lines = self._lines, {}
        for channel in (one for channels in plan.channels.values() for one in channels):
            line = _Line(channel, notifiers[channel.key], Breaker(), Rate(self._per_minute, self._clock.monotonic()))
            old = before.get(channel.key)
            if old is not None:
                line.breaker, line.rate, line.task, line.problem = old.breaker, old.rate, old.task, old.problem
            self._lines[channel.key] = line
        for key in before.keys() - self._lines.keys():
            task = before[key].task
            if task is not None and not task.done():
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)
        self._fallback = tuple(one.key for one in plan.channels.get(plan.fallback, ()))

    def is_busy(self, place: Place) -> bool:
        """Whether the channel is being told of the group just now."""
        return place in self._under_way

    async def run_once(self) -> None:
        """Start telling every channel of what it is owed and that is due.

        Raises:
            Unavailable, StorageFull: the log does not take what is owed; nothing is handed over that it does not know.
        """
        known = self._ledger.all_owed()  # what comes while this is saved is not saved yet
        await self._ledger.save()
        now = self._clock.monotonic()
        due: dict[str, list[Owed]] = {key: [] for key in self._lines}
        counts = dict.fromkeys(self._lines, 0)
        for owed in known:
            line = self._lines.get(owed.place.channel)
            if line is None:
                self._ledger.settle(owed.place)  # the channel is no more
                continue
            counts[owed.place.channel] += 1
            if owed.place not in self._under_way and line.waits.get(owed.place, _NO_WAIT).until <= now:
                due[owed.place.channel].append(owed)
        defects: list[Exception] = []
        for key, its in due.items():
            line = self._lines[key]
            line.waits = {place: wait for place, wait in line.waits.items() if self._ledger.owed(place) is not None}
            self._telemetry.set(OWED, counts[key], (key,))
            if _is_free(line, defects) and its:
                line.task = asyncio.create_task(self._tell(line, its), name=f"deliver:{key}")
        _come_out(defects)

    async def settle(self) -> None:
        """Wait until all that was started is done. What went wrong in it comes out here."""
        tasks = [line.task for line in self._lines.values() if line.task is not None]
        if tasks:
            await asyncio.wait(tasks)
        defects: list[Exception] = []
        for line in self._lines.values():
            _is_free(line, defects)
        _come_out(defects)

    async def close(self) -> None:
        """Stop; what is not taken stays owed."""
        tasks = [line.task for line in self._lines.values() if line.task is not None]
        tasks += self._leaving
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def test(self, principal: Principal, key: str) -> None:
        """Tell a channel that this is a test, past all that it is owed; it is one attempt.

        Raises:
            NotFound: there is no such channel.
            NoticeRefused, Unavailable: as the channel says.
        """
        line = self._lines.get(key)
        if line is None:
            raise NotFound(f"there is no channel {key[:80]!r}; GET /api/v1/receivers lists them", channel=key)
        now = self._clock.now()
        notice = trial(line.channel.receiver, now, tenant=principal.tenant, external_url=self._external_url)
        await line.notifier.notify(notice)

    def said(self, channel: Channel, group: AlertGroup, batch: Batch) -> None:
        """Remember what was decided of a group, where it is something else than the time before."""
        if batch.tell:
            group.said.pop(channel.key, None)
            return
        if group.said.get(channel.key) is batch.reason:
            return
        group.said[channel.key] = batch.reason
        if not group.members or (batch.reason is Reason.NOTHING_NEW and not batch.held):
            return
        alerts = tuple(one.alert.labels for one in list(group.members.values())[:_NAMED])
        self._record(
            group.tenant,
            Decision(self._clock.now(), channel, group.key, group.labels, alerts, told=False, reason=batch.reason),
        )

    def history(self, principal: Principal) -> Sequence[Decision]:
        """The latest decisions about the principal's tenant, newest first: why was I, or was I not, told?"""
        return list(reversed(self._history.get(principal.tenant, ())))

    def channels(self) -> Sequence[ChannelStatus]:
        """How the channels do."""
        owed = Counter(one.place.channel for one in self._ledger.all_owed())
        return [
            ChannelStatus(line.channel, line.breaker.state, owed[key], line.problem)
            for key, line in self._lines.items()
        ]

    # One channel

    async def _tell(self, line: _Line, due: Sequence[Owed]) -> None:
        """Hand over what is due, a few at a time, in order."""
        waiting = iter(due)

        async def work() -> None:
            for owed in waiting:
                if self._ledger.owed(owed.place) is owed and owed.place not in self._under_way:
                    self._under_way.add(owed.place)
                    try:
                        await self._settle(line, owed)
                    finally:
                        self._under_way.discard(owed.place)

        # A circuit that is not closed is tried by one alone.
        workers = CONCURRENCY if line.breaker.state is BreakerState.CLOSED else 1
        ended = await asyncio.gather(*(work() for _ in range(min(workers, len(due)))), return_exceptions=True)
        if defects := [each for each in ended if isinstance(each, Exception)]:
            raise ExceptionGroup(f"channel {line.channel.key} met defects", defects)

    async def _settle(self, line: _Line, owed: Owed) -> None:
        """Hand one over, if that may be now, and remember what became of it."""
        now = self._clock.monotonic()
        if not line.breaker.allows(now):
            self._hold(line, owed, line.breaker.pause, Reason.CIRCUIT_OPEN, line.problem)
            await self._fall_back(owed)
            return
        wait = line.rate.wait(now)
        if wait > 0:
            self._hold(line, owed, wait, Reason.RATE_LIMITED)
            return
        try:
            outcome = await self._hand_over(line, owed.notification)
        except Exception:  # no notifier may raise it: it goes on to the outermost loop, and the notification stays owed
            self._not_taken(line, owed, _BROKEN)
            raise
        line.problem = outcome.problem
        if outcome.taken:
            await self._taken(line, owed, outcome.attempts)
        else:
            self._not_taken(line, owed, outcome)
            if not outcome.is_refused:
                await self._fall_back(owed)

    async def _hand_over(self, line: _Line, notification: Notification) -> _Outcome:
        """Every attempt that patience allows, until the circuit opens."""
        pause = self._patience.pause
        attempt = 0
        while True:
            attempt += 1
            try:
                await line.notifier.notify(notification)
            except NoticeRefused as error:
                return _Outcome(taken=False, attempts=attempt, problem=error.message, is_refused=True)
            except SightlineError as error:
                line.breaker.failed(self._clock.monotonic())
                after = float(error.detail.get("retry_after", 0.0))
                outcome = _Outcome(taken=False, attempts=attempt, problem=error.message, retry_after=after)
                if attempt >= self._patience.attempts or after > pause:
                    return outcome
            else:
                line.breaker.succeeded()
                return _Outcome(taken=True, attempts=attempt)
            if line.breaker.state is not BreakerState.OPEN:
                await self._clock.sleep(pause * (1 + self._patience.jitter * self._random()))
                pause *= self._patience.factor
            if line.breaker.state is BreakerState.OPEN:  # others may have failed meanwhile
                return outcome

    async def _taken(self, line: _Line, owed: Owed, attempts: int) -> None:
        line.waits.pop(owed.place, None)
        self._ledger.told(owed.place, owed.after.heard(self._clock.now()))
        if self._ledger.owed(owed.place) is owed:
            self._ledger.settle(owed.place)
        self._decided(line, owed, told=True, reason=Reason.NOTIFIED, attempts=attempts)
        self._settled(owed.place)
        await self._remember()

    async def _remember(self) -> None:
        """Bring to the log what a channel was told; what it does not take now goes with the next round, which says so."""
        with suppress(SightlineError):
            await self._ledger.save()

    def _not_taken(self, line: _Line, owed: Owed, outcome: _Outcome) -> None:
        """It stays owed, and waits: as long as the channel says, and longer each time that it is refused."""
        times = line.waits.get(owed.place, _NO_WAIT).times
        pause = self._patience.retry_after * 2 ** min(times if outcome.is_refused else 0, _MOST_DOUBLINGS)
        wait = min(max(pause, outcome.retry_after), _LONGEST_PAUSE)
        line.waits[owed.place] = _Wait(self._clock.monotonic() + wait, times + 1)
        self._decided(
            line, owed, told=False, reason=Reason.CHANNEL_FAILED, attempts=outcome.attempts, problem=outcome.problem
        )
        self._settled(owed.place)

    def _hold(self, line: _Line, owed: Owed, wait: float, reason: Reason, problem: str = "") -> None:
        """It was not even tried; told once for each reason."""
        before = line.waits.get(owed.place, _NO_WAIT)
        line.waits[owed.place] = _Wait(self._clock.monotonic() + wait, before.times, reason)
        if before.reason is not reason:
            self._decided(line, owed, told=False, reason=reason, problem=problem)

    async def _fall_back(self, owed: Owed) -> None:
        """Have the fallback told of what fires while the channel cannot be; the channel is still owed it.

        Whoever took the fallback's place as well as the channel that comes back are told of the end, each because it heard of the
        beginning.
        """
        told = owed.notification
        for key in self._fallback:
            other = self._lines[key]
            place = owed.place._replace(channel=key)
            fresh = self._unheard_by(other.channel, place, owed)
            if not fresh or place in self._under_way or not other.breaker.allows(self._clock.monotonic()):
                continue
            notification = replace(
                told, id=f"{told.id}-{self._ledger.sent(place).count}", status=Status.FIRING, alerts=fresh
            )
            self._under_way.add(place)
            try:
                await other.notifier.notify(notification)
            except SightlineError as error:
                other.breaker.failed(self._clock.monotonic())
                other.problem = error.message
                continue
            finally:
                self._under_way.discard(place)
            other.breaker.succeeded()
            self._stood_in(place, replace(owed, notification=notification))
            self._decided(
                other, replace(owed, notification=notification), told=True, reason=Reason.FALLBACK_TOLD, attempts=1
            )
            self._settled(place)
            await self._remember()
            return

    def _unheard_by(self, fallback: Channel, place: Place, owed: Owed) -> tuple[PostedAlert, ...]:
        """What fires and neither the channel nor the fallback was told of, which may not have been told just before either."""
        if fallback.receiver == owed.notification.receiver:
            return ()
        before, now = self._ledger.sent(place), self._clock.now()
        heard = self._ledger.sent(owed.place).firing.keys() | before.firing.keys()
        heard |= {one for one, at in before.resolved.items() if 0 <= now - at < fallback.manners.cooldown}
        return tuple(one for one in owed.notification.firing if series_id(one.labels) not in heard)

    def _stood_in(self, place: Place, owed: Owed) -> None:
        """A fallback was told; what it was to be told of ends is decided anew."""
        before, now = self._ledger.sent(place), self._clock.now()
        fresh = {series_id(one.labels): now for one in owed.notification.alerts}
        resolved = {one: at for one, at in before.resolved.items() if one not in fresh}
        self._ledger.settle(place)
        self._ledger.told(
            place, Sent(now, {**before.firing, **fresh}, resolved, count=before.count + 1, about=owed.after.about)
        )

    def _decided(
        self, line: _Line, owed: Owed, *, told: bool, reason: Reason, attempts: int = 0, problem: str = ""
    ) -> None:
        notification = owed.notification
        decision = Decision(
            self._clock.now(),
            line.channel,
            notification.group_key,
            notification.group_labels,
            tuple(alert.labels for alert in notification.alerts[:_NAMED]),
            told,
            reason,
            attempts,
            problem,
            notification.id,
            notification.because,
        )
        self._record(owed.place.tenant, decision)
        self._listen(decision, notification.alerts)

    def _record(self, tenant: Tenant, decision: Decision) -> None:
        self._telemetry.add(DECISIONS, labels=(decision.channel.key, decision.reason))
        self._history.setdefault(tenant, deque(maxlen=HISTORY)).append(decision)


def _is_free(line: _Line, defects: list[Exception]) -> bool:
    """Whether nothing is on its way to the channel. What went wrong in what was is added to `defects`."""
    task = line.task
    if task is None:
        return True
    if not task.done():
        return False
    line.task = None
    defect = None if task.cancelled() else task.exception()
    if isinstance(defect, Exception):
        defects.append(defect)
    return True


def _come_out(defects: list[Exception]) -> None:
    if defects:
        raise ExceptionGroup("channels met defects", defects)
