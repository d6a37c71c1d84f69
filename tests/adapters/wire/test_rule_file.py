"""Rule files in Prometheus' format: what is read of them, and what is said of those that are wrong."""

import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.adapters.wire.rule_file import read_rules
from sightline.adapters.wire.yaml_tree import MAX_REPEATED
from sightline.domain.alerts.group import Defaults, RuleGroup
from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.promql.recording import RecordingRule

WHOLE = """
groups:
  - name: one
    interval: 30s
    query_offset: 1m
    limit: 10
    labels: {team: a, tier: 1}
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels:
          tier: "2"
      - alert: Down
        expr: |
          up == 0
        for: 5m
        keep_firing_for: 10m
        labels: {severity: page}
        annotations:
          summary: '{{ $labels.instance }} is down'
  - name: two
    interval: ~
    rules:
      - record: one
        expr: 1
"""


def read(text: str) -> tuple[RuleGroup, ...]:
    """The groups of a file that is right."""
    found = read_rules(text.encode(), "rules/a.yml", Defaults(60_000, 5_000))
    assert found.problems == ()
    return found.groups


def problems(text: str) -> tuple[str, ...]:
    """What is wrong with a file, which then has no groups."""
    found = read_rules(text.encode(), "rules/a.yml", Defaults())
    assert found.groups == ()
    return found.problems


def rule(text: str) -> str:
    """A file with one group of one rule, whose first line is the fourth."""
    return "groups:\n- name: g\n  rules:\n  - " + "\n    ".join(text.splitlines()) + "\n"


def test_every_field_is_read() -> None:
    """Labels of the group lie beneath those of its rules, and what a group does not say is as the defaults have it."""
    recording = RecordingRule("job:up:sum", "sum by (job) (up)", {"team": "a", "tier": "2"})
    alerting = AlertingRule(
        "Down",
        "up == 0\n",
        300_000,
        600_000,
        {"team": "a", "tier": "1", "severity": "page"},
        {"summary": "{{ $labels.instance }} is down"},
    )
    assert read(WHOLE) == (
        RuleGroup("rules/a.yml", "one", (recording, alerting), 30_000, 60_000, 10),
        RuleGroup("rules/a.yml", "two", (RecordingRule("one", "1"),), 60_000, 5_000, 0),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "groups:\n", "groups: []", "groups: ~", "---\n"])
def test_a_file_may_hold_nothing(text: str) -> None:
    """It then has no groups."""
    assert read(text) == ()


def test_a_group_may_have_no_rules_and_an_offset_of_nothing() -> None:
    """Nothing is a length of time as well."""
    (group,) = read("groups: [{name: g, query_offset: 0s, limit: -3}]")
    assert (group.rules, group.query_offset, group.limit) == ((), 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        rule("record: 'a metric with spaces'\nexpr: up"),
        rule("record: a\nexpr: up\nlabels: {'a.b': c, empty: ''}"),
        rule("alert: a b\nexpr: up\nlabels: {x: ~, y: 1.50, z: yes}\nannotations: {'a b': c}"),
        rule("record: a\nexpr: up\nannotations: {}\nfor: 0s"),
        "groups:\n- name: a\n  rules: &r\n  - {record: a, expr: up}\n- name: b\n  rules: *r\n",
    ],
)
def test_what_prometheus_takes_is_taken(text: str) -> None:
    """Names in UTF-8, empty values, scalars of any kind, and references."""
    assert read(text)


