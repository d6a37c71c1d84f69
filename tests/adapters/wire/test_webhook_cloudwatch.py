"""Messages of SNS and alarms of CloudWatch: whatever comes, it is read or refused."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.hooked import Arrival
from sightline.adapters.wire.sns import is_certificate, is_of_sns, read_message, signed_text
from sightline.adapters.wire.webhook_cloudwatch import read_alarm
from sightline.domain.errors import BadData
from sightline.domain.tenancy import DEFAULT_TENANT

ARRIVAL = Arrival(DEFAULT_TENANT, 1_763_700_000_000)
_TEXTS = st.none() | st.text(max_size=12) | st.integers()
_DIMENSIONS = st.lists(st.fixed_dictionaries({"name": st.text(max_size=4), "value": st.text(max_size=4)}), max_size=3)
_TRIGGERS = st.fixed_dictionaries({}, optional={"Namespace": _TEXTS, "MetricName": _TEXTS, "Dimensions": _DIMENSIONS})
_ALARMS = st.fixed_dictionaries(
    {"AlarmName": st.text(max_size=8), "NewStateValue": st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA", "x"])},
    optional={
        "AlarmArn": st.just("arn:aws:cloudwatch:eu-central-1:1:alarm:x") | _TEXTS,
        "StateChangeTime": st.sampled_from(["2026-11-21T01:43:20.000+0000", "2026-11-21", ""]) | _TEXTS,
        "AWSAccountId": _TEXTS,
        "Trigger": st.none() | _TRIGGERS,
    },
)
_FIELDS = ("Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL")


@given(_ALARMS)
def test_any_alarm_is_taken_or_refused(alarm: dict[str, Any]) -> None:
    """An alarm is one alert that can be posted, or an error of ours says what is wrong with it."""
    try:
        (alert,) = read_alarm(json.dumps(alarm), ARRIVAL).alerts
    except BadData:
        return
    assert alert.labels.get("alertname") == alarm["AlarmName"]
    assert alert.ends_at is not None
    assert alert.starts_at <= alert.ends_at


@given(
    st.dictionaries(st.sampled_from(_FIELDS), st.text(max_size=10)),
    st.sampled_from(["Notification", "SubscriptionConfirmation", "x"]),
)
def test_any_message_is_read_or_refused(changes: dict[str, str], kind: str) -> None:
    """A message has all that is signed, or is refused."""
    fields = {**dict.fromkeys(_FIELDS, "a"), "Type": kind, **changes}
    try:
        message = read_message(json.dumps(fields).encode())
    except BadData:
        return
    assert signed_text(message).endswith(f"\nType\n{message.Type}\n".encode())


@given(st.text(max_size=80) | st.from_regex(r"https://sns\.[a-z-]{3,9}\.amazonaws\.com[^/].*", fullmatch=True))
def test_other_addresses_are_not_of_the_service(url: str) -> None:
    """What is not just so behind the host is another host, or none."""
    assert not is_certificate(url)
    if is_of_sns(url):
        assert url.partition(".amazonaws.com")[2].startswith((":443/", ".cn/", ".cn:443/", "/"))
