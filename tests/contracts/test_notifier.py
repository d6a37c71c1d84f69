"""What every notifier promises, proven on each.

A channel over HTTP is a row in SERVICES: the far end is a server on loopback that stands in for the service. Other channels are
rows in ADAPTERS alone.
"""

import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple

import pytest
from tests.adapters.mail_server import MailServer
from tests.adapters.plain_texts import PlainTexts
from tests.adapters.webhook_receiver import Receiver

from sightline.adapters.outbound.memory.notifier import MemoryNotifier
from sightline.adapters.outbound.notifiers.apprise import AppriseChannel
from sightline.adapters.outbound.notifiers.console import ConsoleNotifier
from sightline.adapters.outbound.notifiers.discord import Discord
from sightline.adapters.outbound.notifiers.email import Email
from sightline.adapters.outbound.notifiers.msteams import MsTeams, MsTeamsV2
from sightline.adapters.outbound.notifiers.ntfy import Ntfy
from sightline.adapters.outbound.notifiers.opsgenie import Opsgenie
from sightline.adapters.outbound.notifiers.over_http import Outgoing
from sightline.adapters.outbound.notifiers.pagerduty import PagerDuty
from sightline.adapters.outbound.notifiers.slack import Slack
from sightline.adapters.outbound.notifiers.telegram import Telegram
from sightline.adapters.outbound.notifiers.webhook import Webhook
from sightline.compose.channels import Make
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification, Status, in_order
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.receiver import Options, Secret
from sightline.domain.alerts.trial import TRIAL, trial
from sightline.domain.errors import NoticeRefused, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.ports.notifier import Notifier

pytestmark = pytest.mark.anyio

HUSH: Final = "hush-0123456789"
"""The secret of every row: in its address, or wherever the service wants it."""
AWKWARD: Final = "ünï 漢字 🔥 \x1b[31m \x00 \t \u202e <b> & \"'` {{ .x }}"


class Channel(NamedTuple):
    """A notifier, what its far end got so far as text, and what makes the far end go away, which may happen twice."""

    notifier: Notifier
    arrived: Callable[[], list[str]]
    go_away: Callable[[], None]


class Service(NamedTuple):
    """A channel over HTTP.

    make: its class. options: for a far end at this address, which ends in a path; HUSH is in them. body: what the service
    answers when it takes a notice, with `media_type`. limits: where in the body texts stand that are cut, as `embeds.0.title`,
    and after how many characters. try_again, never: some statuses of each kind.
    """

    make: Make
    options: Callable[[str], Options]
    limits: Mapping[str, int] = {}
    body: bytes = b"ok"
    media_type: str = "text/plain"
    try_again: tuple[int, ...] = (429, 500, 502, 503)
    never: tuple[int, ...] = (301, 400, 401, 404, 413)


def webhook_options(url: str) -> Options:
    """A secret in the path, and one in a header."""
    return {"url": Secret(f"{url}/{HUSH}"), "http_config": {"authorization": {"credentials": Secret(HUSH)}}}


def with_secret_path(option: str) -> Callable[[str], Options]:
    """The address alone is the secret."""
    return lambda url: {option: Secret(f"{url}/{HUSH}")}


def slack_bot_options(url: str) -> Options:
    """A bot's token is the secret."""
    return {
        "api_url": Secret(url),
        "channel": "#ops",
        "http_config": {"authorization": {"credentials": Secret(HUSH)}},
    }


def pagerduty_v1(options: Options, texts: NoticeTexts, *, name: str, http: Outgoing) -> PagerDuty:
    """Where events of version 1 go is no setting, so the stand-in's address is given here."""
    return PagerDuty(options, texts, name=name, http=http, v1_url=str(options["url"]))


SLACK_LIMITS: Final = {"attachments.0.title": 1_024, "attachments.0.text": 40_000, "attachments.0.fallback": 40_000}

