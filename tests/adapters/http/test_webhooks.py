"""Webhooks: alerts that other programs tell, and who may tell them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.adapters.http.stage import NOW, Stage
from tests.adapters.sns_topic import ARN, CERTIFICATE_URL, SUBSCRIBE_URL, Topic

from sightline.adapters.network.sns import KEPT, MAX_CERTIFICATES
from sightline.adapters.wire.webhook_mapping import read_mappings
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import StorageFull
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import DAY

Caller = Callable[..., httpx.AsyncClient]

_FIRING: Final[dict[str, Any]] = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "instance": "db1", "empty": ""},
    "annotations": {"summary": "full"},
    "startsAt": "2025-11-21T04:39:00.5Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://a/graph",
}
_LEGACY: Final[dict[str, Any]] = {
    "dashboardId": 1,
    "evalMatches": [{"value": 97.5, "metric": "sda", "tags": None}, {"value": None, "metric": "sdb"}],
    "imageUrl": "http://a/i.png",
    "message": "Somebody look",
    "ruleId": 7,
    "ruleName": "Disk",
    "ruleUrl": "http://a/d/1",
    "state": "alerting",
    "tags": {"team": "db"},
    "title": "[Alerting] Disk",
}
_ALARM: Final[dict[str, Any]] = {
    "AlarmName": "High CPU",
    "AlarmDescription": "Too much.",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed",
    "StateChangeTime": "2025-11-21T04:39:00.123+0000",
    "Region": "EU (Frankfurt)",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:High CPU",
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Dimensions": [{"value": "i-0123", "name": "InstanceId"}, {"value": "x", "name": "region"}],
        "Threshold": 80.0,
    },
}
_LABELS: Final = {
    "alertname": "High CPU",
    "account_id": "123456789012",
    "region": "eu-central-1",
    "namespace": "AWS/EC2",
    "metric_name": "CPUUtilization",
    "InstanceId": "i-0123",
    "dimension_region": "x",
}
_SNS: Final = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}


def posted(stage: Stage) -> list[PostedAlert]:
    """What the pipeline took, in order of labels."""
    return [alert for _, alert in sorted(stage.pipeline.known.get(DEFAULT_TENANT, {}).items())]


async def tell(client: httpx.AsyncClient, sender: str, body: Any) -> httpx.Response:
    """Post a body to a webhook."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post(f"/api/v1/webhooks/{sender}", content=data, headers={"Content-Type": "application/json"})


async def test_alerts_of_an_alertmanager_are_taken(client: httpx.AsyncClient, stage: Stage) -> None:
    """An alert comes with its labels, texts, start and page, fires until it is said to have ended, and then ended."""
    answer = await tell(client, "alertmanager", {"version": "4", "alerts": [_FIRING], "truncatedAlerts": 2})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"status": "success", "data": {"firing": 1, "resolved": 0, "leftOut": 2}}
    (alert,) = posted(stage)
    assert dict(alert.labels) == {"alertname": "DiskFull", "instance": "db1"}
    assert (dict(alert.annotations), alert.generator_url) == ({"summary": "full"}, "http://a/graph")
    assert (alert.starts_at, alert.ends_at, alert.timed) == (1_763_699_940_500, NOW + 7 * DAY, True)
    ended = {**_FIRING, "status": "resolved", "endsAt": "2025-11-21T04:39:30Z"}
    answer = await tell(client, "alertmanager", {"alerts": [ended]})
    assert answer.json()["data"] == {"firing": 0, "resolved": 1, "leftOut": 0}
    (alert,) = posted(stage)
    assert (alert.starts_at, alert.ends_at, alert.has_ended(NOW)) == (1_763_699_940_500, 1_763_699_970_000, True)


async def test_recorded_notifications_are_taken(client: httpx.AsyncClient, stage: Stage, recorded_data: Path) -> None:
    """What a real Alertmanager posted to a webhook is taken as it stands, every alert of it."""
    files = sorted((recorded_data / "alertmanager").glob("hook_*.json"))
    assert files
    for file in files:
        body = file.read_bytes()
        answer = await tell(client, "alertmanager", body)
        assert answer.status_code == 200, (file.name, answer.text)
        alerts = json.loads(body)["alerts"]
        resolved = sum(one["status"] == "resolved" for one in alerts)
        assert answer.json()["data"] == {"firing": len(alerts) - resolved, "resolved": resolved, "leftOut": 0}
        known = {tuple(sorted(one["labels"].items())) for one in alerts}
        assert known <= {tuple(alert.labels) for alert in posted(stage)}


