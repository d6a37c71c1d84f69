import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts import rule
from sightline.domain.alerts.rule import AlertingRule, AlertRule, Severity, Threshold, decode_rule, encode_rule
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels

RULE = AlertRule(
    name="DiskFull",
    expr="disk_used > 90",
    for_ms=60_000,
    severity=Severity.CRITICAL,
    labels={"team": "storage", "host": "{{ $labels.instance }}"},
    annotations={"summary": "{{ $labels.device }} at {{ $value }}", "hint": ""},
    data="disk_used",
)


def test_identity_is_the_elements_labels_and_the_rules() -> None:
    """An alert has the labels of its element but the metric name, those of the rule, its name and severity."""
    element = Labels.of(__name__="disk_used", instance="db-1", device="sda", team="web")
    assert RULE.texts().identity(element) == Labels.of(
        alertname="DiskFull", severity="critical", instance="db-1", device="sda", team="storage", host="db-1"
    )


def test_a_rules_name_and_severity_win_over_the_elements_labels() -> None:
    """An element cannot pass for another alert by a label of its own."""
    identity = RULE.texts().identity(Labels.of(alertname="Other", severity="info", device="sda"))
    assert (identity.get("alertname"), identity.get("severity")) == ("DiskFull", "critical")


def test_annotations_are_filled_in_order_of_name_without_empty_ones() -> None:
    """Annotations are a label set: ordered, and an empty text is the same as none."""
    rule = AlertRule(name="A", expr="up", annotations={"z": "{{ $value }}", "a": "x", "m": "{{ $labels.no }}"})
    assert rule.texts().annotations(Labels(), 2.5) == Labels.of(a="x", z="2.5")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf])), max_size=12))
def test_texts_say_what_they_would_say_the_first_time(elements: list[tuple[str, float]]) -> None:
    """Whatever they said before, and whether labels, annotations, both or neither follow the value."""
    for label, annotation in (
        ("x", "y"),
        ("{{ $value }}", "{{ $value }}"),
        ("x", "{{ $value }}"),
        ("{{ $value }}", "y"),
    ):
        labels, annotations = {"l": label + "{{ $labels.i }}"}, {"a": annotation + "{{ $labels.i }}"}
        its = AlertingRule("Hot", "a", labels=labels, annotations=annotations)
        texts = its.texts()
        for i, value in elements:
            element = Labels.of(__name__="a", i=i)
            identity = texts.identity(element, value)
            assert identity == its.texts().identity(element, value)
            assert texts.annotations(identity, value) == its.texts().annotations(identity, value)


