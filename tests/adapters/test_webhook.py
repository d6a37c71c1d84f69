"""Alerts as HTTP POSTs: what is sent, and what answers mean."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.webhook_receiver import Receiver, receiving

from sightline.adapters.outbound.notifiers.webhook import (
    NEVER,
    WebhookNotifier,
    WebhookSettings,
    checked_headers,
    checked_host,
)
from sightline.application.notify import alone
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification, fingerprint
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant

pytestmark = pytest.mark.anyio

LABELS = Labels.of(alertname="HighCpuUsage", severity="critical", instance="web-1")


def notice(state: AlertState = AlertState.FIRING, external_url: str = "") -> Notification:
    """A notice about one alert, which began at one second and changed at two."""
    annotations = Labels.of(summary="CPU is at 93.4 %")
    alert = Alert(
        Tenant("team-a"), "HighCpuUsage", LABELS, annotations, state, 93.4, 1_000, 2_000, Reason.CONDITION_HELD
    )
    return alone(Notice(alert, AlertState.PENDING, 2_500), "webhook", external_url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with receiving() as found:
        yield found


async def test_a_firing_alert_has_alertmanagers_shape(receiver: Receiver) -> None:
    """The body is Alertmanager's webhook of version 4, a group of one alert that has no end yet."""
    await WebhookNotifier(WebhookSettings(receiver.url)).notify(notice(external_url="https://s.example/"))
    labels = {"alertname": "HighCpuUsage", "severity": "critical", "instance": "web-1"}
    annotations = {"summary": "CPU is at 93.4 %"}
    assert receiver.bodies == [
        {
            "version": "4",
            "groupKey": '{}:{alertname="HighCpuUsage"}',
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "webhook",
            "groupLabels": {"alertname": "HighCpuUsage"},
            "commonLabels": labels,
            "commonAnnotations": annotations,
            "externalURL": "https://s.example/",
            "alerts": [
                {
                    "status": "firing",
                    "labels": labels,
                    "annotations": annotations,
                    "startsAt": "1970-01-01T00:00:01.000Z",
                    "endsAt": NEVER,
                    "generatorURL": "https://s.example/ui/alerts",
                    "fingerprint": fingerprint(LABELS),
                }
            ],
        }
    ]
    assert receiver.requests[0]["content-type"] == "application/json"
    assert receiver.requests[0]["x-scope-orgid"] == "team-a"


async def test_a_resolved_alert_has_an_end(receiver: Receiver) -> None:
    """A resolve says so twice and names the moment."""
    await WebhookNotifier(WebhookSettings(receiver.url)).notify(notice(AlertState.RESOLVED))
    body = receiver.bodies[0]
    assert (body["status"], body["alerts"][0]["status"]) == ("resolved", "resolved")
    assert body["alerts"][0]["endsAt"] == "1970-01-01T00:00:02.000Z"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        # Computed by the definition of FNV-1a 64; the empty set is its offset basis.
        (Labels(), "cbf29ce484222325"),
        (Labels.of(a="b"), f"{0xAF63DC4C8601EC8C:016x}"),
    ],
)
def test_a_fingerprint_is_fnv_1a(labels: Labels, expected: str) -> None:
    """The fingerprint is the hash of names and values with their separators, beginning at FNV's offset basis."""
    if not labels:
        assert fingerprint(labels) == expected
        return
    digest = 0xCBF29CE484222325
    for byte in b"a\xffb\xff":
        digest = ((digest ^ byte) * 0x100000001B3) % 2**64
        if byte == ord("a"):
            assert f"{digest:016x}" == expected  # the published hash of the one letter
    assert fingerprint(labels) == f"{digest:016x}"


async def test_token_and_headers_are_sent(receiver: Receiver, tmp_path: Path) -> None:
    """The token is read at every notice, so that a changed one counts at once; headers of the settings go along."""
    token = tmp_path / "token"
    settings = WebhookSettings(receiver.url, token_file=token, headers=("X-Team: ops: night",))
    notifier = WebhookNotifier(settings)
    with pytest.raises(Unavailable, match=r"webhook\.token_file .* cannot be read"):
        await notifier.notify(notice())
    for text in ("first", "second"):
        token.write_text(f"{text}\n")
        await notifier.notify(notice())
    assert [each["authorization"] for each in receiver.requests] == ["Bearer first", "Bearer second"]
    assert receiver.requests[0]["x-team"] == "ops: night"
    token.write_text("two\nlines")
    with pytest.raises(NoticeRefused, match="token in one line"):
        await notifier.notify(notice())


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_not_now_is_unavailable(receiver: Receiver, status: int) -> None:
    """Too many requests and failures of the receiver are worth another try."""
    receiver.status = status
    with pytest.raises(Unavailable, match=str(status)):
        await WebhookNotifier(WebhookSettings(receiver.url)).notify(notice())


@pytest.mark.parametrize("status", [301, 400, 401, 404, 413])
async def test_never_is_a_refusal(receiver: Receiver, status: int) -> None:
    """What would be answered alike again is a refusal that shows the answer; a redirection is not followed."""
    receiver.status = status
    receiver.body = b"no such\nhook"
    receiver.headers = {"Location": receiver.url}
    with pytest.raises(NoticeRefused, match=rf"{status} \(no such hook\); check webhook\.url"):
        await WebhookNotifier(WebhookSettings(receiver.url)).notify(notice())
    assert len(receiver.requests) == 1


async def test_a_receiver_that_hangs_is_unavailable(receiver: Receiver) -> None:
    """A receiver that takes the body and says nothing costs no more than the timeout."""
    receiver.silent = threading.Event()
    with pytest.raises(Unavailable, match=r"did not answer within 0\.05 s \(webhook\.timeout\)"):
        await WebhookNotifier(WebhookSettings(receiver.url, timeout=0.05)).notify(notice())


async def test_secrets_stay_out_of_messages(receiver: Receiver) -> None:
    """Neither the password nor the path of an address shows in an error or in the settings' own text."""
    receiver.close()
    url = receiver.url.replace("http://", "http://me:hidden@").replace("/alerts", "/services/hidden")
    settings = WebhookSettings(url, headers=("X-Key: hidden",))
    with pytest.raises(Unavailable) as caught:
        await WebhookNotifier(settings).notify(notice())
    assert "hidden" not in f"{caught.value.message} {settings}"


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "localhost:80", "http://", "http://x:99999", "http://a b/", "http://[::1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A wrong address stops the start and is not shown."""
    with pytest.raises(SettingsInvalid, match=r"webhook\.url"):
        WebhookNotifier(WebhookSettings(url))


def test_hosts_are_shown_without_the_rest() -> None:
    """What is shown of an address is its host and port."""
    assert checked_host("https://me:x@hooks.example/T1/x") == "hooks.example"
    assert checked_host("http://[::1]:8000/") == "[::1]:8000"


@pytest.mark.parametrize("line", ["nothing", ": x", "A B: c", "X: a\nb", "Host: x", "content-type: x", "Ä: x"])
def test_a_header_that_is_none_is_refused(line: str) -> None:
    """A header must have a name and a value in one line, and be none that the program sets."""
    with pytest.raises(SettingsInvalid, match=r"webhook\.headers"):
        checked_headers((line,))