async def test_what_grafana_adds_becomes_annotations(client: httpx.AsyncClient, stage: Stage) -> None:
    """Values, addresses of pages and of an image are annotations, and none stands in the place of one that is there."""
    added = {name: f"x:{name}" for name in ("silenceURL", "dashboardURL", "panelURL", "imageURL")}
    alert = {**_FIRING, **added, "valueString": "[ A=97 ]", "values": {"A": 97}, "panelURL": "", "fingerprint": "ab"}
    alert["annotations"] = {"imageURL": "own"}
    answer = await tell(client, "grafana", {"receiver": "r", "orgId": 1, "state": "alerting", "alerts": [alert]})
    assert answer.status_code == 200, answer.text
    assert dict(posted(stage)[0].annotations) == {
        "dashboardURL": "x:dashboardURL",
        "imageURL": "own",
        "silenceURL": "x:silenceURL",
        "valueString": "[ A=97 ]",
    }


@pytest.mark.parametrize(
    ("state", "no_data", "becomes"),
    [
        ("alerting", "", "firing"),
        ("ok", "", "resolved"),
        ("paused", "", "resolved"),
        ("pending", "", "nothing"),
        ("no_data", "", "firing"),
        ("no_data", "?no_data=alert", "firing"),
        ("no_data", "?no_data=ok", "resolved"),
        ("no_data", "?no_data=keep", "nothing"),
    ],
)
async def test_alerts_of_dashboards_are_taken(
    client: httpx.AsyncClient, stage: Stage, state: str, no_data: str, becomes: str
) -> None:
    """A rule of Grafana's earlier alerting is one alert, which fires, ended, or is not told of by the state."""
    answer = await tell(client, f"grafana{no_data}", {**_LEGACY, "state": state})
    assert answer.status_code == 200, answer.text
    if becomes == "nothing":
        assert posted(stage) == []
        return
    (alert,) = posted(stage)
    assert dict(alert.labels) == {"alertname": "Disk", "rule_id": "7", "team": "db"}
    assert dict(alert.annotations) == {
        "summary": "[Alerting] Disk",
        "description": "Somebody look",
        "valueString": "sda=97.5, sdb=null",
        "imageURL": "http://a/i.png",
        "state": state,
    }
    assert (alert.has_ended(NOW), alert.generator_url) == (becomes == "resolved", "http://a/d/1")


@pytest.mark.parametrize(
    ("sender", "body", "code", "said"),
    [
        ("alertmanager", b"{", "body_malformed", "no JSON"),
        ("alertmanager", b"", "body_malformed", "empty"),
        ("alertmanager", {}, "field_invalid", "alerts: is missing"),
        ("alertmanager", {"alerts": 1}, "field_invalid", "alerts: wants a list of alerts"),
        ("alertmanager", {"alerts": [_FIRING, {"status": "up"}]}, "field_invalid", "alerts[1].status: wants firing or"),
        ("alertmanager", {"alerts": [_FIRING, {"status": "firing"}]}, "field_invalid", "alerts[1]: at least one label"),
        ("alertmanager", {"alerts": [_FIRING, {**_FIRING, "labels": {"a": 1}}]}, "field_invalid", "alerts[1].labels"),
        ("alertmanager", {"alerts": [{**_FIRING, "startsAt": "x"}]}, "field_invalid", "alerts[0].startsAt: 'x' is no"),
        (
            "alertmanager",
            {"alerts": [{**_FIRING, "generatorURL": "x" * 65_537}]},
            "field_invalid",
            "alerts[0]: its addr",
        ),
        ("alertmanager", {"alerts": [_FIRING] * 10_001}, "bad_data", "alerts.request_alerts allows 10000"),
        ("grafana", {}, "field_invalid", "alerts: is missing, and so is the state"),
        ("grafana", {"state": "odd"}, "field_invalid", "state: wants one of alerting, ok, paused, pending, no_data"),
        ("grafana", {"state": "ok"}, "field_invalid", "ruleName: is missing"),
        ("grafana?no_data=maybe", _LEGACY, "parameter_invalid", "no_data: wants one of alert, keep, ok"),
        ("generic/none", {}, "not_found", "there is no webhook 'none': alerts.webhooks_file names none"),
        ("cloudwatch", {}, "field_invalid", "Type: is missing"),
        ("cloudwatch", b"null", "field_invalid", ""),
    ],
)
async def test_bad_bodies_are_refused_whole(
    client: httpx.AsyncClient, stage: Stage, sender: str, body: Any, code: str, said: str
) -> None:
    """Of a body that is wrong anywhere nothing is taken, and the answer says where."""
    answer = await tell(client, sender, body)
    assert answer.json()["code"] == code, answer.text
    assert said in answer.json()["error"]
    assert posted(stage) == []


