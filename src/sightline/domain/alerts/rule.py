"""What to watch for: an alert rule, and its form as a document."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec

from sightline.domain.alerts.go_values import Samples
from sightline.domain.alerts.template import Template, parse_template, shown_template
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData, NotSupported, SightlineError
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.promql.nodes import Binary, Number
from sightline.domain.promql.parse import parse

RULE_KIND: Final = "alert_rule"
"""The kind under which the catalog keeps rules; the key is the rule's name."""

PROMQL: Final = "promql"
ALERT_NAME: Final = "alertname"
SEVERITY: Final = "severity"
_OWN: Final = frozenset({METRIC_NAME, ALERT_NAME, SEVERITY})
# What stands after `data` in a rule that compares it with a number, signs and hexadecimal left out.
_COMPARED: Final = re.compile(r"\s*(>=|<=|>|<)\s*([\d.]+(?:[eE][+-]?\d+)?)\s*", re.ASCII)


_Known = TypeVar("_Known")

# Twice as many as one rule may have alerts; with more of them all are forgotten.
_REMEMBERED: Final = 20_000


class Severity(StrEnum):
    """How bad it is, from worst to least."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Threshold(NamedTuple):
    """A bound as charts draw it: the condition holds while the figure is `comparison` (>, >=, < or <=) the value."""

    comparison: str
    value: float


class Condition(Protocol):
    """What any alert rule says, whatever it is written in.

    for_ms: how long it must hold before an alert fires; keep_firing_ms: how long an alert goes on firing after that; both in ms.
    data: an expression that tells whether there is anything to judge, empty without one. no_data, query_failed: what it means
    when there is nothing to judge, and when the query fails.
    """

    @property
    def name(self) -> str:
        """What its alerts are called."""
        ...

    @property
    def expr(self) -> str:
        """Its PromQL."""
        ...

    @property
    def data(self) -> str:
        """PromQL too."""
        ...

    @property
    def for_ms(self) -> int:
        """Ms."""
        ...

    @property
    def keep_firing_ms(self) -> int:
        """Ms."""
        ...

    @property
    def no_data(self) -> Treatment:
        """What becomes of its alerts without data."""
        ...

    @property
    def query_failed(self) -> Treatment:
        """What becomes of them while its query fails."""
        ...

    @property
    def annotations(self) -> Mapping[str, str]:
        """The templates of what people read."""
        ...

    def texts(self, external_url: str = "") -> "Texts":
        """Its templates, ready to use. external_url: where people reach this program, empty where nobody said."""
        ...


class AlertRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A condition, and what to say while it holds. Every element of the expression's result is an alert of its own.

    name: unique within a tenant; becomes the label `alertname`.
    expr: PromQL; the condition holds for every element of the result, whatever its value.
    for_ms: how long it must hold before the alert fires, in ms; 0 fires at once.
    severity: becomes the label `severity`.
    labels: added to those of the element, and stronger than they; templates over labels alone, so that an alert keeps
        its identity while its value changes.
    annotations: what people read; templates over labels and value. `summary` is the one line that notifiers show.
    data: PromQL that yields an element with the same labels as long as there is anything to judge, usually `expr`
        without its comparison. With it, an alert that ends says whether its condition became false or its data ended.
    no_data: what it means that there is nothing to judge: neither `expr` nor `data` yields anything or, without `data`, no
        selector of `expr` matches a series.
    query_failed: what it means that the query fails.
    language: what the expressions are written in; there is one.
    enabled: whether it is evaluated.
    saved: whether people said it; what the program brought it may bring anew.

    Raises:
        BadData: on construction, from what is written in the message; of a template, `line` and `column` are in its detail.
        NotSupported: another language.
    """

    name: str
    expr: str
    for_ms: int = 0
    severity: Severity = Severity.WARNING
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    data: str = ""
    no_data: Treatment = Treatment.OK
    query_failed: Treatment = Treatment.KEEP
    language: str = PROMQL
    enabled: bool = True
    saved: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be evaluated or told."""
        if self.language != PROMQL:
            message = (
                f"alert rule {self.name!r}: expressions in {self.language[:40]!r} are not evaluated: {PROMQL!r} is"
            )
            raise NotSupported(message, language=self.language)
        if not self.name.strip():
            raise BadData("an alert rule needs a name")
        if not self.expr.strip():
            raise BadData(f"alert rule {self.name!r} needs an expression")
        if self.for_ms < 0:
            raise BadData(f"alert rule {self.name!r}: for_ms is {self.for_ms}, but a duration is 0 or more")
        for name, text in self.labels.items():
            if name in _OWN or not name:
                raise BadData(f"alert rule {self.name!r}: label {name!r} is set by the rule's name and severity")
            if _template(f"alert rule {self.name!r}: label {name!r}", text).uses_value:
                raise BadData(f"alert rule {self.name!r}: label {name!r} uses $value, and would change with it")
            if _template(f"alert rule {self.name!r}: label {name!r}", text).asks:
                raise BadData(
                    f"alert rule {self.name!r}: label {name!r} asks a query, and would change with its result"
                )
        for name, text in self.annotations.items():
            _template(f"alert rule {self.name!r}: annotation {name!r}", text)

    @property
    def keep_firing_ms(self) -> int:
        """Nothing: such a rule's alerts resolve at once."""
        return 0

    def texts(self, external_url: str = "") -> "Texts":
        """Its templates, ready to use."""
        fixed = {ALERT_NAME: self.name, SEVERITY: self.severity.value}
        return Texts(fixed, _parsed(self.labels), _parsed(self.annotations), external_url)

    @property
    def threshold(self) -> Threshold | None:
        """The bound, where `expr` is `data` compared with a number that is not negative; None for any other rule.

        It is read from the expression, so that what people see is what is evaluated.
        """
        if not self.data or not self.expr.startswith(self.data):
            return None
        compared = _COMPARED.fullmatch(self.expr, len(self.data))
        if compared is None:
            return None
        try:
            whole = parse(self.expr)
        except SightlineError:
            return None
        # In `a or b > 5` the comparison is of b alone, and the tree says so.
        if not isinstance(whole, Binary) or whole.operator != compared[1] or not isinstance(whole.right, Number):
            return None
        return Threshold(compared[1], whole.right.value) if math.isfinite(whole.right.value) else None


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """An alert rule as rule files write it: any label may be set, `severity` like others, and labels may follow the value.

    keep_firing_ms: how long an alert goes on firing after its condition was last true. no_data, query_failed: files have no words
    for these; whoever reads them says it for all. The rest is as for AlertRule.
    """

    name: str
    expr: str
    for_ms: int = 0
    keep_firing_ms: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    no_data: Treatment = Treatment.OK
    query_failed: Treatment = Treatment.KEEP

    @property
    def data(self) -> str:
        """Nothing: files have no word for it."""
        return ""

    def texts(self, external_url: str = "") -> "Texts":
        """Its templates, ready to use; of one that cannot be read the text is what is wrong with it."""
        return Texts({ALERT_NAME: self.name}, _shown(self.labels), _shown(self.annotations), external_url)

    def warnings(self) -> tuple[str, ...]:
        """What is wrong with its templates, each text by its name."""
        return tuple(
            f"{kind} {name!r} cannot be expanded: {problem}"
            for kind, texts in (("label", self.labels), ("annotation", self.annotations))
            for name, text in sorted(texts.items())
            if (problem := _problem(text))
        )


