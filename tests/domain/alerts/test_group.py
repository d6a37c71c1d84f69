import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.group import Rule, RuleGroup
from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.timerange import DAY


def group(*rules: Rule, file: str = "/etc/rules/a.yml", name: str = "g", interval: int = 60_000) -> RuleGroup:
    """A group of these rules."""
    return RuleGroup(file, name, rules, interval)


@given(st.integers(0, 2**42), st.integers(1, DAY), st.text())
def test_slots_are_an_interval_apart(now: int, interval: int, name: str) -> None:
    """The slot is the last at or before now, and the next one lies an interval later."""
    its = group(name=name, interval=interval)
    slot = its.slot(now)
    assert slot <= now < slot + interval
    assert its.slot(slot) == slot
    assert its.slot(slot + interval) == slot + interval
    assert its.slot(slot - 1) == slot - interval


def test_groups_are_spread_and_keep_their_place_in_another_folder() -> None:
    """Names of file and group decide, the folder does not."""
    slots = {group(name=str(number)).slot(0) for number in range(50)}
    assert len(slots) > 40
    assert group(file="elsewhere/a.yml").slot(0) == group().slot(0) == group(file="a.yml").slot(0)
    assert group(file="/etc/rules/b.yml").slot(0) != group().slot(0)


@pytest.mark.parametrize(
    ("rules", "stretches"),
    [
        ([], []),
        ([("a", "x"), ("b", "y"), ("c", "x + y")], [[0, 1, 2]]),
        ([("a", "x"), ("b", "a"), ("c", "a + b")], [[0], [1], [2]]),
        ([("a", "x"), ("b", "y"), ("c", "a"), ("d", "z")], [[0, 1], [2, 3]]),
        ([("a", "b"), ("b", "c"), ("c", "c")], [[0, 1, 2]]),
        ([("a", "x"), ("b", '{job="x"}'), ("c", "x")], [[0], [1, 2]]),
    ],
)
def test_rules_are_asked_together_until_one_reads_what_was_written(
    rules: list[tuple[str, str]], stretches: list[list[int]]
) -> None:
    """A rule begins a new stretch when it may read what an earlier rule of the present one writes, and not otherwise."""
    its = group(*(RecordingRule(record, expr) for record, expr in rules))
    assert [list(each) for each in its.stretches()] == stretches


@pytest.mark.parametrize(
    ("rules", "back"),
    [
        ([("a", "x"), ("b", "a")], []),
        ([("a", "a offset 1m"), ("b", "x")], ["a"]),
        ([("a", "b"), ("b", "x")], ["a"]),
        ([("a", "x"), ("b", 'sum({__name__=~"b|c"})')], ["b"]),
        ([("a", "c"), ("b", "b"), ("c", "a")], ["a", "b"]),
    ],
)
def test_rules_that_read_themselves_or_later_ones_look_back(rules: list[tuple[str, str]], back: list[str]) -> None:
    """Such rules follow from their evaluation before; they are named in order."""
    its = group(*(RecordingRule(record, expr) for record, expr in rules))
    assert its.looking_back() == back
    assert its.writes == {record for record, _ in rules}
    assert its.reads({"x", "c"}) is any(name in expr for _, expr in rules for name in ("x", "c"))


@pytest.mark.parametrize(
    ("expr", "stretches"),
    [("a", [[0, 1]]), ("ALERTS", [[0], [1]]), ("ALERTS_FOR_STATE", [[0], [1]]), ('{alertname="a"}', [[0], [1]])],
)
def test_alerting_rules_write_the_series_of_their_alerts(expr: str, stretches: list[list[int]]) -> None:
    """What an alerting rule is called is no metric that another could read."""
    its = group(AlertingRule("a", "x"), RecordingRule("b", expr))
    assert [list(each) for each in its.stretches()] == stretches
    assert its.writes == {"b"}


def test_a_rule_whose_templates_may_ask_begins_a_new_stretch() -> None:
    """They may ask for what an earlier rule writes."""
    asking = AlertingRule("a", "x", annotations={"s": '{{ query "r" }}'})
    assert group(RecordingRule("r", "y"), asking, RecordingRule("s", "y")).stretches() == [range(1), range(1, 3)]
    assert group(asking, RecordingRule("s", "y")).stretches() == [range(2)]


def test_groups_are_equal_when_they_say_the_same() -> None:
    """So that a file which is written anew without a change disturbs nothing."""
    assert group(RecordingRule("a", "x", {"l": "1"})) == group(RecordingRule("a", "x", {"l": "1"}))
    assert group(RecordingRule("a", "x", {"l": "1"})) != group(RecordingRule("a", "x", {"l": "2"}))
    assert group(RecordingRule("a", "x")) != group(AlertingRule("a", "x"))