async def test_a_mapping_is_used_by_its_name(client: httpx.AsyncClient, stage: Stage) -> None:
    """A body of any program is taken by the mapping that its address names, the one that counts at that time."""
    text = b"webhooks: {uptime: {labels: {alertname: $.monitor}, status: $.up, firing: ['false'], resolved: ['true']}}"
    stage.mappings = dict(read_mappings(text).mappings)
    answer = await tell(client, "generic/uptime", {"monitor": "shop", "up": False})
    assert answer.json()["data"] == {"firing": 1, "resolved": 0, "leftOut": 0}
    assert [dict(alert.labels) for alert in posted(stage)] == [{"alertname": "shop"}]
    answer = await tell(client, "generic/uptime", {"monitor": "shop", "up": "perhaps"})
    assert answer.json()["error"].startswith("alerts[0].status: 'perhaps' is none of firing")
    answer = await tell(client, "generic/other", {})
    assert answer.json()["error"] == "there is no webhook 'other': there are uptime"


async def test_large_bodies_are_taken(client: httpx.AsyncClient, stage: Stage) -> None:
    """A body of many alerts is taken like a small one."""
    alerts = [{**_FIRING, "labels": {"alertname": "a", "n": str(number)}} for number in range(1_000)]
    answer = await tell(client, "alertmanager", {"alerts": alerts})
    assert (answer.json()["data"]["firing"], len(posted(stage))) == (1_000, 1_000)


async def test_an_alert_is_taken_only_when_it_is_kept(client: httpx.AsyncClient, stage: Stage) -> None:
    """Where the log does not take an alert the sender is told to send it again."""
    stage.pipeline.fails = StorageFull("the disk is at its watermark")
    answer = await tell(client, "alertmanager", {"alerts": [_FIRING]})
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")


async def test_the_address_may_hold_the_token(caller: Caller) -> None:
    """At webhooks, and nowhere else, the parameter `token` counts as the token."""
    async with caller(token=b"0123456789abcdef") as client:
        for query, status in (("", 401), ("?token=wrong", 401), ("?token=0123456789abcdef", 200)):
            assert (await tell(client, f"alertmanager{query}", {"alerts": []})).status_code == status
        assert (await client.get("/api/v1/rules?token=0123456789abcdef")).status_code == 401


async def test_foreign_pages_tell_nothing(client: httpx.AsyncClient) -> None:
    """A form of a web page is not taken for JSON, and a page from elsewhere may not post to the topic's door either."""
    answer = await client.post("/api/v1/webhooks/generic/a", data={"a": "b"})
    assert answer.json()["code"] == "media_type_unsupported"
    headers = {"Origin": "http://evil.example", "Content-Type": "text/plain"}
    answer = await client.post("/api/v1/webhooks/cloudwatch", content=b"{}", headers=headers)
    assert answer.json()["code"] == "forbidden"


# CloudWatch. The topic is a stand-in that signs with a certificate of its own; nobody asks Amazon.


@pytest.fixture
def topic(stage: Stage, require_binary: Callable[[str, str], str], tmp_path: Path) -> Topic:
    """A topic whose certificate the stage's internet has."""
    made = Topic.make(require_binary("openssl", "openssl"), tmp_path)
    stage.internet = {CERTIFICATE_URL: made.certificate, SUBSCRIBE_URL: b"<ConfirmSubscriptionResponse/>"}
    return made


