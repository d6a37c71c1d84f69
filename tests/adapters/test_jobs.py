"""The log of what the ticker runs: a lasting failure is told once, with its reason, and so is its end."""

from typing import cast

import pytest
from structlog.testing import capture_logs
from tests.notifications import alone
from typing_extensions import override

from sightline.adapters.inbound.jobs import MOST_TOLD, delivering, looking
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.notification_log import MemoryNotificationLog
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.deliver import Deliver
from sightline.application.ledger import Ledger
from sightline.application.radar import Judged, News, Radar, RuleName, Sweep
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.pipeline.sent import NOTHING_SENT, Owed, Place
from sightline.domain.alerts.radar import Finding, Habit
from sightline.domain.alerts.radar import Reason as Found
from sightline.domain.alerts.route import Route
from sightline.domain.errors import NoticeRefused, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT, Principal
from sightline.domain.timerange import DAY, TimeRange
from sightline.ports.notifier import Notifier

FIRING = Notice(
    Alert(DEFAULT_TENANT, "Hot", Labels(), Labels(), AlertState.FIRING, 95.0, 0, 0, Reason.CONDITION_HELD),
    AlertState.PENDING,
    0,
)


class Answering(Notifier):
    """A notifier whose far end says this; nothing, when it takes what comes."""

    answer = ""

    @property
    @override
    def name(self) -> str:
        return "webhook"

    @override
    async def notify(self, notification: Notification) -> None:
        if self.answer:
            raise NoticeRefused(self.answer)


async def test_a_channel_that_refuses_is_told_in_the_log_once_for_each_reason() -> None:
    """Whoever set up a webhook learns that it does not work, and why, and that it works again."""
    clock, far_end = ManualClock(), Answering()
    ledger = Ledger(MemoryNotificationLog())
    deliver = Deliver(ledger, clock, MemoryTelemetry(), lambda: 0.0)
    channel = Channel("webhook", "default", "webhook")
    deliver.adopt(Plan(Route("", "", "default"), {"default": (channel,)}), {"webhook": far_end})
    place = Place("webhook", DEFAULT_TENANT, "{}:{}")
    ledger.owe(Owed(place, alone(FIRING, "default"), NOTHING_SENT))
    job = delivering(deliver)
    with capture_logs() as told:
        for far_end.answer in ("answered 401", "answered 401", "answered 404", "", ""):
            await job()
            await deliver.settle()
            await clock.advance(3_600)
        await job()
    assert [(line["log_level"], line["channel"], line.get("reason")) for line in told] == [
        ("warning", "webhook", "answered 401"),
        ("warning", "webhook", "answered 404"),
        ("info", "webhook", None),
    ]


class Looks:
    """A radar with these news at every look."""

    def __init__(self) -> None:
        self.news: list[tuple[RuleName, Finding]] = []
        self.looks = 0
        self.rules = 1
        self.away = False

    async def look_again(self, _: Principal) -> News:
        """What a test says."""
        self.looks += 1
        if self.away:
            raise Unavailable("the store is away")
        judged = Judged(RuleName("a.yml", "g", 0, "A"), is_recording=False, findings=())
        return News(Sweep(TimeRange(0, DAY), self.rules, (judged,)), tuple(self.news))


async def test_what_the_radar_finds_is_a_line_each_and_looked_for_once_a_day() -> None:
    """With rule, reason and sentence; a look that failed is made good at the next run, and a look that was cut short says so."""
    clock, radar = ManualClock(), Looks()
    job = looking(cast("Radar", radar), clock, DAY / 1000)
    radar.away = True
    with capture_logs() as told:
        with pytest.raises(Unavailable):
            await job()
        radar.away, radar.rules = False, 2
        always = Habit(Found.ALWAYS_FIRED, TimeRange(0, DAY), 1.0)
        radar.news = [(RuleName("a.yml", "g", 0, "A"), always), (RuleName("", "", 0, "B"), always)]
        await job()
        await job()
        await clock.advance(DAY / 1000 - 1)
        await job()
        assert radar.looks == 2
        await clock.advance(1)
        radar.news, radar.rules = [(RuleName("", "", 0, str(number)), always) for number in range(MOST_TOLD + 7)], 1
        await job()
    assert radar.looks == 3
    first = {"event": "a rule needs a look", "log_level": "warning", "reason": "always_fired"}
    what = {"found": "alerts of it fired 100 % of 1d"}
    assert told[:3] == [
        {**first, "rule": "A", "file": "a.yml", "group": "g", **what},
        {**first, "rule": "B", **what},
        {
            "event": "not all rules were looked at: raise rules.radar_timeout",
            "log_level": "warning",
            "looked": 1,
            "rules": 2,
        },
    ]
    assert len(told) == 3 + MOST_TOLD + 1
    assert told[-1]["findings"] == 7
