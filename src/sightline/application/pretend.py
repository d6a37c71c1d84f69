"""Pretend to tell people of alerts of the past: the pipeline at work, in a time of its own, with nobody at the far end.

Time goes from one instant at which something is due to the next.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Final

from sightline.application.dispatch import Dispatch
from sightline.application.ledger import Ledger
from sightline.domain.alerts.backtest import Count, HeldBack, Telling, Told
from sightline.domain.alerts.notice import Notice, Reason
from sightline.domain.alerts.pipeline.batch import Batch, Hold
from sightline.domain.alerts.pipeline.group import AlertGroup
from sightline.domain.alerts.pipeline.plan import Channel
from sightline.domain.alerts.pipeline.sent import Owed, Place

MAX_LOOKS: Final = 500_000
"""How often groups are looked at in one backtest; some 20 s."""
_AT_ONCE: Final = 50
"""Instants that are gone through before others have their turn on the event loop."""


@dataclass(frozen=True, slots=True)
class Theatre:
    """A pipeline of its own, which tells nobody.

    move: sets its clock to an instant, ms; `now` is where it stands. start: the instant at which its monotonic time is 0.
    """

    dispatch: Dispatch
    ledger: Ledger
    move: Callable[[int], None]
    now: Callable[[], int]
    start: int


@dataclass(frozen=True, slots=True)
class PretendLimits:
    """listed: notifications, and alerts held back, that are remembered; all are counted. looks: as MAX_LOOKS."""

    listed: int = 10_000
    looks: int = MAX_LOOKS


@dataclass(slots=True, eq=False)
class _Holds:
    """What is held back, and since when, by channel and group: a look at these tells all that is held of them."""

    most: int
    going_on: dict[Place, dict[tuple[int, Hold], HeldBack]] = field(default_factory=dict)
    over: list[HeldBack] = field(default_factory=list)
    left_out: int = 0

    def seen(self, place: Place, receiver: str, group: AlertGroup, batch: Batch) -> None:
        """A channel and a group were looked at."""
        before = self.going_on.pop(place, {})
        labels = {one.id: one.alert.labels for one in group.members.values()} if batch.held else {}
        after: dict[tuple[int, Hold], HeldBack] = {}
        for one, hold in batch.held.items():
            if hold.reason is Reason.FIRING_NOT_SENT and one in batch.sent.resolved:
                continue  # its end was told the time before
            held = before.pop((one, hold), None) or HeldBack(
                batch.now, None, receiver, labels[one], hold.reason, hold.by
            )
            if hold.reason is Reason.FIRING_NOT_SENT:  # it is over before anybody heard of it
                self._keep(replace(held, end=batch.now))
            else:
                after[one, hold] = held
        for held in before.values():
            self._keep(replace(held, end=batch.now))
        if after:
            self.going_on[place] = after

    def all(self) -> list[HeldBack]:
        """All of them, those that go on too, in order of time."""
        for each in self.going_on.values():
            for held in each.values():
                self._keep(held)
        self.going_on.clear()
        return sorted(self.over, key=lambda one: (one.start, one.receiver, one.labels))

    def _keep(self, held: HeldBack) -> None:
        if len(self.over) < self.most:
            self.over.append(held)
        else:
            self.left_out += 1


class Pretend:
    """The use case: notices of alerts, in order of time, and what becomes of them. One instance is for one telling.

    Every channel takes at once what it is told; rates, attempts and circuits do not count.
    """

    def __init__(self, theatre: Theatre, limits: PretendLimits = PretendLimits()) -> None:
        self._theatre = theatre
        self._limits = limits
        self._looks = 0
        self._decided: dict[Place, tuple[Channel, Reason]] = {}
        self._holds = _Holds(limits.listed)
        self._told: list[Told] = []
        self._counts: Counter[str] = Counter()
        self._kinds: dict[str, dict[str, None]] = {}
        theatre.dispatch.join(lambda _: False, self._said)

    async def __call__(self, notices: Iterable[Notice], end: int) -> Telling:
        """What would have been told up to an instant, ms. Notices of one instant come before what is due then."""
        await self._theatre.dispatch.load()
        for at, changes in groupby(notices, key=attrgetter("at")):
            if not await self._until(at - 1):
                break
            self._theatre.move(at)
            self._theatre.dispatch.tell(changes)
        gone_through = await self._until(end)
        counts = [Count(name, tuple(self._kinds[name]), number) for name, number in self._counts.most_common()]
        held = self._holds.all()
        return Telling(
            self._told,
            held,
            counts,
            sum(self._counts.values()) - len(self._told) + self._holds.left_out,
            None if gone_through else self._theatre.now(),
        )

    async def _until(self, end: int) -> bool:
        """Look at what is due up to an instant; whether all of it could be looked at."""
        theatre, instants = self._theatre, 0
        while (due := theatre.dispatch.next_look()) is not None and theatre.start + due <= end:
            if self._looks >= self._limits.looks:
                return False
            self._looks += 1
            theatre.move(max(theatre.start + due, theatre.now()))
            await theatre.dispatch.run_once()
            self._hand_over()
            instants += 1
            if instants % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return True

    def _said(self, channel: Channel, group: AlertGroup, batch: Batch) -> None:
        """The pipeline decided about a channel and a group."""
        self._looks += 1
        place = Place(channel.key, group.tenant, group.id)
        self._decided[place] = (channel, batch.reason)
        self._holds.seen(place, channel.receiver, group, batch)

    def _hand_over(self) -> None:
        """Every channel takes what it is owed."""
        ledger = self._theatre.ledger
        together: dict[tuple[str, str], list[Owed]] = {}
        for one in ledger.all_owed():
            together.setdefault((one.notification.receiver, one.place.group), []).append(one)
        for its in together.values():
            self._tell(its)
            for one in its:
                ledger.told(one.place, one.after)
                ledger.settle(one.place)
                self._theatre.dispatch.settled(one.place)

    def _tell(self, owed: Sequence[Owed]) -> None:
        """A receiver is told of a group, by all of its channels that are owed anything."""
        said = [one.notification for one in owed]
        first = said[0]
        kinds = tuple(dict.fromkeys(self._decided[one.place][0].kind for one in owed))
        self._counts[first.receiver] += 1
        self._kinds.setdefault(first.receiver, {}).update(dict.fromkeys(kinds))
        if len(self._told) >= self._limits.listed:
            return
        self._told.append(
            Told(
                first.at,
                first.receiver,
                kinds,
                first.group_key,
                first.group_labels,
                first.status,
                self._decided[owed[0].place][1],
                tuple(dict.fromkeys(alert.labels for each in said for alert in each.firing)),
                tuple(dict.fromkeys(alert.labels for each in said for alert in each.resolved)),
                first.alerts[0].annotations.get("summary"),
            )
        )
