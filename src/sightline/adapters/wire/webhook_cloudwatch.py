"""Alarms of CloudWatch, as they stand in messages of SNS.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html.
"""

import re
from typing import Any, Final

import msgspec

from sightline.adapters.wire.fields import decode
from sightline.adapters.wire.hooked import Arrival, Hooked, Said, instant, taken
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import InvalidField, MalformedBody

_ALARM, _OK, _NO_DATA = "ALARM", "OK", "INSUFFICIENT_DATA"
_ZONE: Final = re.compile(r"([+-]\d\d)(\d\d)")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.~-]")
_ARN_REGION: Final = 3
_EXPECTED: Final = {
    **dict.fromkeys(
        (
            *("AlarmName", "AlarmDescription", "AWSAccountId", "AlarmArn", "Region", "NewStateValue", "NewStateReason"),
            *("StateChangeTime", "Namespace", "MetricName", "name", "value"),
        ),
        "a text",
    ),
    "Trigger": "an object",
    "Dimensions": "a list of objects with name and value",
}


class _Dimension(msgspec.Struct, gc=False):
    """One of a metric's."""

    name: str
    value: str


class _Metric(msgspec.Struct, gc=False):
    """What an alarm watches."""

    Namespace: str | None = None
    MetricName: str | None = None
    Dimensions: list[_Dimension] | None = None


class _MetricStat(msgspec.Struct, gc=False):
    Metric: _Metric | None = None


class _Query(msgspec.Struct, gc=False):
    """One of the metrics that an expression of an alarm is made of."""

    MetricStat: _MetricStat | None = None


class _Trigger(_Metric, gc=False):
    """What an alarm watches: one metric, or several by an expression."""

    Metrics: list[_Query] | None = None
    Threshold: float | None = None


class _AlarmBody(msgspec.Struct, gc=False):
    """An alarm as it is sent."""

    AlarmName: str
    NewStateValue: str
    AlarmDescription: str | None = None
    AWSAccountId: str | None = None
    AlarmArn: str | None = None
    Region: str | None = None
    NewStateReason: str | None = None
    StateChangeTime: str | None = None
    Trigger: _Trigger | None = None


_DECODER: Final = msgspec.json.Decoder(_AlarmBody)


def read_alarm(text: str, arrival: Arrival) -> Hooked:
    """What the text of a message brings.

    Raises:
        MalformedBody: it is no JSON, as what other programs publish to the topic.
        InvalidField: it is no alarm of CloudWatch.
    """
    try:
        alarm = decode(_DECODER, text.encode(), _EXPECTED)
    except (MalformedBody, InvalidField) as error:
        kind: Any = type(error)
        raise kind(f"Message: no alarm of CloudWatch: {error.message}", **error.detail) from None
    state = alarm.NewStateValue
    if state not in {_ALARM, _OK, _NO_DATA}:
        message = f"Message: NewStateValue: wants {_ALARM}, {_OK} or {_NO_DATA}, not {state[:80]!a}"
        raise InvalidField(message, field="NewStateValue")
    if state == _NO_DATA and arrival.no_data is Treatment.KEEP:
        return Hooked()
    is_firing = state == _ALARM or (state == _NO_DATA and arrival.no_data is Treatment.ALERT)
    changed = _ZONE.sub(r"\1:\2", alarm.StateChangeTime or "")
    at = instant(changed, "Message: StateChangeTime")
    said = Said(
        _labels(alarm),
        _annotations(alarm),
        is_firing,
        at if is_firing else None,
        None if is_firing else at,
        _page(alarm),
    )
    return Hooked([taken(said, "Message", arrival)])


def _labels(alarm: _AlarmBody) -> dict[str, str]:
    """Its own name and place, and the dimensions of its metric; one that is called like something of ours is `dimension_...`."""
    trigger = alarm.Trigger or _Trigger()
    own = {
        ALERT_NAME: alarm.AlarmName,
        "account_id": alarm.AWSAccountId or "",
        "region": _region(alarm),
        "namespace": trigger.Namespace or "",
        "metric_name": trigger.MetricName or "",
    }
    found: dict[str, str] = {}
    for one in _dimensions(trigger):
        found.setdefault(f"dimension_{one.name}" if one.name in own else one.name, one.value)
    return {**found, **own}


def _dimensions(trigger: _Trigger) -> list[_Dimension]:
    """Those of the metric; of several metrics those that are the same for all."""
    if trigger.Dimensions:
        return trigger.Dimensions
    metrics = [one.MetricStat.Metric for one in trigger.Metrics or () if one.MetricStat and one.MetricStat.Metric]
    every = [{one.name: one.value for one in metric.Dimensions or ()} for metric in metrics]
    if not every:
        return []
    return [_Dimension(name, text) for name, text in every[0].items() if all(one.get(name) == text for one in every)]


def _annotations(alarm: _AlarmBody) -> dict[str, str]:
    found = {
        "summary": f"{alarm.AlarmName} is {alarm.NewStateValue}",
        "description": alarm.AlarmDescription,
        "reason": alarm.NewStateReason,
        "state": alarm.NewStateValue,
    }
    return {name: text for name, text in found.items() if text}


def _region(alarm: _AlarmBody) -> str:
    """As in its ARN; where there is none in people's words."""
    parts = (alarm.AlarmArn or "").split(":")
    return parts[_ARN_REGION] if len(parts) > _ARN_REGION and parts[_ARN_REGION] else alarm.Region or ""


def _page(alarm: _AlarmBody) -> str:
    """Where people see the alarm."""
    parts = (alarm.AlarmArn or "").split(":")
    if len(parts) <= _ARN_REGION or not re.fullmatch(r"[a-z0-9-]{3,40}", parts[_ARN_REGION]) or parts[1] != "aws":
        return ""
    region = parts[_ARN_REGION]
    return (
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        f"#alarmsV2:alarm/{_escaped(alarm.AlarmName)}"
    )


def _escaped(text: str) -> str:
    """A text as it stands in an address."""
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)
