"""The log of what the ticker runs: a lasting failure is told once, with its reason, and so is its end."""

from structlog.testing import capture_logs
from tests.notifications import alone
from typing_extensions import override

from sightline.adapters.inbound.jobs import delivering
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.notification_log import MemoryNotificationLog
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.deliver import Deliver
from sightline.application.ledger import Ledger
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.pipeline.sent import NOTHING_SENT, Owed, Place
from sightline.domain.alerts.route import Route
from sightline.domain.errors import NoticeRefused
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT
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
