"""The data of a notification in JSON, as `amtool template render` takes it.

Source: https://pkg.go.dev/github.com/prometheus/alertmanager/template#Data.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sightline.domain.alerts.go_time import ZERO, Moment, parse_moment
from sightline.domain.alerts.notice_data import KV, Alerts, NoticeAlert, NoticeData
from sightline.domain.errors import BadData, MalformedBody, Unprocessable

_MINUTE: Final = 60_000_000_000
_COMMON_LABELS: Final = {"commonlabelkey1": "commonlabelvalue1", "commonlabelkey2": "commonlabelvalue2"}
_COMMON_ANNOTATIONS: Final = {
    "commonannotationkey1": "commonannotationvalue1",
    "commonannotationkey2": "commonannotationvalue2",
}
_ALERTS: Final = (
    (
        {"label1": "value1", "label2": "value2", "instance": "foo.bar:1234"},
        {"annotation1": "value1", "annotation2": "value2"},
    ),
    ({"foo": "bar", "baz": "qux"}, {"aaa": "bbb", "ccc": "ddd"}),
)


def read_notice(text: bytes, now: Moment) -> NoticeData:
    """Read the data; what it does not have is empty, and names that are not known are passed over.

    Raises:
        BadData: no such data; the message names the field.
    """
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise MalformedBody(f"the data is no JSON: {error}") from None
    fields = _fields(found, "the data")
    alerts = fields.get("alerts")
    if not isinstance(alerts, list | None):
        raise BadData("alerts: must be a list")
    return NoticeData(
        now,
        _text(fields, "receiver"),
        _text(fields, "status"),
        Alerts(_alert(one, f"alerts[{number}]") for number, one in enumerate(alerts or ())),
        _pairs(fields, "groupLabels"),
        _pairs(fields, "commonLabels"),
        _pairs(fields, "commonAnnotations"),
        _text(fields, "externalURL"),
    )


def sample_notice(now: Moment) -> NoticeData:
    """What `amtool template render` takes where it is given no data."""
    return NoticeData(
        now,
        "receiver",
        "alertstatus",
        Alerts(
            NoticeAlert(
                "alertstatus",
                KV({**labels, **_COMMON_LABELS}),
                KV({**annotations, **_COMMON_ANNOTATIONS}),
                Moment(now.nanoseconds - number * 5 * _MINUTE, now.zone),
                now,
                "https://generatorurl.com",
                f"fingerprint{number}",
            )
            for number, (labels, annotations) in enumerate(_ALERTS, 1)
        ),
        KV({"grouplabelkey1": "grouplabelvalue1", "grouplabelkey2": "grouplabelvalue2"}),
        KV(_COMMON_LABELS),
        KV(_COMMON_ANNOTATIONS),
        "https://example.com",
    )


def _alert(found: Any, path: str) -> NoticeAlert:
    fields = _fields(found, path)
    before = f"{path}."
    return NoticeAlert(
        _text(fields, "status", before),
        _pairs(fields, "labels", before),
        _pairs(fields, "annotations", before),
        _time(fields, "startsAt", before),
        _time(fields, "endsAt", before),
        _text(fields, "generatorURL", before),
        _text(fields, "fingerprint", before),
    )


def _fields(found: Any, path: str) -> Mapping[str, Any]:
    """The fields of an object by their names in small letters, as Go's decoder looks for them."""
    if not isinstance(found, dict):
        raise BadData(f"{path}: must be an object")
    return {name.lower(): value for name, value in found.items()}


def _text(fields: Mapping[str, Any], name: str, before: str = "") -> str:
    found = fields.get(name.lower())
    if not isinstance(found, str | None):
        raise BadData(f"{before}{name}: must be a text")
    return found or ""


def _pairs(fields: Mapping[str, Any], name: str, before: str = "") -> KV:
    found = fields.get(name.lower()) or {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise BadData(f"{before}{name}: must be an object of texts")
    return KV(found)


def _time(fields: Mapping[str, Any], name: str, before: str) -> Moment:
    text = _text(fields, name, before)
    try:
        return parse_moment(text) if fields.get(name.lower()) is not None else Moment(ZERO)
    except Unprocessable as error:
        raise BadData(f"{before}{name}: {error.message}") from None