def test_texts_do_not_remember_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more elements than alerts can be they begin again, and say the same."""
    monkeypatch.setattr(rule, "_REMEMBERED", 3)
    texts = RULE.texts()
    for number in range(20):
        element = Labels.of(device=str(number % 7))
        assert texts.identity(element).get("device") == str(number % 7)
        assert texts.annotations(element, 1.0) == Labels.of(summary=f"{number % 7} at 1")
    assert len(texts._identities) <= 3
    assert len(texts._told) <= 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": " "}, "name"),
        ({"expr": ""}, "expression"),
        ({"for_ms": -1}, "for_ms"),
        ({"labels": {"alertname": "x"}}, "alertname"),
        ({"labels": {"severity": "x"}}, "severity"),
        ({"labels": {"__name__": "x"}}, "__name__"),
        ({"labels": {"a": "{{ $value }}"}}, "value"),
        ({"annotations": {"a": "{{ $nothing }}"}}, "template"),
    ],
)
def test_what_cannot_be_a_rule_is_refused(change: dict[str, Any], message: str) -> None:
    """A rule that could not be evaluated or told is refused, and the message says what is wrong."""
    with pytest.raises(BadData, match=message):
        AlertRule(**{"name": "A", "expr": "up", **change})


def test_a_rule_is_the_same_after_a_round_through_its_document() -> None:
    """Encoding and decoding give the same rule, and encoding it again the same bytes."""
    body = encode_rule(RULE)
    assert decode_rule(body) == RULE
    assert encode_rule(decode_rule(body)) == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"name": "A"}',
        b'{"name": "A", "expr": "up", "severity": "fatal"}',
        b'{"name": "A", "expr": "up", "for": "5m"}',
        b'{"name": "A", "expr": "up", "for_ms": "5m"}',
        b'{"name": "", "expr": "up"}',
    ],
)
def test_other_documents_are_refused(body: bytes) -> None:
    """A document that is no rule is refused as bad data."""
    with pytest.raises(BadData):
        decode_rule(body)


@given(st.binary(max_size=60))
def test_any_bytes_decode_or_are_refused(body: bytes) -> None:
    """No bytes at all cause another error than bad data."""
    try:
        decode_rule(body)
    except BadData as error:
        assert error.message  # noqa: PT017 - both ways out are right, a third is not


@pytest.mark.parametrize(
    ("data", "expr", "threshold"),
    [
        ("disk_used", "disk_used > 90", Threshold(">", 90)),
        ("disk_used", "disk_used>=0.01", Threshold(">=", 0.01)),
        ("free", "free < 5e9", Threshold("<", 5e9)),
        ("sum(free) / 2", "sum(free) / 2 <= 5 ", Threshold("<=", 5)),
    ],
)
def test_a_comparison_with_a_number_is_a_threshold(data: str, expr: str, threshold: Threshold) -> None:
    """A rule that compares its data with a number has that number as its threshold."""
    assert AlertRule(name="A", expr=expr, data=data).threshold == threshold


@pytest.mark.parametrize(
    ("data", "expr"),
    [
        ("", "disk_used > 90"),
        ("disk", "disk_used > 90"),
        ("disk_used", "disk_used > limit"),
        ("disk_used", "disk_used > bool 90"),
        ("disk_used", "disk_used > 90 < 95"),
        ("disk_used", "disk_used > 1e999"),
        ("disk_used", "disk_used > 1.2.3"),
        ("a or b", "a or b > 5"),
        ("a", "a == 5"),
    ],
)
def test_another_condition_has_no_threshold(data: str, expr: str) -> None:
    """Where the expression is anything but its data compared with a number, no threshold is shown rather than a wrong one."""
    assert AlertRule(name="A", expr=expr, data=data).threshold is None


def test_labels_of_rules_in_files_may_follow_the_value_and_be_anything() -> None:
    """`severity` is a label like others, `alertname` is the rule's, and an empty label is none."""
    rule = AlertingRule(
        "Hot", "x > 1", labels={"severity": "page", "level": "{{ $value }}", "alertname": "no", "e": ""}
    )
    identity = rule.texts().identity(Labels.of(__name__="x", e="1", i="a"), 2.5)
    assert identity == Labels.of(alertname="Hot", severity="page", level="2.5", i="a")
    assert AlertingRule("Hot", "x > 1").texts().identity(Labels()) == Labels.of(alertname="Hot")


def test_a_template_that_cannot_be_read_or_filled_says_why() -> None:
    """The alert is there with a text that says what is wrong, and a warning tells of what cannot be read."""
    rule = AlertingRule(
        "Hot", "x > 1", annotations={"a": "{{ $nothing }}", "b": "{{ title $value }}", "c": "{{ $value }}"}
    )
    shown = rule.texts().annotations(Labels(), 2.0)
    assert shown.get("a") == "<error expanding template: template, line 1, column 4: there is no variable $nothing>"
    assert shown.get("b").startswith("<error expanding template: line 1, column 4, title: wrong type for value")
    assert shown.get("c") == "2"
    assert rule.warnings() == (
        "annotation 'a' cannot be expanded: template, line 1, column 4: there is no variable $nothing",
    )


def test_templates_know_where_people_reach_the_program() -> None:
    """Links in labels and annotations begin with the address that the rule's templates were made ready with."""
    link = {"link": "{{ $externalURL }}/ui/alerts"}
    for one in (AlertRule("A", "up", annotations=link), AlertingRule("A", "up", annotations=link)):
        assert (
            one.texts("https://s.example.org").annotations(Labels(), 1.0).get("link")
            == "https://s.example.org/ui/alerts"
        )
    labelled = AlertingRule("A", "up", labels=link).texts("https://s.example.org").identity(Labels())
    assert labelled.get("link") == "https://s.example.org/ui/alerts"


def test_a_wrong_template_of_a_rule_is_refused_with_line_and_column() -> None:
    """The message names rule and annotation, and the detail tells where in it."""
    with pytest.raises(BadData, match=r"alert rule 'A': annotation 'a': .* no function 'foo'") as refused:
        AlertRule(name="A", expr="up", annotations={"a": "first\n  {{ foo }}"})
    assert refused.value.detail == {"line": 2, "column": 6}


def test_a_label_that_asks_a_query_is_refused() -> None:
    """An alert keeps its identity; rules in files may do as they like."""
    labels = {"l": '{{ query "up" | len }}'}
    with pytest.raises(BadData, match="asks a query"):
        AlertRule(name="A", expr="up", labels=labels)
    assert AlertingRule("A", "up", labels=labels).texts().asks
