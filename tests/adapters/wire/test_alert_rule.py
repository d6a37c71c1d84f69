"""Alert rules as people write them."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.adapters.wire.alert_rule import from_json, rule_of, shown
from sightline.domain.alerts.rule import AlertRule, Severity, Threshold, expression_problems
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData, NotSupported

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = [*AlertRule.__struct_fields__, "for", "condition"]
COMPARED = ("a", "a + b", "a or b", "-a", "sum by (x) (a)", "(a)", " a ", "a unless b == 1")


@given(
    st.builds(
        AlertRule,
        name=st.text(min_size=1).filter(str.strip),
        expr=st.just("up > 1"),
        for_ms=st.integers(0, 2**53),
        severity=st.sampled_from(Severity),
        labels=st.dictionaries(st.from_regex("[b-d]{1,3}", fullmatch=True), st.just("x")),
        annotations=st.dictionaries(st.text(), st.just("{{ $value }}")),
        data=st.sampled_from(["", "up"]),
        no_data=st.sampled_from(Treatment),
        query_failed=st.sampled_from(Treatment),
        enabled=st.booleans(),
    )
)
def test_what_is_shown_can_be_written_again(rule: AlertRule) -> None:
    """It is the same rule."""
    assert rule_of(from_json(json.dumps(shown(rule)).encode())) == rule


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), JSON) | JSON)
@example({"name": "a", "condition": {"query": "a", "comparison": ">", "value": float("inf")}})
def test_any_json_is_a_rule_or_refused(tree: Any) -> None:
    """Whatever the fields hold."""
    body = json.dumps(tree).encode()
    try:
        rule_of(from_json(body))
    except (BadData, NotSupported) as error:
        assert error.message  # noqa: PT017 - a third way out is wrong


@given(st.binary())
def test_any_bytes_are_a_rule_or_refused(body: bytes) -> None:
    """Nothing else comes out."""
    try:
        from_json(body)
    except BadData as error:
        assert error.message  # noqa: PT017 - a third way out is wrong


@pytest.mark.parametrize("query", COMPARED)
@pytest.mark.parametrize("value", [5, 0.1, 1e30, -3, 0])
def test_the_simple_form_is_an_expression(query: str, value: float) -> None:
    """It parses, and the threshold that is read from it is the one that was written, where it is not negative."""
    written = {"name": "a", "condition": {"query": query, "comparison": ">=", "value": value}}
    rule = rule_of(from_json(json.dumps(written).encode()))
    assert expression_problems(rule) == ()
    assert rule.threshold == (Threshold(">=", value) if value >= 0 else None)


@pytest.mark.parametrize("query", ["1", "a[5m]", "'text'", "a[5m:1m]"])
def test_what_cannot_be_compared_is_found(query: str) -> None:
    """A number, a text or a range makes no condition."""
    written = {"name": "a", "condition": {"query": query, "comparison": ">", "value": 1}}
    (problem,) = expression_problems(rule_of(from_json(json.dumps(written).encode())))
    assert problem.detail["field"] == "expr"
