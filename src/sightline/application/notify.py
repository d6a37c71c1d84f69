"""Tell people about alerts, on every channel, no more often than they can bear, and say afterwards why or why not."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sightline.domain.alerts.cooldown import (
    NEVER_TOLD,
    Pace,
    Standing,
    decide,
    forgettable,
    owe,
    refused,
    told,
    worth_telling,
)
from sightline.domain.alerts.notice import AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.posted import posted
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.errors import NoticeRefused, SightlineError
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.clock import Clock
from sightline.ports.notifier import Notifier
from sightline.ports.telemetry import Instrument, Kind, Telemetry

HISTORY: Final = 500
"""How many decisions are remembered per tenant; older ones are forgotten."""

DECISIONS: Final = Instrument(
    "sightline_notifications_total",
    "Decisions about telling an alert on a channel, by the reason for telling or not.",
    Kind.COUNTER,
    ("channel", "reason"),
)

_Key = tuple[Tenant, Labels]


@dataclass(frozen=True, slots=True)
class Patience:
    """How a notice is handed over: so many attempts, after the first a pause in seconds, each longer by `factor`."""

    attempts: int = 3
    pause: float = 1.0
    factor: float = 2.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a channel was, or was not, told a notice.

    at: wall time, ms. attempts: how often it was handed over; 0 when it was not tried. problem: what the channel said
    last.
    """

    notice: Notice
    channel: str
    told: bool
    reason: Reason
    at: int
    attempts: int = 0
    problem: str = ""