SERVICES: dict[str, Service] = {
    "webhook": Service(Webhook, webhook_options),
    "slack": Service(Slack, with_secret_path("api_url"), SLACK_LIMITS),
    "slack bot": Service(Slack, slack_bot_options, SLACK_LIMITS, b'{"ok":true}', "application/json; charset=utf-8"),
    "discord": Service(
        Discord,
        lambda url: {**with_secret_path("webhook_url")(url), "content": "{{ . }}"},
        {"embeds.0.title": 256, "embeds.0.description": 4_096, "content": 2_000},
        b"",
    ),
    "msteams": Service(MsTeams, with_secret_path("webhook_url"), body=b"1"),
    "msteamsv2": Service(MsTeamsV2, with_secret_path("webhook_url"), body=b""),
    "pagerduty": Service(
        PagerDuty,
        lambda url: {"url": url, "routing_key": Secret(HUSH)},
        {"payload.summary": 1_024},
        b'{"status":"success"}',
        "application/json",
    ),
    "pagerduty service": Service(
        pagerduty_v1,
        lambda url: {"url": url, "service_key": Secret(HUSH)},
        {"description": 1_024},
        b'{"status":"success"}',
        "application/json",
        try_again=(403, 429, 500, 502, 503),
    ),
    "opsgenie": Service(
        Opsgenie,
        lambda url: {"api_url": url, "api_key": Secret(HUSH)},
        {"message": 130, "description": 15_000, "source": 100},
        b'{"result":"Request will be processed"}',
        "application/json",
    ),
    "ntfy": Service(
        Ntfy,
        lambda url: {"url": url, "topic": "ops", "token": Secret(HUSH)},
        {"title": 250},
        b'{"event":"message"}',
        "application/json",
    ),
    "telegram": Service(
        Telegram,
        lambda url: {"api_url": url, "bot_token": Secret(HUSH), "chat_id": -1001},
        {"text": 4_096},
        b'{"ok":true}',
        "application/json",
    ),
}


def memory() -> Channel:
    """Arrives in a list."""
    notifier = MemoryNotifier()
    return Channel(notifier, lambda: [str(each) for each in notifier.taken], lambda: notifier.fail(1_000))


def console() -> Channel:
    """Arrives as lines in a stream."""
    stream = io.StringIO()
    return Channel(ConsoleNotifier(stream), lambda: stream.getvalue().splitlines(), stream.close)


def email() -> Channel:
    """Arrives as mail at a server on loopback."""
    server = MailServer()
    server.open()
    options: Options = {
        "smarthost": f"127.0.0.1:{server.port}",
        "from": "sightline@example.org",
        "to": "ops@example.org",
        "require_tls": False,
    }
    return Channel(Email(options, PlainTexts()), lambda: [mail.shown for mail in server.mails], server.close)


def apprise() -> Channel:
    """Arrives at a server on loopback, to which the library posts JSON."""
    receiver = Receiver()
    receiver.open()
    url = receiver.url.replace("http://", "json://")
    channel = AppriseChannel({"url": Secret(f"{url}/{HUSH}")}, PlainTexts(), name="apprise")
    return Channel(channel, lambda: [str(body) for body in receiver.bodies], receiver.close)


def over_http(name: str) -> Channel:
    """Arrives at a server on loopback."""
    receiver = standing_in(SERVICES[name])
    return Channel(made(name, receiver.url), lambda: [str(body) for body in receiver.bodies], receiver.close)


ADAPTERS: dict[str, Callable[[], Channel]] = {
    "memory": memory,
    "console": console,
    "email": email,
    "apprise": apprise,
    **{name: partial(over_http, name) for name in SERVICES},
}


def standing_in(service: Service) -> Receiver:
    """A far end that answers as the service does when it takes a notice."""
    receiver = Receiver(body=service.body, headers={"Content-Type": service.media_type})
    receiver.open()
    return receiver


def made(name: str, url: str, http: Outgoing | None = None, **further: Any) -> Notifier:
    """The channel of a row for a far end at this address."""
    service = SERVICES[name]
    return service.make({**service.options(url), **further}, PlainTexts(), name=name, http=http or Outgoing())


@pytest.fixture(params=ADAPTERS)
def channel(request: pytest.FixtureRequest) -> Iterator[Channel]:
    """Each channel in turn; its far end is away in the end."""
    found = ADAPTERS[request.param]()
    yield found
    found.go_away()


class FarEnd(NamedTuple):
    """A row, and the server that stands in for its service."""

    name: str
    service: Service
    receiver: Receiver

    def channel(self, http: Outgoing | None = None, **further: Any) -> Notifier:
        """The channel to it."""
        return made(self.name, self.receiver.url, http, **further)


@contextmanager
def open_far_end(name: str) -> Iterator[FarEnd]:
    """It listens until the end."""
    receiver = standing_in(SERVICES[name])
    try:
        yield FarEnd(name, SERVICES[name], receiver)
    finally:
        if receiver.silent is not None:
            receiver.silent.set()
        receiver.close()


