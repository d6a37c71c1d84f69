"""Alerts as HTTP POSTs: what is sent, and what answers mean."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.adapters.alertmanager_bodies import notified
from tests.adapters.plain_texts import PlainTexts
from tests.adapters.webhook_receiver import Receiver
from tests.notifications import alone

from sightline.adapters.outbound.notifiers.over_http import Outgoing, host_of
from sightline.adapters.outbound.notifiers.webhook import NEVER, Webhook, message
from sightline.compose.channels import notifiers
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification, Status, fingerprint
from sightline.domain.alerts.receiver import Options, Secret
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant
from sightline.settings.schema import Settings
from sightline.settings.schema import Webhook as WebhookSettings

pytestmark = pytest.mark.anyio

LABELS = Labels.of(alertname="HighCpuUsage", severity="critical", instance="web-1")


def notice(state: AlertState = AlertState.FIRING, external_url: str = "") -> Notification:
    """A notice about one alert, which began at one second and changed at two."""
    annotations = Labels.of(summary="CPU is at 93.4 %")
    alert = Alert(
        Tenant("team-a"), "HighCpuUsage", LABELS, annotations, state, 93.4, 1_000, 2_000, Reason.CONDITION_HELD
    )
    return alone(Notice(alert, AlertState.PENDING, 2_500), "webhook", external_url)


def webhook(url: str) -> Webhook:
    """The channel to an address."""
    return Webhook({"url": Secret(url)}, PlainTexts(), name="webhook", http=Outgoing())


async def test_a_firing_alert_has_alertmanagers_shape(receiver: Receiver) -> None:
    """The body is Alertmanager's webhook of version 4, a group of one alert that has no end yet."""
    await webhook(receiver.url).notify(notice(external_url="https://s.example/"))
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
                    "startsAt": "1970-01-01T00:00:01Z",
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
    await webhook(receiver.url).notify(notice(AlertState.RESOLVED))
    body = receiver.bodies[0]
    assert (body["status"], body["alerts"][0]["status"]) == ("resolved", "resolved")
    assert body["alerts"][0]["endsAt"] == "1970-01-01T00:00:02Z"


def test_bodies_are_those_of_alertmanager(recorded_data: Path) -> None:
    """What Alertmanager posted of some alerts is what is posted of them here."""
    found = sorted((recorded_data / "alertmanager").glob("hook_*.json"))
    # Times are ms here.
    bodies = [json.loads(re.sub(r"(:\d\d\.\d{3})\d+Z", r"\1Z", path.read_text())) for path in found]
    at = round(datetime(2026, 11, 22, tzinfo=UTC).timestamp() * 1_000)
    for body in bodies:
        assert message(notified(body, at), len(body["alerts"])) == body
    assert {body["status"] for body in bodies} == {"firing", "resolved"}


async def test_alerts_beyond_the_most_are_counted(receiver: Receiver) -> None:
    """With `max_alerts` the first are told, the number of others, and what is common to those that are told."""
    first = notice().alerts[0]
    alerts = tuple(replace(first, labels=Labels.of(alertname="A", n=str(number))) for number in range(5))
    options: Options = {"url": Secret(receiver.url), "max_alerts": 2}
    await Webhook(options, PlainTexts(), name="webhook", http=Outgoing()).notify(replace(notice(), alerts=alerts))
    body = receiver.bodies[0]
    assert [one["labels"]["n"] for one in body["alerts"]] == ["0", "1"]
    assert body["truncatedAlerts"] == 3


async def test_that_people_know_is_told(receiver: Receiver) -> None:
    """To receivers made for Alertmanager such an alert fires; others can see that it is acknowledged."""
    await webhook(receiver.url).notify(replace(notice(), status=Status.ACKNOWLEDGED))
    assert (receiver.bodies[0]["status"], receiver.bodies[0]["acknowledged"]) == ("firing", True)


async def test_the_address_can_stand_in_a_file(receiver: Receiver, tmp_path: Path) -> None:
    """The file is read at every notice, and one that is missing or holds no address is told without its content."""
    file = tmp_path / "url"
    one = Webhook({"url_file": str(file)}, PlainTexts(), name="webhook", http=Outgoing())
    with pytest.raises(Unavailable, match=r"url_file .*/url cannot be read: No such file"):
        await one.notify(notice())
    file.write_text(f"{receiver.url}/first\n")
    await one.notify(notice())
    file.write_text(f"{receiver.url}/second")
    await one.notify(notice())
    assert receiver.paths == ["POST /alerts/first", "POST /alerts/second"]
    receiver.status = 500
    receiver.body = b"no /alerts/second"
    with pytest.raises(Unavailable, match="no <secret>"):
        await one.notify(notice())
    file.write_text("hush")
    with pytest.raises(NoticeRefused, match="is none") as caught:
        await one.notify(notice())
    assert "hush" not in caught.value.message


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
    given = WebhookSettings(receiver.url, token_file=token, headers=("X-Team: ops: night",))
    notifier = notifiers(Settings(webhook=given))[1]
    with pytest.raises(Unavailable, match=r"credentials_file .*/token cannot be read: No such file"):
        await notifier.notify(notice())
    for text in ("first", "second"):
        token.write_text(f"{text}\n")
        await notifier.notify(notice())
    assert [each["authorization"] for each in receiver.requests] == ["Bearer first", "Bearer second"]
    assert receiver.requests[0]["x-team"] == "ops: night"
    token.write_text("two\nlines")
    with pytest.raises(NoticeRefused, match="secret in one line"):
        await notifier.notify(notice())


async def test_an_id_goes_along(receiver: Receiver) -> None:
    """What is told again has the header of the first time, which any id can be written into."""
    for one in ("team/ä/1", "team/ä/1", "team/b/1", "x" * 1_000):
        await webhook(receiver.url).notify(replace(notice(), id=one))
    found = [each["idempotency-key"] for each in receiver.requests]
    assert found[:3] == ["team/%C3%A4/1", "team/%C3%A4/1", "team/b/1"]
    assert len(found[3]) == 64


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "localhost:80", "http://", "http://x:99999", "http://a b/", "http://[::1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A wrong address stops the start and is not shown."""
    with pytest.raises(SettingsInvalid, match=r"webhook\.url"):
        webhook(url)


def test_hosts_are_shown_without_the_rest() -> None:
    """What is shown of an address is its host and port."""
    assert host_of("https://me:x@hooks.example/T1/x") == "hooks.example"
    assert host_of("http://[::1]:8000/") == "[::1]:8000"


@pytest.mark.parametrize("line", ["nothing", ": x", "A B: c", "X: a\nb", "Host: x", "content-type: x", "Ä: x"])
def test_a_header_that_is_none_is_refused(line: str) -> None:
    """A header must have a name and a value in one line, and be none that the program sets."""
    with pytest.raises(SettingsInvalid, match=r"webhook\.headers"):
        notifiers(Settings(webhook=WebhookSettings("http://127.0.0.1:1/", headers=(line,))))