class Texts:
    """A rule's templates, parsed once, and what they make of an element of its result.

    What they made is remembered, for most elements come again at the next evaluation. Not thread-safe.

    Where they ask queries, whoever evaluates the rule begins an evaluation, asks what is `asked` for every element, and gives the
    answers by `learn`.
    """

    def __init__(
        self,
        fixed: Mapping[str, str],
        labels: Iterable[tuple[str, Template]],
        annotations: Iterable[tuple[str, Template]],
        external_url: str = "",
    ) -> None:
        """fixed: labels of every alert of the rule, stronger than all others."""
        self._fixed = dict(fixed)
        self._labels = tuple(labels)
        self._annotations = tuple(annotations)
        self._steady = not any(template.uses_value or template.asks for _, template in self._labels)
        self.asks = any(template.asks for _, template in (*self._labels, *self._annotations))
        self._answers: dict[str, Samples | str] = {}
        self._varied = any(template.uses_value for _, template in self._annotations)
        self._identities: dict[Labels, Labels] = {}
        self._told: dict[Labels, tuple[float, Labels]] = {}
        self._external_url = external_url

    def begin(self) -> None:
        """Forget what queries gave and what was made of it: another evaluation begins."""
        self._answers.clear()
        self._told.clear()

    def asked(self, element: Labels, value: float) -> str | None:
        """The next query that has to be answered for an element; None when all are."""
        for _, template in (*self._labels, *self._annotations):
            text = template.asked(element, value, self._external_url, self._answers)
            if text is not None:
                return text
        return None

    def learn(self, text: str, answer: Samples | str) -> None:
        """Take what a query gave in this evaluation, or why it gave nothing."""
        self._answers[text] = answer

    @property
    def is_steady(self) -> bool:
        """Whether an element stands for the same alert whatever its value."""
        return self._steady

    def identity(self, element: Labels, value: float = 0.0) -> Labels:
        """The labels of the alert that an element stands for: its own but the metric name, and those of the rule."""
        if not self._steady:
            return self._identity(element, value)
        known = self._identities.get(element)
        if known is None:
            known = self._identity(element, value)
            _remember(self._identities, element, known)
        return known

    def annotations(self, element: Labels, value: float) -> Labels:
        """What people read about the alert of an element, by the element's labels and value."""
        said = value if self._varied else 0.0
        before, known = self._told.get(element, (math.nan, Labels()))
        if not same_value(before, said):
            filled = [
                (name, template.fill(element, value, self._external_url, self._answers))
                for name, template in self._annotations
            ]
            known = Labels([pair for pair in filled if pair[1]])
            _remember(self._told, element, (said, known))
        return known

    def _identity(self, element: Labels, value: float) -> Labels:
        found = dict(element)
        found.pop(METRIC_NAME, None)
        for name, template in self._labels:
            found[name] = template.fill(element, value, self._external_url, self._answers)
        found.update(self._fixed)
        return Labels.of(found)


