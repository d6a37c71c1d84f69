"""The log of what the ticker runs: a lasting failure is told once, with its reason, and so is its end."""

from structlog.testing import capture_logs
from typing_extensions import override

from sightline.adapters.inbound.jobs import notifying
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.notify import Notify
from sightline.domain.alerts.cooldown import RETRY_AFTER
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification
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
    clock, channel = ManualClock(), Answering()
    notify = Notify([channel], clock, MemoryTelemetry())
    job = notifying(notify, channel.name, notify.jobs()[channel.name])
    notify.tell([FIRING])
    with capture_logs() as told:
        for channel.answer in ("answered 401", "answered 401", "answered 404", "", ""):
            await job()
            await clock.advance(RETRY_AFTER / 1_000)
    assert [(line["log_level"], line["channel"], line.get("reason")) for line in told] == [
        ("warning", "webhook", "answered 401"),
        ("warning", "webhook", "answered 404"),
        ("info", "webhook", None),
    ]