def test_scalars_are_texts_as_they_are_written() -> None:
    """No number, date or truth value is made of them."""
    (group,) = read(rule("alert: a\nexpr: 1\nlabels: {n: 1.50, t: yes, d: 2026-01-01, e: ~}"))
    assert group.rules[0].labels == {"n": "1.50", "t": "yes", "d": "2026-01-01", "e": ""}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("groups: 1", "1:9: groups is a list"),
        ("- a", "1:1: a rule file is a mapping with the fields groups"),
        ("group: []", "1:8: field group not found in a rule file; there are groups"),
        ("groups:\n- nam: a", "2:8: field nam not found in a group; there are name, interval"),
        ("groups:\n- interval: 1m", "2:3: Groupname must not be empty"),
        ("groups:\n- name: a\n- name: a", '3:3: groupname: "a" is repeated in the same file'),
        ("groups:\n- name: a\n  name: b", '3:3: mapping key "name" already defined at line 2'),
        ("groups:\n- name: a\n  interval: 5x", '3:13: interval: not a valid duration string: "5x"'),
        ("groups:\n- name: a\n  interval: 999999999y", "3:13: interval: duration out of range"),
        ("groups:\n- name: a\n  limit: many", "3:10: limit: 'many' is not a whole number"),
        ("groups:\n- name: a\n  limit: 2147483648", "3:10: limit: 2147483648 is more than 2147483647"),
        ("groups:\n- name: a\n  labels: {__name__: b}", '3:22: group "a": invalid label name: __name__'),
        ("groups:\n- name: a\n  labels: [b]", "3:11: labels are names with values"),
        ("groups:\n- name: [a]", "2:9: name is one value, not several"),
        ("groups: [{name: a}", "not YAML: did not find expected ',' or ']'"),
        ("groups: *a", "1:9: unknown anchor 'a'"),
        ("groups:\n---\ngroups:\n", "2:1: a second document; one file holds one"),
        ("[" * 100_000, "1:22: nested more than 20 deep"),
        ("groups: " + "{a: " * 100_000, "nested more than 20 deep"),
        (
            rule("record: a\nexpr: sum(up"),
            '5:11: group "g", rule 1, "a": could not parse expression: 1:7: parse error: ',
        ),
        (rule("record: a"), '4:5: group "g", rule 1, "a": field \'expr\' must be set in rule'),
        (rule("record: a\nexpr: ''"), '5:11: group "g", rule 1, "a": field \'expr\' must be set in rule'),
        (rule("record: a\nalert: b\nexpr: up"), "only one of 'record' and 'alert' must be set"),
        (rule("expr: up"), "4:5: group \"g\", rule 1, \"\": one of 'record' or 'alert' must be set"),
        (rule("record: a\nexpr: up\nfor: 1m"), '6:10: group "g", rule 1, "a": invalid field \'for\' in recording rule'),
        (rule("record: a\nexpr: up\nkeep_firing_for: 1m"), "invalid field 'keep_firing_for' in recording rule"),
        (rule("record: a\nexpr: up\nannotations: {b: c}"), "invalid field 'annotations' in recording rule"),
        (rule("record: a{b}\nexpr: up"), "braces present in the recording rule name; should it be in expr?: a{b}"),
        (rule('record: "a\\0"\nexpr: up'), "invalid recording rule name: 'a\\x00'"),
        (rule('alert: a\nexpr: up\nlabels: {"": b}'), "invalid label name: "),
        (rule('alert: a\nexpr: up\nlabels: {b: "\\0"}'), "invalid value: '\\x00'"),
        (
            rule("record: a\nexpr: up\nlabel: {}"),
            '6:12: field label not found in group "g", rule 1; there are record, ',
        ),
        (
            rule("record: a\nexpr: up") + "  - record: a\n    expr: up",
            '6:5: group "g", rule 2: it says the same as rule 1',
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    """Line and column of the file, group, rule and reason; PromQL errors with their own place besides."""
    assert any(said in problem for problem in problems(text)), problems(text)


SHARED = "groups:\n- name: g\n  rules:\n  - &x {alert: A, expr: up, labels: &l {a: b}}\n  - %s\n"
ALERT = SHARED % "{alert: B, expr: up, %s}"


def test_rules_share_what_an_anchor_names() -> None:
    """A merge key brings fields, and labels, of another rule, except those that are there."""
    (group,) = read(SHARED % "{<<: *x, alert: B, labels: {<<: *l, c: d}}")
    assert group.rules[1] == AlertingRule("B", "up", 0, 0, {"a": "b", "c": "d"}, {})


@pytest.mark.parametrize("more", ["a: *a", "{<<: *a}"])
def test_aliases_do_not_multiply_without_end(more: str) -> None:
    """Neither by themselves nor by merge keys may a few lines stand for very many values."""
    names = ", ".join(f"k{number}: x" for number in range(1_000))
    text = f"a: &a {{{names}}}\nb:\n" + f"- {more}\n" * 200
    (problem,) = problems(text)
    assert problem.partition(" ")[2].startswith(f"aliases repeat more than {MAX_REPEATED} values: split the file")


def test_promtool_finds_the_same_files_right(require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """What is given as nothing, quotes around a number, anchors and merge keys are to promtool what they are here."""
    texts = [
        *(
            text % f"{field}: {value}"
            for value in ("null", "~", "''")
            for text, fields in (
                (ALERT, ("for", "keep_firing_for", "labels", "annotations")),
                (ALERT % "labels: {%s}", ("a",)),
                ("groups: [{name: a, %s}]", ("interval", "limit", "rules")),
                ("groups: [{%s}]", ("name",)),
                ("%s", ("groups",)),
            )
            for field in fields
        ),
        # Null as a name or an expression, which promtool takes for the text `null`, is not among these.
        *(SHARED % text for text in ("{alert: B, expr: ''}", "{expr: up, alert: ''}", "{expr: up, record: ''}")),
        *(f"groups: [{{name: a, limit: {value}}}]" for value in ("5", "'5'", "!!str 5", "!!int '5'", "x", "-1")),
        *(
            SHARED % text
            for text in (
                *("{<<: *x, alert: B}", "{alert: B, <<: *x}", "{<<: *x, <<: {alert: B}}", "{<<: [{alert: C}, *x]}"),
                *("{'<<': *x}", "{<<: x}", "{<<: , alert: B, expr: up}", "{<<: [], alert: B, expr: up}", "{<<: *z}"),
                *(
                    "{alert: C, expr: up, labels: {<<: *l, c: d}}",
                    "{<<: {foo: bar}, alert: C, expr: up}",
                    "&y {<<: *y}",
                ),
            )
        ),
    ]
    own = {}
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        own[str(path)] = (not read_rules(text.encode(), "a.yml", Defaults()).problems, text)
    command = [require_binary("promtool", "prometheus"), "check", "rules", *own]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    theirs = re.findall(r"Checking (\S+)\n +(SUCCESS|FAILED)", done.stdout)
    assert len(theirs) == len(own)
    assert [(own[path][1], verdict) for path, verdict in theirs if own[path][0] is not (verdict == "SUCCESS")] == []


def test_everything_that_is_wrong_is_found_at_once() -> None:
    """Not only the first of it."""
    text = rule("record: a\nexpr: sum(\nfor: 1m") + "  - alert: b\n    expr: )\n"
    assert [problem.partition(":")[0] for problem in problems(text)] == ["5", "6", "8"]


def test_a_broken_file_is_a_problem_and_never_a_crash() -> None:
    """A thousand files with a few characters changed are read or refused."""
    chosen = random.Random(5)
    letters = " \n\t{}[]&*!|>'\"%@`:,-?#~\0\ufeffaé\ud7ff0"
    for _ in range(1_000):
        text = list(WHOLE)
        for _ in range(chosen.randint(1, 5)):
            text[chosen.randrange(len(text))] = chosen.choice(letters)
        found = read_rules("".join(text).encode(), "a.yml", Defaults())
        assert not (found.groups and found.problems)


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"groups: \xc3\x28", b"\x00", b"groups: '\xed\xa0\x80'"])
def test_bytes_that_are_no_text_are_refused(text: bytes) -> None:
    """As what they are."""
    assert read_rules(text, "a.yml", Defaults()).problems


def test_what_no_answer_means_is_said_for_all_rules() -> None:
    """Files have no words for it, so that Prometheus reads them too; without a word it is as there."""
    text = b"groups: [{name: g, rules: [{alert: A, expr: up}]}]"
    said = Defaults(no_data=Treatment.ALERT, query_failed=Treatment.UNKNOWN)
    for defaults, treatments in ((said, ("alert", "unknown")), (Defaults(), ("ok", "keep"))):
        ((rule,),) = [group.rules for group in read_rules(text, "a.yml", defaults).groups]
        assert isinstance(rule, AlertingRule)
        assert (rule.no_data, rule.query_failed) == treatments