async def notify(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    """Post a message as SNS does."""
    return await client.post("/api/v1/webhooks/cloudwatch", content=body, headers=_SNS)


@pytest.mark.parametrize("version", ["1", "2"])
async def test_an_alarm_is_taken(client: httpx.AsyncClient, stage: Stage, topic: Topic, version: str) -> None:
    """An alarm that Amazon signed is an alert with the alarm's name, place and dimensions, and ends with it."""
    answer = await notify(client, topic.message("Notification", json.dumps(_ALARM), version, Subject='ALARM: "x"'))
    assert answer.status_code == 200, answer.text
    (alert,) = posted(stage)
    assert dict(alert.labels) == _LABELS
    assert dict(alert.annotations) == {
        "summary": "High CPU is ALARM",
        "description": "Too much.",
        "reason": "Threshold Crossed",
        "state": "ALARM",
    }
    assert (alert.starts_at, alert.timed) == (1_763_699_940_123, True)
    assert alert.generator_url.endswith("region=eu-central-1#alarmsV2:alarm/High%20CPU")
    over = {**_ALARM, "NewStateValue": "OK", "StateChangeTime": "2025-11-21T04:39:30.000+0000"}
    assert (await notify(client, topic.message("Notification", json.dumps(over), version))).status_code == 200
    (alert,) = posted(stage)
    assert (alert.starts_at, alert.ends_at) == (1_763_699_940_123, 1_763_699_970_000)
    assert stage.fetched == [CERTIFICATE_URL]


@pytest.mark.parametrize(("no_data", "fires"), [("", [True]), ("?no_data=ok", [False]), ("?no_data=keep", [])])
async def test_an_alarm_without_data(
    client: httpx.AsyncClient, stage: Stage, topic: Topic, no_data: str, fires: list[bool]
) -> None:
    """An alarm that has no data fires, ended or says nothing, as the address says."""
    body = topic.message("Notification", json.dumps({**_ALARM, "NewStateValue": "INSUFFICIENT_DATA"}))
    answer = await client.post(f"/api/v1/webhooks/cloudwatch{no_data}", content=body, headers=_SNS)
    assert answer.status_code == 200, answer.text
    assert [not alert.has_ended(NOW) for alert in posted(stage)] == fires


async def test_alarms_of_several_metrics(client: httpx.AsyncClient, stage: Stage, topic: Topic) -> None:
    """Of an alarm over an expression the dimensions are labels that all its metrics have; one of other alarms has none."""
    metric = {"Namespace": "AWS/EC2", "Dimensions": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}
    other = {"Namespace": "AWS/EC2", "Dimensions": [{"name": "a", "value": "1"}, {"name": "b", "value": "3"}]}
    queries = [{"Id": "e", "Expression": "m/n"}, {"MetricStat": {"Metric": metric}}, {"MetricStat": {"Metric": other}}]
    alarm = {"AlarmName": "x", "NewStateValue": "ALARM", "Trigger": {"Metrics": queries}}
    assert (await notify(client, topic.message("Notification", json.dumps(alarm)))).status_code == 200
    composite = {"AlarmName": "y", "NewStateValue": "ALARM", "AlarmRule": "ALARM(x)", "Region": "EU (Frankfurt)"}
    assert (await notify(client, topic.message("Notification", json.dumps(composite)))).status_code == 200
    found = {alert.labels.get("alertname"): dict(alert.labels) for alert in posted(stage)}
    assert found == {
        "x": {"alertname": "x", "a": "1"},
        "y": {"alertname": "y", "region": "EU (Frankfurt)"},
    }


async def test_a_subscription_is_confirmed(client: httpx.AsyncClient, stage: Stage, topic: Topic) -> None:
    """A subscription is confirmed at the address that Amazon signed, and its end changes nothing."""
    answer = await notify(client, topic.message("SubscriptionConfirmation", "You have chosen to subscribe"))
    assert answer.status_code == 200, answer.text
    assert stage.fetched == [CERTIFICATE_URL, SUBSCRIBE_URL]
    assert (await notify(client, topic.message("UnsubscribeConfirmation", "You have chosen"))).status_code == 200
    assert stage.fetched == [CERTIFICATE_URL, SUBSCRIBE_URL]
    assert posted(stage) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.eu-central-1.amazonaws.com.evil.example/",
        "https://evil.example/sns.eu-central-1.amazonaws.com/",
        "https://sns.eu-central-1.amazonaws.com@evil.example/",
        "https://user@sns.eu-central-1.amazonaws.com/",
        "https://sns.eu-central-1.amazonaws.com:8443/",
        "https://sns.eu-central-1.amazonaws.com\\@evil.example/",
        "https://169.254.169.254/latest/meta-data/",
        "https://sns..amazonaws.com/",
        "https://xsns.eu-central-1.amazonaws.com/",
    ],
)
async def test_only_amazon_is_asked(client: httpx.AsyncClient, stage: Stage, topic: Topic, url: str) -> None:
    """Neither a confirmation nor a certificate is asked for anywhere but at Amazon's own address, even where it is signed."""
    answer = await notify(client, topic.message("SubscriptionConfirmation", "", SubscribeURL=url))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "SubscribeURL leads elsewhere" in answer.json()["error"]
    answer = await notify(client, topic.message("Notification", "{}", SigningCertURL=f"{url}x.pem"))
    assert "SigningCertURL leads elsewhere" in answer.json()["error"]
    assert stage.fetched == [CERTIFICATE_URL]


