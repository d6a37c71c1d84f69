"""`sightline rules test` beside `promtool test rules`: the same verdicts on the same files."""

import importlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.adapters.inbound.cli import Exit, rule_tests, run

importlib.import_module("sightline.__main__")  # which has the command

Capture = pytest.CaptureFixture[str]

RULES = """
groups:
  - name: one
    rules:
      - {record: "job:up:sum", expr: sum by (job) (up)}
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.job }} is down"}
  - name: two
    rules:
      - {alert: Few, expr: "job:up:sum < 2"}
      - {alert: Slow, expr: "rate(requests[5m]) > 1"}
      - {alert: Linked, expr: "up == 0", annotations: {link: "{{ $externalURL }}/{{ $labels.job | toUpper }}"}}
"""
FAILING = """
groups: [{name: g, rules: [{record: r, expr: a * on () b}]}]
"""
HEAD = """
rule_files: ["ru*.yml"]
evaluation_interval: 1m
group_eval_order: [one, two]
tests:
  - name: a job
    interval: 30s
    input_series:
      - {series: 'up{job="a"}', values: '1x4 0x20'}
      - {series: 'up{job="b"}', values: '1 _ 1+0x4 stale'}
      - {series: 'requests{job="a"}', values: '0+100x7 800x20'}
"""
GOOD = {
    "silent": "alert_rule_test: [{eval_time: 4m, alertname: Down}]",
    "firing": "alert_rule_test: [{eval_time: 5m, alertname: Down, exp_alerts: "
    "[{exp_labels: {job: a, severity: page}, exp_annotations: {summary: a is down}}]}]",
    "between": "alert_rule_test: [{eval_time: 5m59s, alertname: Few, exp_alerts: [{exp_labels: {job: a}}]}]",
    "a rate": "alert_rule_test: [{eval_time: 2m, alertname: Slow, exp_alerts: [{exp_labels: {job: a}}]}]",
    "recorded": "promql_expr_test: [{expr: 'job:up:sum', eval_time: 2m, exp_samples: "
    "[{labels: 'job:up:sum{job=\"b\"}', value: 1}, {labels: 'job:up:sum{job=\"a\"}', value: 1}]}]",
    "ended": "promql_expr_test: [{expr: 'count(up)', eval_time: 5m, exp_samples: [{labels: '{}', value: 1}]}]",
    "scalar": "promql_expr_test: [{expr: 'time()', eval_time: 90s, exp_samples: [{value: 9e1}]}]",
    "not yet loaded": "promql_expr_test: [{expr: 'timestamp(requests)', eval_time: 90s, exp_samples: "
    "[{labels: '{job=\"a\"}', value: 60}]}]",
    "nothing": "promql_expr_test: [{expr: 'none', eval_time: 1m}]",
    "series of alerts": "promql_expr_test: [{expr: 'ALERTS{alertname=\"Down\"}', eval_time: 4m, exp_samples: "
    '[{labels: \'ALERTS{alertname="Down",alertstate="pending",job="a",severity="page"}\', value: 1}]}]',
    "since when": "promql_expr_test: [{expr: 'ALERTS_FOR_STATE{alertname=\"Down\"}', eval_time: 6m, exp_samples: "
    '[{labels: \'ALERTS_FOR_STATE{alertname="Down",job="a",severity="page"}\', value: 180}]}]',
    "a link": "external_url: http://x.test/p\n    alert_rule_test: [{eval_time: 5m, alertname: Linked, exp_alerts: "
    "[{exp_labels: {job: a}, exp_annotations: {link: http://x.test/p/A}}]}]",
}
BAD = {
    "an alert too many": "alert_rule_test: [{eval_time: 6m, alertname: Down}]",
    "an alert too few": "alert_rule_test: [{eval_time: 1m, alertname: Down, exp_alerts: [{exp_labels: {job: a}}]}]",
    "another annotation": "alert_rule_test: [{eval_time: 5m, alertname: Down, exp_alerts: "
    "[{exp_labels: {job: a, severity: page}, exp_annotations: {summary: b is down}}]}]",
    "another label": "alert_rule_test: [{eval_time: 5m, alertname: Few, exp_alerts: [{exp_labels: {job: b}}]}]",
    "another value": "promql_expr_test: [{expr: 'time()', eval_time: 90s, exp_samples: [{value: 91}]}]",
    "a sample too many": "promql_expr_test: [{expr: up, eval_time: 1m}]",
    "a sample too few": "promql_expr_test: [{expr: none, eval_time: 1m, exp_samples: [{labels: '{}', value: 1}]}]",
    "no vector": "promql_expr_test: [{expr: 'up[5m]', eval_time: 1m}]",
}
CASES = [pytest.param(text, cases is GOOD, id=name) for cases in (GOOD, BAD) for name, text in cases.items()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with rules."""
    (tmp_path / "rules.yml").write_text(RULES)
    return tmp_path


def written(folder: Path, *bodies: str) -> str:
    """A file of tests with what groups say after their series."""
    file = folder / "test.yml"
    file.write_text(HEAD + "".join(f"    {body}\n" for body in bodies))
    return str(file)


@pytest.mark.parametrize(("body", "is_good"), CASES)
def test_verdicts_are_those_of_promtool(
    folder: Path, require_binary: Callable[[str, str], str], body: str, *, is_good: bool, capsys: Capture
) -> None:
    """What passes there passes here, and what fails there fails here."""
    file = written(folder, body)
    promtool = require_binary("promtool", "prometheus")
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, timeout=60, check=False)
    assert (done.returncode == 0) is is_good, done
    ours = run(["rules", "test", file])
    told = capsys.readouterr()
    assert ours == (Exit.DONE if is_good else Exit.REFUSED), told
    assert "1 test: " in told.out  # it was run


def test_a_rule_that_fails_fails_its_tests(
    folder: Path, require_binary: Callable[[str, str], str], capsys: Capture
) -> None:
    """Both say which rule and when, and nothing is compared after it."""
    (folder / "rules.yml").write_text(FAILING)
    items = ", ".join(f"{{series: '{name}', values: 1}}" for name in ('a{x="1"}', 'b{x="1"}', 'b{x="2"}'))
    file = folder / "test.yml"
    group = f"interval: 1m, input_series: [{items}], promql_expr_test: [{{expr: a, eval_time: 0s}}]"
    file.write_text(f"rule_files: [rules.yml]\ntests: [{{{group}}}]")
    promtool = require_binary("promtool", "prometheus")
    done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert run(["rules", "test", str(file)]) == Exit.REFUSED
    told = capsys.readouterr().out
    assert "rule r of group g at 0s" in told
    assert "1 test: 0 passed, 1 failed" in told


def test_what_differs_is_told(folder: Path, capsys: Capture) -> None:
    """Where the test stands, its time and group, and both sides of every difference; or the same as JSON."""
    file = written(folder, BAD["another annotation"], GOOD["scalar"])
    assert run(["rules", "test", file]) == Exit.REFUSED
    assert capsys.readouterr().out.splitlines() == [
        f"FAIL  {file}: 1 of 2 tests",
        f"  {file}:12:23: alert Down at 5m, in 'a job'",
        '      {alertname="Down",job="a",severity="page"} summary  expected "b is down"  found "a is down"',
        "1 file, 2 tests: 1 passed, 1 failed",
    ]
    assert run(["rules", "test", file, "--json"]) == Exit.REFUSED
    told = json.loads(capsys.readouterr().out)
    assert (told["tests"], told["passed"]) == (2, 1)
    (failure,) = told["files"][0]["failures"]
    assert (failure["test"], failure["at"], failure["place"]) == ("alert Down", 300.0, "12:23")
    assert failure["differences"][0]["found"] == '"a is down"'


def test_groups_are_chosen_by_name(folder: Path, capsys: Capture) -> None:
    """By a regex that some part of the name has; several are alternatives."""
    file = written(folder, GOOD["scalar"])
    assert run(["rules", "test", file, "--run", "jo[b]"]) == Exit.DONE
    assert run(["rules", "test", file, "--run", "other"]) == Exit.DONE
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("1 file")] == [
        "1 file, 1 test: 1 passed, 0 failed",
        "1 file, 0 tests: 0 passed, 0 failed",
    ]
    assert run(["rules", "test", file, "--run", "("]) == Exit.USAGE
    assert run(["rules", "test"]) == Exit.USAGE
    assert run(["rules", "test", str(folder / "gone.yml")]) == Exit.USAGE


def test_histograms_and_a_start_are_more_than_debian_knows(folder: Path, capsys: Capture) -> None:
    """Native histograms go in and come out, time begins where the group says, and the last bit may differ if the file says so."""
    file = folder / "more.yml"
    file.write_text("""
fuzzy_compare: true
tests:
  - start_timestamp: 1000000000
    input_series: [{series: h, values: '{{count:2 sum:3 buckets:[1 1]}}+{{count:2 sum:3 buckets:[1 1]}}x3'}]
    promql_expr_test:
      - {expr: h, eval_time: 1m, exp_samples: [{labels: h, histogram: '{{count:4 sum:6 buckets:[2 2]}}'}]}
      - {expr: time(), eval_time: 1m, exp_samples: [{value: 1000000060}]}
      - {expr: 0.1 + 0.2, eval_time: 1m, exp_samples: [{value: 0.3}]}
      - {expr: h, eval_time: 1m, exp_samples: [{labels: h, histogram: '{{count:4 sum:7 buckets:[2 2]}}'}]}
""")
    assert run(["rules", "test", str(file)]) == Exit.REFUSED
    assert "1 file, 4 tests: 3 passed, 1 failed" in capsys.readouterr().out


def test_what_takes_long_tells_how_far_it_is(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error, after two seconds, here at once."""
    monkeypatch.setattr(rule_tests, "TOLD_AFTER", 0.0)
    assert run(["rules", "test", written(folder, GOOD["scalar"])]) == Exit.DONE
    assert f"sightline: 0 %: {folder}/test.yml:6:5 up to 0s" in capsys.readouterr().err


def test_files_that_cannot_be_used_fail(folder: Path, capsys: Capture) -> None:
    """Tests and rules with mistakes, each named with its place; rule files that are not there are a warning, as in promtool."""
    (folder / "rules.yml").write_text("groups: [{nam: a}]")
    assert run(["rules", "test", written(folder, GOOD["scalar"])]) == Exit.REFUSED
    told = capsys.readouterr()
    assert f"{folder}/rules.yml:1:16: field nam not found" in told.err
    assert "1 file, 0 tests: 0 passed, 0 failed; 1 file cannot be used" in told.out
    assert run(["rules", "test", written(folder, "names: b")]) == Exit.REFUSED
    assert f"{folder}/test.yml:12:12: field names not found" in capsys.readouterr().err
    (folder / "rules.yml").unlink()
    assert run(["rules", "test", written(folder, GOOD["scalar"])]) == Exit.DONE
    assert "rule_files: ru*.yml leads to no file" in capsys.readouterr().err