@pytest.fixture(params=SERVICES)
def far_end(request: pytest.FixtureRequest) -> Iterator[FarEnd]:
    """Each channel over HTTP in turn."""
    with open_far_end(request.param) as found:
        yield found


def alert(name: str, *, ended: bool = False, summary: str = "too hot", **labels: str) -> PostedAlert:
    """An alert that began at one second and, where it has, ended at two."""
    found = Labels.of({"alertname": name, "severity": "critical", "instance": "web-1", **labels})
    return PostedAlert(
        DEFAULT_TENANT, found, Labels.of(summary=summary), 1_000, 2_000 if ended else None, 2_000, value=93.4
    )


def group(*alerts: PostedAlert, status: Status | None = None) -> Notification:
    """A notification about some alerts, at three seconds."""
    name = alerts[0].labels.get("alertname")
    firing = any(not each.has_ended(3_000) for each in alerts)
    return Notification(
        id=f"team/{name}/3000",
        tenant=DEFAULT_TENANT,
        receiver="team",
        group_key=f'{{}}:{{alertname="{name}"}}',
        group_labels=Labels.of(alertname=name),
        status=status or (Status.FIRING if firing else Status.RESOLVED),
        alerts=in_order(alerts),
        at=3_000,
        external_url="https://sightline.example",
    )


def notice(name: str = "Hot") -> Notification:
    """A notification about one alert that can be recognised by its name."""
    return group(alert(name))


def within(body: Any, path: str) -> str:
    """The text that stands at a place of a body."""
    for part in path.split("."):
        body = body[int(part)] if isinstance(body, list) else body[part]
    assert isinstance(body, str)
    return body


def texts(body: Any) -> Iterator[str]:
    """All texts of a body."""
    if isinstance(body, str):
        yield body
    for one in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from texts(one)


async def test_a_channel_has_a_name(channel: Channel) -> None:
    """The name is a word that stays the same."""
    assert channel.notifier.name
    assert channel.notifier.name == channel.notifier.name


async def test_notices_arrive_in_order(channel: Channel) -> None:
    """When notify returned, the far end has the notice, after those that came before."""
    for number, name in enumerate(("First", "Second"), start=1):
        await channel.notifier.notify(notice(name))
        assert len(channel.arrived()) == number
        assert name in channel.arrived()[-1]


async def test_a_resolve_arrives_too(channel: Channel) -> None:
    """A notice that an alert resolved is handed over like any other."""
    await channel.notifier.notify(group(alert("Hot", ended=True)))
    assert "RESOLVED" in channel.arrived()[0].upper()


async def test_that_people_know_arrives_too(channel: Channel) -> None:
    """A notice that an alert fires but is acknowledged is handed over like any other."""
    await channel.notifier.notify(group(alert("Hot"), status=Status.ACKNOWLEDGED))
    assert "Hot" in channel.arrived()[0]


async def test_a_group_arrives_whole(channel: Channel) -> None:
    """Of a group of several alerts all are told, those that fire and those that do no longer."""
    await channel.notifier.notify(
        group(
            alert("Hot", instance="web-1"), alert("Hot", instance="web-2"), alert("Hot", instance="web-3", ended=True)
        )
    )
    for instance in ("web-1", "web-2", "web-3"):
        assert instance in " ".join(channel.arrived())


async def test_a_trial_arrives(channel: Channel) -> None:
    """Every channel takes a test notice."""
    await channel.notifier.notify(trial("team", 3_000))
    assert TRIAL in channel.arrived()[0]


async def test_a_channel_whose_far_end_is_away_is_unavailable(channel: Channel) -> None:
    """A notice that cannot be handed over is an error every time, so that the caller can try again."""
    channel.go_away()
    for _ in range(2):
        with pytest.raises(Unavailable, match=channel.notifier.name):
            await channel.notifier.notify(notice())


# What is said of channels over HTTP.


async def test_not_now_is_unavailable(far_end: FarEnd) -> None:
    """Too many requests and failures of the service are worth another try, which the channel leaves to the caller."""
    for status in far_end.service.try_again:
        far_end.receiver.status = status
        with pytest.raises(Unavailable, match=str(status)) as caught:
            await far_end.channel().notify(notice())
        assert caught.value.detail == {}
    assert len(far_end.receiver.requests) == len(far_end.service.try_again)


