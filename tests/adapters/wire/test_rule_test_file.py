"""Files with unit tests of rules."""

import pytest

from sightline.adapters.wire.rule_test_file import read_rule_tests
from sightline.domain.alerts.unit_tests import ExpectedAlert, ExpectedSample
from sightline.domain.labels import Labels

WHOLE = b"""
rule_files: [a.yml, 'b/*.yml']
evaluation_interval: 30s
fuzzy_compare: true
group_eval_order: [x, y]
tests:
  - name: first
    start_timestamp: 1970-01-02T00:00:00Z
    external_url: http://x
    external_labels: {a: b}
    input_series: [{series: 'up{a="b"}', values: '1 _'}]
    alert_rule_test: [{eval_time: 1m, alertname: A, exp_alerts: [{exp_labels: {a: b}}]}]
    promql_expr_test: [{expr: up, eval_time: 2m, exp_samples: [{labels: up, value: .inf}]}]
"""


def test_a_file_is_read() -> None:
    """Times are ms, a group's interval is that of the evaluations unless it says one, and an alert has its name."""
    tests = read_rule_tests(WHOLE).tests
    assert tests is not None
    (group,) = tests.groups
    assert (tests.rule_files, tests.interval, tests.order) == (("a.yml", "b/*.yml"), 30_000, ("x", "y"))
    assert (tests.is_fuzzy, group.interval, group.start, group.length) == (True, 30_000, 86_400_000, 120_000)
    assert group.alerts[0].expected == (ExpectedAlert(Labels.of(alertname="A", a="b"), Labels()),)
    assert group.external_url == "http://x"
    assert "external_labels has no effect" in tests.warnings[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tests: [{names: a}]", "1:17: field names not found in a group of tests"),
        ("group_eval_order: [a, a]", "1:23: group name repeated in evaluation order: a"),
        ("tests: [{alert_rule_test: [{eval_time: 1m}]}]", "1:28: an item of alert_rule_test needs an alertname"),
        ("tests: [{alert_rule_test: [{alertname: A, eval_time: soon}]}]", "not a valid duration"),
        ("tests: [{promql_expr_test: [{expr: 'sum('}]}]", "1:36: could not parse expression"),
        ("tests: [{promql_expr_test: [{expr: a, exp_samples: [{value: x}]}]}]", "'x' is no number"),
        ("tests: [{promql_expr_test: [{expr: a, exp_samples: [{histogram: x}]}]}]", "is no histogram"),
        ("tests: [{input_series: [{series: 'a{', values: 1}]}]", "is no series"),
        ("tests: [{input_series: [{series: a, values: 1 y}]}]", "1:45: values: character 3"),
        ("tests: [{start_timestamp: soon}]", "is no time"),
        ("fuzzy_compare: perhaps", "neither true nor false"),
        ("fuzzy_compare: 'true'", "1:16: fuzzy_compare: 'true' is a text: write true or false without quotes"),
        ("tests: [{promql_expr_test: [{expr: a, eval_time: 10y}]}]", "more than 1000000 evaluations"),
        ("tests: {}", "tests is a list"),
    ],
)
def test_mistakes_are_named_with_their_place(text: str, said: str) -> None:
    """And then there are no tests."""
    read = read_rule_tests(text.encode())
    assert read.tests is None
    assert any(said in problem for problem in read.problems), read.problems


def test_what_is_not_given_has_a_default() -> None:
    """An alert without a word has no labels of its own, and a sample without a histogram is a number, 0 if there is none."""
    tests = read_rule_tests(
        b"tests: [{alert_rule_test: [{alertname: A, exp_alerts: [~]}],"
        b" promql_expr_test: [{expr: up, exp_samples: [{labels: up, histogram: '', value: null}]}]}]"
    ).tests
    assert tests is not None
    (group,) = tests.groups
    assert group.alerts[0].expected == (ExpectedAlert(Labels.of(alertname="A"), Labels()),)
    assert group.samples[0].expected == (ExpectedSample(Labels.of(__name__="up"), 0.0),)


def test_an_empty_file_has_no_tests() -> None:
    """As an empty rule file has no rules."""
    tests = read_rule_tests(b"").tests
    assert tests is not None
    assert tests.groups == ()
