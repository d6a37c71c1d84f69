"""What every notifier promises, proven on each."""

import io
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from tests.adapters.webhook_receiver import Receiver

from sightline.adapters.outbound.memory.notifier import MemoryNotifier
from sightline.adapters.outbound.notifiers.console import ConsoleNotifier
from sightline.adapters.outbound.notifiers.webhook import WebhookNotifier, WebhookSettings
from sightline.application.notify import alone
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.ports.notifier import Notifier

pytestmark = pytest.mark.anyio


class Channel(NamedTuple):
    """A notifier, what its far end got so far as text, and what makes the far end go away, which may happen twice."""

    notifier: Notifier
    arrived: Callable[[], list[str]]
    go_away: Callable[[], None]


def memory() -> Channel:
    """Arrives in a list."""
    notifier = MemoryNotifier()
    return Channel(notifier, lambda: [str(each) for each in notifier.taken], lambda: notifier.fail(1_000))


def console() -> Channel:
    """Arrives as lines in a stream."""
    stream = io.StringIO()
    return Channel(ConsoleNotifier(stream), lambda: stream.getvalue().splitlines(), stream.close)


def webhook() -> Channel:
    """Arrives as a POST at a server on loopback."""
    receiver = Receiver()
    receiver.open()
    notifier = WebhookNotifier(WebhookSettings(receiver.url))
    return Channel(notifier, lambda: [str(body) for body in receiver.bodies], receiver.close)


ADAPTERS: dict[str, Callable[[], Channel]] = {
    "memory": memory,
    "console": console,
    "webhook": webhook,
}


@pytest.fixture(params=ADAPTERS)
def channel(request: pytest.FixtureRequest) -> Iterator[Channel]:
    """Each channel in turn; its far end is away in the end."""
    found = ADAPTERS[request.param]()
    yield found
    found.go_away()


def notice(rule: str, state: AlertState = AlertState.FIRING) -> Notification:
    """A notification that can be recognised by its rule."""
    labels = Labels.of(alertname=rule, severity="critical", instance="web-1")
    alert = Alert(DEFAULT_TENANT, rule, labels, Labels(), state, 93.4, 1_000, 2_000, Reason.CONDITION_HELD)
    return alone(Notice(alert, AlertState.PENDING, 2_000), "memory")


async def test_a_channel_has_a_name(channel: Channel) -> None:
    """The name is a word that stays the same."""
    assert channel.notifier.name
    assert channel.notifier.name == channel.notifier.name


async def test_notices_arrive_in_order(channel: Channel) -> None:
    """When notify returned, the far end has the notice, after those that came before."""
    for number, rule in enumerate(("First", "Second"), start=1):
        await channel.notifier.notify(notice(rule))
        assert len(channel.arrived()) == number
        assert rule in channel.arrived()[-1]


async def test_a_resolve_arrives_too(channel: Channel) -> None:
    """A notice that an alert resolved is handed over like any other."""
    await channel.notifier.notify(notice("Hot", AlertState.RESOLVED))
    assert "RESOLVED" in channel.arrived()[0].upper()


async def test_a_channel_whose_far_end_is_away_is_unavailable(channel: Channel) -> None:
    """A notice that cannot be handed over is an error every time, so that the caller can try again."""
    channel.go_away()
    for _ in range(2):
        with pytest.raises(Unavailable, match=channel.notifier.name):
            await channel.notifier.notify(notice("Hot"))


# What is said of the memory notifier alone.


async def test_memory_fails_as_often_as_it_was_told() -> None:
    """Told to fail once, it refuses one notice and takes the next."""
    notifier = MemoryNotifier()
    notifier.fail(1)
    with pytest.raises(Unavailable):
        await notifier.notify(notice("First"))
    await notifier.notify(notice("Second"))
    assert [each.group_labels.get("alertname") for each in notifier.taken] == ["Second"]


async def test_memory_keeps_the_latest_only() -> None:
    """Beyond its bound it forgets the oldest."""
    notifier = MemoryNotifier(kept=2)
    for rule in ("A", "B", "C"):
        await notifier.notify(notice(rule))
    assert [each.group_labels.get("alertname") for each in notifier.taken] == ["B", "C"]