async def test_never_is_a_refusal(far_end: FarEnd) -> None:
    """What would be answered alike again is a refusal that shows the answer; a redirection is not followed."""
    far_end.receiver.headers["Location"] = far_end.receiver.url
    far_end.receiver.body = b"no such\n\x1b\x00hook\xff"
    for status in far_end.service.never:
        far_end.receiver.status = status
        with pytest.raises(NoticeRefused, match=rf"{status} \(no such hook\ufffd\)"):
            await far_end.channel().notify(notice())
    assert len(far_end.receiver.requests) == len(far_end.service.never)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "999999999"}, 60.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:29:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
    ],
)
async def test_how_long_to_wait_is_told(far_end: FarEnd, headers: dict[str, str], seconds: float | None) -> None:
    """The wait that a service asks for, in seconds or as a time, is in the error's detail, and no longer than the limit."""
    far_end.receiver.status = far_end.service.try_again[0]
    far_end.receiver.headers |= headers
    with pytest.raises(Unavailable) as caught:
        await far_end.channel(Outgoing(max_retry_after=60)).notify(notice())
    assert caught.value.detail == ({} if seconds is None else {"retry_after": seconds})


async def test_a_service_that_hangs_is_unavailable(far_end: FarEnd) -> None:
    """A service that takes the notice and says nothing costs no more than the time-out, the options' or everybody's."""
    far_end.receiver.silent = threading.Event()
    given = rf" \({far_end.name}\.timeout\)$"
    for one, setting in ((far_end.channel(timeout=50), given), (far_end.channel(Outgoing(timeout=0.05)), "$")):
        with pytest.raises(Unavailable, match=rf"did not answer within 0\.05 s{setting}"):
            await one.notify(notice())


async def test_secrets_are_not_shown(far_end: FarEnd, caplog: pytest.LogCaptureFixture) -> None:
    """No error, log or repr shows a secret, even where the service repeats it."""
    caplog.set_level(logging.DEBUG)
    one = far_end.channel()
    said = [repr(one), repr(vars(one))]
    service = far_end.service
    # Also where what is shown of an answer ends within it.
    bodies = [f"no {far_end.receiver.url}/{HUSH}", *(f"{'x' * before}{HUSH}" for before in range(80, 320, 10))]
    for status in (*service.try_again, *service.never, 200, 0):
        far_end.receiver.status = status
        if not status:
            far_end.receiver.close()
        for body in bodies if status in {200, service.never[0]} else bodies[:1]:
            far_end.receiver.body = body.encode()
            try:
                await one.notify(notice())
            except (Unavailable, NoticeRefused) as error:
                said += [error.message, repr(error), str(error.__cause__)]
    said += [record.getMessage() for record in caplog.records]
    assert HUSH[:8] not in " ".join(said)
    assert "<secret>" in " ".join(said)


async def test_awkward_characters_arrive(far_end: FarEnd) -> None:
    """Other scripts, control characters and what means something to JSON or HTML arrive as they are."""
    await far_end.channel().notify(group(alert("Hot", summary=AWKWARD)))
    assert any(AWKWARD in text for text in texts(far_end.receiver.bodies[0]))


async def test_long_texts_are_cut(far_end: FarEnd) -> None:
    """Texts are cut to what the service takes, between characters, and end in an ellipsis."""
    await far_end.channel().notify(group(alert("Hot", summary="🔥" * 100_000)))
    body = far_end.receiver.bodies[0]
    for place, most in far_end.service.limits.items():
        text = within(body, place)
        assert (len(text), text[-1]) == (most, "…"), place


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "metadata.example"])
async def test_metadata_of_clouds_is_not_reached(far_end: FarEnd, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address of a cloud's metadata is refused, under whatever name it is reached."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: found)
    one = made(far_end.name, f"http://{host}/latest")
    with pytest.raises(NoticeRefused, match=r"set alerts\.allow_metadata_addresses if that is meant"):
        await one.notify(notice())


async def test_another_address_of_a_name_is_reached(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a name that has a link-local address too, as on a local network, the others are used."""
    port = int(far_end.receiver.url.split(":")[2].split("/")[0])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("169.254.1.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: found)
    one = made(far_end.name, far_end.receiver.url.replace("127.0.0.1", "printer.example"))
    await one.notify(notice())
    assert len(far_end.receiver.requests) == 1
    far_end.receiver.close()
    with pytest.raises(Unavailable, match=r"printer\.example"):
        await one.notify(notice())


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
    for name in ("A", "B", "C"):
        await notifier.notify(notice(name))
    assert [each.group_labels.get("alertname") for each in notifier.taken] == ["B", "C"]