@dataclass(slots=True)
class _Channel:
    """A notifier and what it knows; `owed` are the keys of standings with something owed, in the order it came."""

    notifier: Notifier
    standings: dict[_Key, Standing] = field(default_factory=dict)
    owed: dict[_Key, None] = field(default_factory=dict)
    delivering: asyncio.Lock = field(default_factory=asyncio.Lock)
    swept_at: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of handing over one notice."""

    taken: bool
    attempts: int
    problem: str = ""


_BROKEN: Final = _Outcome(taken=False, attempts=1, problem="the notifier met a defect")


class Notify:
    """Takes changes with `tell`, at once; each channel's job in `jobs`, run every second or so, delivers what is due.

    Channels share nothing: one that is slow or away delays no other, and has each notice owed until it takes it, or
    until a newer change of the same alert replaces it. Memory grows with the alerts that fire or did within the
    cooldown, not with time.
    """

    def __init__(
        self,
        notifiers: Sequence[Notifier],
        clock: Clock,
        telemetry: Telemetry,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        patience: Patience = Patience(),
        external_url: str = "",
    ) -> None:
        """external_url: where people reach this program, empty where nobody said."""
        self._channels = {notifier.name: _Channel(notifier) for notifier in notifiers}
        self._clock = clock
        self._telemetry = telemetry
        self._pace = pace
        self._patience = patience
        self._external_url = external_url
        self._history: dict[Tenant, deque[Decision]] = {}

    def tell(self, notices: Iterable[Notice]) -> None:
        """Owe every channel those notices that are worth telling; returns at once."""
        now = self._monotonic()
        for notice in filter(worth_telling, notices):
            key = (notice.alert.tenant, notice.alert.labels)
            for channel in self._channels.values():
                channel.standings[key] = owe(channel.standings.get(key, NEVER_TOLD), notice, now)
                channel.owed.pop(key, None)
                channel.owed[key] = None

    def jobs(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What is to be run again and again, by channel name: one run delivers what is due on that channel."""
        return {name: partial(self._deliver, channel) for name, channel in self._channels.items()}

    def history(self, principal: Principal) -> list[Decision]:
        """The latest decisions about the principal's tenant, newest first: why was I, or was I not, told?"""
        return list(reversed(self._history.get(principal.tenant, ())))

    def problem(self, channel: str) -> str:
        """What a channel said when it refused the last notice that it was handed; empty when it took it."""
        return self._channels[channel].problem

    @property
    def remembered(self) -> int:
        """How many alerts are remembered, all channels together."""
        return sum(len(channel.standings) for channel in self._channels.values())

    async def _deliver(self, channel: _Channel) -> None:
        """Decide about everything that is due, in the order it came, and hand over what is to be told.

        A first notice that is refused gets every attempt; after that the channel is taken to be away, and the others
        of this run get one attempt each, so that one notice that is refused for its own sake holds up none of them.
        """
        async with channel.delivering:
            patience = self._patience
            for key in list(channel.owed):
                standing = channel.standings[key]
                if standing.owed is not None and standing.due_at <= self._monotonic():
                    taken = await self._settle(channel, key, standing.owed, patience)
                    patience = patience if taken else Patience(attempts=1)
            self._sweep(channel)

    async def _settle(self, channel: _Channel, key: _Key, notice: Notice, patience: Patience) -> bool:
        """Decide about one notice and act on it; false when the channel was to be told and refused."""
        name = channel.notifier.name
        verdict = decide(channel.standings[key], notice, self._monotonic(), self._pace)
        if not verdict.tell:
            self._stand(channel, key, verdict.standing)
            self._record(Decision(notice, name, told=False, reason=verdict.reason, at=self._clock.now()))
            return True
        outcome = _BROKEN
        # An error that no notifier may raise goes on to the outermost loop; the notice stays owed as if it was refused.
        try:
            outcome = await self._hand_over(channel.notifier, notice, patience)
        finally:
            standing, now = channel.standings[key], self._monotonic()
            after = told(standing, notice, now) if outcome.taken else refused(standing, notice, now, self._pace)
            self._stand(channel, key, after)
            channel.problem = outcome.problem
            reason = verdict.reason if outcome.taken else Reason.CHANNEL_FAILED
            at = self._clock.now()
            self._record(Decision(notice, name, outcome.taken, reason, at, outcome.attempts, outcome.problem))
        return outcome.taken

    async def _hand_over(self, notifier: Notifier, notice: Notice, patience: Patience) -> _Outcome:
        pause = patience.pause
        for attempt in range(1, patience.attempts):
            try:
                await notifier.notify(alone(notice, notifier.name, self._external_url))
            except NoticeRefused as error:
                return _Outcome(taken=False, attempts=attempt, problem=error.message)
            except SightlineError:
                await self._clock.sleep(pause)
                pause *= patience.factor
            else:
                return _Outcome(taken=True, attempts=attempt)
        try:
            await notifier.notify(alone(notice, notifier.name, self._external_url))
        except SightlineError as error:
            return _Outcome(taken=False, attempts=patience.attempts, problem=error.message)
        return _Outcome(taken=True, attempts=patience.attempts)

    @staticmethod
    def _stand(channel: _Channel, key: _Key, standing: Standing) -> None:
        channel.standings[key] = standing
        if standing.owed is None:
            channel.owed.pop(key, None)

    def _record(self, decision: Decision) -> None:
        self._telemetry.add(DECISIONS, labels=(decision.channel, decision.reason))
        self._history.setdefault(decision.notice.alert.tenant, deque(maxlen=HISTORY)).append(decision)

    def _sweep(self, channel: _Channel) -> None:
        """Forget what makes no difference any more, once in a cooldown."""
        now = self._monotonic()
        if now - channel.swept_at < self._pace.cooldown:
            return
        channel.swept_at = now
        for key in [key for key, standing in channel.standings.items() if forgettable(standing, now, self._pace)]:
            del channel.standings[key]

    def _monotonic(self) -> int:
        """Ms on a clock that never goes back."""
        return round(self._clock.monotonic() * 1_000)


def alone(notice: Notice, receiver: str, external_url: str = "") -> Notification:
    """What a receiver is told of one alert: it is a group of its own, named by its rule."""
    name = notice.alert.labels.get(ALERT_NAME)
    return Notification(
        id=f"{receiver}/{name}/{notice.at}",
        tenant=notice.alert.tenant,
        receiver=receiver,
        group_key=f'{{}}:{{{ALERT_NAME}="{name}"}}',
        group_labels=Labels.of({ALERT_NAME: name}),
        status=Status.RESOLVED if notice.alert.state is AlertState.RESOLVED else Status.FIRING,
        alerts=(posted(notice, f"{external_url.rstrip('/')}/ui/alerts" if external_url else ""),),
        at=notice.at,
        external_url=external_url,
    )
