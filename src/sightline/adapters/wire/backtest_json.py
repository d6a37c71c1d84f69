"""Backtests of alert rules as JSON: what is asked, and what came of it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from sightline.adapters.wire import alert_rule as of_catalog
from sightline.adapters.wire import fields
from sightline.domain.alerts.backtest import Backtest, Told
from sightline.domain.alerts.matchers import parse_matchers
from sightline.domain.alerts.rule import AlertingRule, AlertRule
from sightline.domain.alerts.silence import Silence
from sightline.domain.errors import BadData, InvalidField
from sightline.domain.labels import METRIC_NAME, Matcher
from sightline.domain.timerange import SECOND, parse_duration

MAX_BYTES: Final = 4 << 20
"""Of one body; most of it may be a configuration of Alertmanager."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED: Final = of_catalog.EXPECTED | {
    "rule": "an object as a rule of a rule file: alert, expr, for, keep_firing_for, labels, annotations",
    "alert_rule": "an object as a rule of the catalog: name, expr, for and so on",
    "alert": "a text",
    "expr": "a text",
    "for": "a duration such as 5m, as a text",
    "keep_firing_for": "a duration such as 5m, as a text",
    "labels": "an object whose values are texts",
    "annotations": "an object whose values are texts",
    "start": "seconds since 1970, or a time in RFC 3339 as a text",
    "end": "seconds since 1970, or a time in RFC 3339 as a text",
    "interval": "a duration such as 1m, as a text",
    "query_offset": "a duration such as 1m, as a text",
    "limit": "a whole number, 0 for any number of alerts",
    "alertmanager_config": "a configuration of Alertmanager, as a text",
    "silences": "a list of objects with matchers, start and end",
    "matchers": 'a list of texts such as team="db"',
    "id": "a text",
}


class WrittenRule(msgspec.Struct, forbid_unknown_fields=True):
    """A rule as rule files have it."""

    alert: str
    expr: str
    for_: str = msgspec.field(default="", name="for")
    keep_firing_for: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class WrittenSilence(msgspec.Struct, forbid_unknown_fields=True):
    """A silence. start, end: as a time is written."""

    matchers: list[str]
    start: float | str
    end: float | str
    id: str = ""


class WrittenBacktest(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be replayed, with times and durations as they are written."""

    rule: WrittenRule | None = None
    alert_rule: of_catalog.WrittenRule | None = None
    start: float | str | None = None
    end: float | str | None = None
    interval: str = ""
    query_offset: str = ""
    limit: int = 0
    alertmanager_config: str = ""
    silences: list[WrittenSilence] = []


_DECODER: Final = msgspec.json.Decoder(WrittenBacktest)


def from_json(text: bytes) -> WrittenBacktest:
    """Read what is asked.

    Raises:
        MalformedBody: no JSON.
        InvalidField: a field that is missing, unknown or of another type.
    """
    return fields.decode(_DECODER, text, _EXPECTED)


def rule_of(written: WrittenBacktest) -> AlertingRule | AlertRule:
    """The rule that is to be replayed.

    Raises:
        BadData, NotSupported: there is none, or there are two, or a field of it cannot be used.
    """
    given = written.rule
    if (given is None) == (written.alert_rule is None):
        raise InvalidField(
            "rule: give either a rule of a file as `rule`, or one of the catalog as `alert_rule`", field="rule"
        )
    if written.alert_rule is not None:
        return of_catalog.rule_of(written.alert_rule)
    assert given is not None  # noqa: S101 - one of the two is there
    for path, text in (("rule.alert", given.alert), ("rule.expr", given.expr)):
        if not text.strip():
            raise InvalidField(f"{path}: is empty", field=path)
    for name in given.labels:
        if not name or name == METRIC_NAME:
            raise InvalidField(f"rule.labels: {name!r} is no name of a label of an alert", field="rule.labels")
    return AlertingRule(
        given.alert,
        given.expr,
        duration("rule.for", given.for_),
        duration("rule.keep_firing_for", given.keep_firing_for),
        given.labels,
        given.annotations,
    )


def silence_of(number: int, written: WrittenSilence, start: int, end: int) -> Silence:
    """A silence from `start` on until before `end`, ms.

    Raises:
        InvalidField: a matcher that cannot be read, or none.
    """
    matchers: list[Matcher] = []
    path = f"silences[{number}].matchers"
    for text in written.matchers:
        try:
            matchers += parse_matchers(text)
        except BadData as error:
            raise InvalidField(f"{path}: {error.message}", field=path) from None
    if not matchers:
        raise InvalidField(f"{path}: is empty, and would silence everything", field=path)
    return Silence(tuple(matchers), start, end, "", "", id=written.id or f"silence-{number + 1}")


def duration(path: str, text: str) -> int:
    """Milliseconds of a duration; none for an empty text.

    Raises:
        InvalidField: no duration, or too long a one.
    """
    try:
        length = parse_duration(text) if text not in {"", "0"} else 0
    except BadData as error:
        raise InvalidField(f"{path}: {error.message}", field=path) from None
    if length > _LONGEST:
        raise InvalidField(f"{path}: {text!r} is longer than a hundred years", field=path)
    return length


_LONGEST: Final = 100 * 365 * 86_400 * SECOND


def to_json(backtest: Backtest, took: float) -> bytes:
    """The answer. took: seconds."""
    grid, found, telling = backtest.grid, backtest.found, backtest.telling
    return msgspec.json.encode(
        {
            "rule": backtest.rule,
            "start": _utc(grid.start),
            "end": _utc(grid.end),
            "interval": grid.step / SECOND,
            "instants": grid.points,
            "steps": backtest.steps,
            "took": round(took, 3),
            "firings": found.firings,
            "notificationCount": telling.total,
            "counts": [
                {"receiver": one.receiver, "kinds": one.kinds, "notifications": one.notifications}
                for one in telling.counts
            ],
            "alerts": [
                {
                    "labels": dict(one.labels),
                    "stretches": [
                        {"state": each.state, "start": _utc(each.start), "end": _maybe(each.end)}
                        for each in one.stretches
                    ],
                }
                for one in found.alerts
            ],
            "notifications": [_told(one) for one in telling.notifications],
            "held": [
                {
                    "start": _utc(one.start),
                    "end": _maybe(one.end),
                    "receiver": one.receiver,
                    "labels": dict(one.labels),
                    "reason": one.reason,
                    "by": one.by,
                }
                for one in telling.held
            ],
            "failures": [
                {"first": _utc(one.first), "last": _utc(one.last), "count": one.count, "error": one.error}
                for one in found.failures
            ],
            "warnings": backtest.warnings,
        }
    )


def _told(one: Told) -> dict[str, Any]:
    return {
        "at": _utc(one.at),
        "receiver": one.receiver,
        "kinds": one.kinds,
        "groupKey": one.group_key,
        "groupLabels": dict(one.group_labels),
        "status": one.status,
        "reason": one.reason,
        "summary": one.summary,
        "firing": _all(one.firing),
        "resolved": _all(one.resolved),
    }


def _all(labels: Sequence[Iterable[tuple[str, str]]]) -> list[dict[str, str]]:
    return [dict(one) for one in labels]


def _maybe(at: int | None) -> str | None:
    return None if at is None else _utc(at)


def _utc(at: int) -> str:
    text = (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds" if at % SECOND else "seconds")
    return text.removesuffix("+00:00") + "Z"
