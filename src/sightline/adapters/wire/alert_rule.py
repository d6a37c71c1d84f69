"""Alert rules as JSON, as people write them and as they are shown."""

from enum import StrEnum
from typing import Any, Final

import msgspec

from sightline.adapters.wire import fields
from sightline.domain.alerts.rule import PROMQL, AlertRule, Severity
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData, InvalidField, MalformedBody
from sightline.domain.promql.format import text as promql
from sightline.domain.promql.nodes import Binary, Number
from sightline.domain.promql.parse import parse
from sightline.domain.timerange import format_duration, parse_duration

MAX_BYTES: Final = 1 << 18
"""Of one rule's text."""
_COMPARISONS: Final = frozenset({">", ">=", "<", "<=", "==", "!="})
EXPECTED: Final = {
    "name": "a text",
    "expr": "a text",
    "data": "a text",
    "for": "a duration such as 5m, as a text",
    "for_ms": "a whole number of milliseconds",
    "severity": "critical, warning or info",
    "labels": "an object whose values are texts",
    "annotations": "an object whose values are texts",
    "no_data": "ok, keep, alert or unknown",
    "query_failed": "ok, keep, alert or unknown",
    "language": "a text",
    "enabled": "true or false",
    "condition": "an object with query, comparison and value",
    "query": "a text",
    "comparison": "a text",
    "value": "a number",
}
"""What each field wants, in words."""


class Threshold(msgspec.Struct, forbid_unknown_fields=True):
    """The simple form of a condition: what is compared, how, and with what number."""

    query: str
    comparison: str
    value: float


class WrittenRule(msgspec.Struct, forbid_unknown_fields=True):
    """A rule as people write it: with an expression or the simple form, and the duration in words or in ms."""

    name: str
    expr: str = ""
    condition: Threshold | None = None
    for_: str | None = msgspec.field(default=None, name="for")
    for_ms: int | None = None
    severity: Severity = Severity.WARNING
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    data: str = ""
    no_data: Treatment = Treatment.OK
    query_failed: Treatment = Treatment.KEEP
    language: str = PROMQL
    enabled: bool = True


_DECODER: Final = msgspec.json.Decoder(WrittenRule)
_USUAL: Final = msgspec.structs.asdict(AlertRule("x", "1"))


def from_json(text: bytes) -> WrittenRule:
    """Read what somebody wrote.

    Raises:
        MalformedBody: no JSON.
        InvalidField: a field that is missing, unknown or of another type.
    """
    return fields.decode(_DECODER, text, EXPECTED)


def rule_of(written: WrittenRule) -> AlertRule:
    """The rule that somebody wrote.

    Raises:
        BadData: it says something twice, or cannot be; the message says what.
        NotSupported: another language.
    """
    expr, data = _condition(written)
    return AlertRule(
        written.name,
        expr,
        _waiting(written),
        written.severity,
        written.labels,
        written.annotations,
        data,
        written.no_data,
        written.query_failed,
        written.language,
        written.enabled,
    )


def shown(rule: AlertRule) -> dict[str, Any]:
    """The JSON object of a rule: all that it says, in a form that `from_json` reads."""
    said = msgspec.structs.asdict(rule)
    del said["saved"]
    return said


def least(rule: AlertRule) -> dict[str, Any]:
    """The same as people write it: without what goes without saying, the duration in words."""
    said = {name: value for name, value in shown(rule).items() if name in {"name", "expr"} or value != _USUAL[name]}
    if "for_ms" in said:
        said["for"] = format_duration(said.pop("for_ms"))
    return {name: str(value) if isinstance(value, StrEnum) else value for name, value in said.items()}


def of_tree(tree: Any) -> AlertRule:
    """The rule that somebody wrote, as JSON or YAML was read.

    Raises:
        BadData, NotSupported: as `from_json`, `rule_of`.
    """
    try:
        text = msgspec.json.encode(tree)
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedBody(f"this is no alert rule: {error}") from None
    return rule_of(from_json(text))


def _condition(written: WrittenRule) -> tuple[str, str]:
    """The expression, and the one that tells whether there is data."""
    simple = written.condition
    if simple is None:
        return written.expr, written.data
    if written.expr or written.data:
        raise InvalidField("condition: stands in place of expr and data: leave those out", field="condition")
    if simple.comparison not in _COMPARISONS:
        message = f"condition.comparison: {simple.comparison[:20]!r} is none of {', '.join(sorted(_COMPARISONS))}"
        raise InvalidField(message, field="condition.comparison")
    data = _operand(simple.query)
    return f"{data} {simple.comparison} {promql(Number(simple.value))}", data


def _operand(query: str) -> str:
    """A query that may be compared as it stands: in parentheses where an operator of its own would bind less."""
    try:
        node = parse(query)
    except BadData as error:
        raise InvalidField(
            f"condition.query: {error.message}", **{**error.detail, "field": "condition.query"}
        ) from None
    query = query.strip()
    return f"({query})" if isinstance(node, Binary) else query


def _waiting(written: WrittenRule) -> int:
    """How long the condition must hold, ms."""
    if written.for_ is None:
        return written.for_ms or 0
    if written.for_ms is not None:
        raise InvalidField("for: says the same as for_ms: leave one out", field="for")
    try:
        return 0 if written.for_ == "0" else parse_duration(written.for_)
    except BadData as error:
        raise InvalidField(f"for: {error.message}", field="for") from None