async def test_only_what_is_signed_is_taken(client: httpx.AsyncClient, stage: Stage, topic: Topic) -> None:
    """A message that was changed, is signed otherwise or not at all, or came raw, is refused."""
    good = json.loads(topic.message("Notification", json.dumps(_ALARM)))
    changes = (
        {"Message": json.dumps({**_ALARM, "AlarmName": "other"})},
        {"Subject": "x"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"Signature": "AAAA"},
        {"Signature": "?"},
        {"Signature": ""},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com/?x=/SimpleNotificationService-0123456789abcdef.pem"},
    )
    for change in changes:
        answer = await notify(client, json.dumps({**good, **change}).encode())
        assert answer.json()["code"] == "forbidden", change
    answer = await client.post(
        "/api/v1/webhooks/cloudwatch", content=json.dumps(_ALARM), headers={"x-amz-sns-rawdelivery": "true"}
    )
    assert "turn raw message delivery off" in answer.json()["error"]
    assert posted(stage) == []


async def test_topics_can_be_named(client: httpx.AsyncClient, stage: Stage, topic: Topic, caller: Caller) -> None:
    """Where topics are named, messages of others are refused before anybody is asked."""
    stage.topics = (f"{ARN}-of-others",)
    async with caller() as strict:
        answer = await notify(strict, topic.message("SubscriptionConfirmation", ""))
    assert answer.json()["error"] == f"the topic '{ARN}' is not among alerts.sns_topics: add it there if it should be"
    assert stage.fetched == []
    assert (await notify(client, topic.message("Notification", json.dumps(_ALARM)))).status_code == 200


async def test_what_is_no_alarm_is_told(client: httpx.AsyncClient, stage: Stage, topic: Topic) -> None:
    """A message that other programs published to the topic is refused with what is missing."""
    for text, said in (
        ("Hello", "Message: no alarm of CloudWatch: the body is no JSON"),
        ("{}", "Message: no alarm of CloudWatch: AlarmName: is missing"),
        (json.dumps({**_ALARM, "NewStateValue": "X"}), "Message: NewStateValue: wants ALARM, OK or INSUFFICIENT_DATA"),
        (json.dumps({**_ALARM, "StateChangeTime": "X"}), "Message: StateChangeTime: 'X' is no time"),
    ):
        answer = await notify(client, topic.message("Notification", text))
        assert (answer.status_code, answer.json()["error"][: len(said)]) == (400, said)
    assert posted(stage) == []


async def test_certificates_are_kept_a_while(client: httpx.AsyncClient, stage: Stage, topic: Topic) -> None:
    """A certificate is asked for once a day, as many as a bound are kept, and while it cannot be had the sender is to try again."""
    body = topic.message("Notification", json.dumps(_ALARM))
    stage.internet.clear()
    answer = await notify(client, body)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    stage.internet[CERTIFICATE_URL] = b"<html>"
    answer = await notify(client, body)
    assert (
        answer.json()["error"]
        == "the certificate of the service cannot be used: no certificate in PEM, or a damaged one"
    )
    stage.internet[CERTIFICATE_URL] = topic.certificate
    for _ in range(2):
        assert (await notify(client, body)).status_code == 200
    assert len(stage.fetched) == 3
    await stage.clock.advance(KEPT)
    assert (await notify(client, body)).status_code == 200
    assert len(stage.fetched) == 4
    for number in range(MAX_CERTIFICATES):
        url = f"https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-{number:08}.pem"
        stage.internet[url] = topic.certificate
        await notify(client, topic.message("Notification", "{}", SigningCertURL=url))
    assert len(stage.fetched) == 4 + MAX_CERTIFICATES
    await notify(client, body)
    assert len(stage.fetched) == 5 + MAX_CERTIFICATES