def same_value(one: float, other: float) -> bool:
    """Whether two values read the same; a zero with a minus does not, and NaN is taken for something else."""
    return one == other and (one != 0 or math.copysign(1.0, one) == math.copysign(1.0, other))


def _remember(known: dict[Labels, _Known], labels: Labels, one: _Known) -> None:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[labels] = one


def _parsed(texts: Mapping[str, str]) -> list[tuple[str, Template]]:
    return [(name, parse_template(text)) for name, text in sorted(texts.items())]


def _shown(texts: Mapping[str, str]) -> list[tuple[str, Template]]:
    return [(name, shown_template(text)) for name, text in sorted(texts.items())]


def _template(whose: str, text: str) -> Template:
    """A template; what is wrong with it is told with whose it is."""
    try:
        return parse_template(text)
    except BadData as error:
        raise BadData(f"{whose}: {error.message}", **error.detail) from None


def _problem(text: str) -> str:
    """Why a text is no template; empty when it is one."""
    try:
        parse_template(text)
    except BadData as error:
        return error.message
    return ""


def expression_problems(rule: AlertRule) -> tuple[SightlineError, ...]:
    """Why a rule's expressions cannot be parsed, each with the field, the line and the column; empty when they can."""
    found: list[SightlineError] = []
    for field_name, text in (("expr", rule.expr), ("data", rule.data)):
        try:
            if text:
                parse(text)
        except SightlineError as error:
            found.append(type(error)(f"{field_name}: {error.message}", **{**error.detail, "field": field_name}))
    return tuple(found)


def encode_rule(rule: AlertRule) -> bytes:
    """The rule as a JSON document; the same rule is always the same bytes."""
    return msgspec.json.encode(rule, order="deterministic")


def decode_rule(body: bytes) -> AlertRule:
    """The rule in a JSON document.

    Raises:
        BadData: not JSON, a field that is missing, unknown or of another type, or a rule that cannot be.
    """
    try:
        return msgspec.json.decode(body, type=AlertRule)
    except msgspec.DecodeError as error:
        raise BadData(f"this is not an alert rule: {error}") from None
