"""The history of recording rules, filled in by the real program, beside what evaluations at each instant give."""

import json
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.e2e.program import Program, running

from sightline.adapters.inbound.cli import Exit, backfill, run
from sightline.adapters.wire.rule_file import read_rules
from sightline.domain.alerts.group import Defaults, RuleGroup, in_order
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.timerange import MINUTE

FILE = """
groups:
  - name: last
    interval: 2m
    rules:
      - record: late:avg
        expr: avg_over_time(heat:sum[10m])
  - name: heat
    interval: 1m
    query_offset: 30s
    labels: {tier: one}
    rules:
      - record: heat:hot
        expr: heat > 50
      - record: heat:count
        expr: count(heat:hot)
        labels: {tier: ""}
      - record: heat:sum
        expr: sum by (room) (heat)
      - record: heat:part
        expr: heat{i="0"} > 50
        labels: {side: a}
      - record: heat:part
        expr: heat{i="0"} <= 50
        labels: {side: a}
      - record: heat:fails
        expr: heat{room="a"} * on (room) group_left () flag
      - record: heat:once
        expr: heat{room="a"} > 60
        labels: {i: ""}
      - record: heat:end
        expr: heat @ end() * 2
      - record: heat:scalar
        expr: scalar(count(heat)) + time() % 3600
  - name: narrow
    limit: 2
    rules:
      - record: narrow:hot
        expr: heat > 40
      - alert: Nothing
        expr: heat > 1
"""
HOURS = 2
SAMPLES = 2 * (60 * HOURS + 20)


class Past:
    """A running program with some hours of samples, and rules over them."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.now = int(float(program.get("/api/v1/query", query="time()")["data"]["result"][0]) * 1000)
        self.start = self.now - HOURS * 60 * MINUTE
        chosen = np.random.default_rng(7)
        for number in range(4):
            self.write(
                Labels.of(__name__="heat", i=str(number), room="ab"[number % 2]),
                61 * chosen.random(SAMPLES).cumsum() % 70,
            )
        self.write(Labels.of(__name__="flag", room="a"), np.ones(SAMPLES))
        # A second flag makes the match ambiguous for a while.
        ambiguous = np.full(SAMPLES, STALE)
        ambiguous[100:120] = 1
        self.write(Labels.of(__name__="flag", room="a", second="1"), ambiguous)

    def write(self, labels: Labels, values: np.ndarray[Any, Any]) -> None:
        """A sample every half minute, from before the start to now; some are missing, and some say that a series ended."""
        times = self.start - 20 * MINUTE + np.arange(len(values)) * 30_000
        keep = np.ones(len(values), np.bool_)
        keep[60 + len(str(labels)) : 90] = False
        values = values.astype(np.float64).copy()
        values[200:203] = STALE
        count = int(keep.sum())
        batch = WriteBatch((labels,), np.zeros(count, np.uint32), times[keep], values[keep])
        assert self.program.write(batch) == 204

    def fill(self, text: str, *arguments: str, start: int = 0, end: int = 0) -> int:
        """Run the command on a file; start and end in ms, of the whole history where they are not given."""
        file = self.folder / "rules.yml"  # always of this name, so that instants are the same
        file.write_text(text)
        begin, until = (start or self.start) / 1000, (end or self.now) / 1000
        return run(["rules", "backfill", str(file), "--start", f"{begin}", "--end", f"{until}", *arguments])

    def ask(self, expression: str, at: int) -> dict[Labels, str] | None:
        """The value at an instant, ms, numbers as they are written; None when it fails."""
        try:
            found = self.program.get("/api/v1/query", query=expression, time=at / 1000)["data"]
        except urllib.error.HTTPError:
            return None
        if found["resultType"] == "scalar":
            return {Labels(): str(found["result"][1])}
        return {Labels.of(one["metric"]): str(one["value"][1]) for one in found["result"]}

    def stored(self, name: str) -> dict[Labels, dict[int, str]]:
        """All samples of a metric; markers are not shown by any answer."""
        found = self.program.get("/api/v1/query", query=f"{name}[1d]", time=self.now / 1000)["data"]["result"]
        return {
            Labels.of(one["metric"]): {round(at * 1000): str(value) for at, value in one["values"]} for one in found
        }

    def alone(self, group: RuleGroup, slots: range) -> dict[str, dict[int, dict[Labels, str] | None]]:
        """What each rule yields at each of its instants, one query after the other; None where it fails."""
        found: dict[str, dict[int, dict[Labels, str] | None]] = {}
        for rule in group.rules:
            if not isinstance(rule, RecordingRule):
                continue
            for slot in slots:
                at = slot - group.query_offset
                answer = self.ask(rule.expr, at)
                named = None if answer is None else rule.named(list(answer))
                if named is not None and (len(set(named)) < len(named) or (group.limit and len(named) > group.limit)):
                    named = None
                result = None if named is None or answer is None else dict(zip(named, answer.values(), strict=True))
                so_far = found.setdefault(rule.record, {}).setdefault(at, result)
                if so_far is not result and so_far is not None:
                    so_far |= result or {}
        return found


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """The program, which records nothing by itself."""
    folder = tmp_path_factory.mktemp("backfill")
    with running(folder / "data", "--set", "host.enabled=false") as program:
        yield Past(program, folder)


@pytest.fixture
def pieces(past: Past, monkeypatch: pytest.MonkeyPatch) -> Past:
    """The same, filled in by small pieces of changing size."""
    monkeypatch.setenv("SIGHTLINE_URL", past.program.url)
    monkeypatch.setattr(backfill, "FIRST", 7)
    monkeypatch.setattr(backfill, "SAMPLES", 150)
    return past


def test_what_is_filled_in_is_what_evaluations_would_have_stored(
    pieces: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every sample of every rule, and series end where they would have, whatever the pieces are and however often it is done."""
    assert pieces.fill(FILE, "--json") == Exit.DONE
    told = {(one["group"], one["rule"]): one for one in json.loads(capsys.readouterr().out)}
    assert told["heat", "heat:fails"]["failed"] == 10
    assert "many-to-many" in told["heat", "heat:fails"]["error"]
    assert told["narrow", "narrow:hot"]["failed"] > 0
    assert told["heat", "heat:once"]["failed"] > 0
    assert all(one["samples"] for one in told.values())
    for group in in_order(read_rules(FILE.encode(), "rules.yml", Defaults()).groups):
        first = group.slot(pieces.start + group.interval - 1)
        slots = range(first, pieces.now + 1, group.interval)
        for record, expected in pieces.alone(group, slots).items():
            stored = pieces.stored(record)
            samples: dict[Labels, dict[int, str]] = {}
            for at, result in expected.items():
                for labels, value in (result or {}).items():
                    samples.setdefault(labels, {})[at] = value
            assert stored == samples, record
            # A series that ended is not there half an interval later, and one that only failed still is.
            standing: dict[Labels, str] = {}
            for at, result in expected.items():
                standing = standing if result is None else result
                if at + group.interval // 2 < pieces.now and at > slots[0] + 6 * MINUTE:
                    shown = pieces.ask(record, at + group.interval // 2)
                    assert shown is not None
                    assert set(shown) <= set(standing)
                    if result is not None:
                        assert shown == result
    before = {name: pieces.stored(name) for name in ("heat:hot", "late:avg", "heat:part")}
    assert pieces.fill(FILE) == Exit.DONE
    assert {name: pieces.stored(name) for name in before} == before


def test_it_may_be_stopped_and_run_again(
    pieces: Past, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was stored by then is stored once, the rest comes with the next run, and parts make a whole."""
    whole, parts = (
        FILE.replace("heat:", "whole:").replace("late:", "l:"),
        FILE.replace("heat:", "part:").replace("late:", "m:"),
    )
    told: list[int] = []

    def tell(_: object, stretch: backfill.Stretch, reached: int) -> None:
        told.append(reached)
        if len(told) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("sightline.adapters.inbound.cli.rules._Telling.__call__", tell)
        assert pieces.fill(parts, "--group", "heat") == Exit.REFUSED
    assert "run the same again" in capsys.readouterr().err
    assert 0 < len(next(iter(pieces.stored("part:scalar").values()))) < HOURS * 60
    between = pieces.now - 60 * MINUTE
    assert pieces.fill(parts, "--group", "heat", end=between) == Exit.DONE
    assert pieces.fill(parts, "--group", "heat", "--group", "last", start=between) == Exit.DONE
    monkeypatch.undo()
    monkeypatch.setenv("SIGHTLINE_URL", pieces.program.url)
    assert pieces.fill(whole, "--group", "heat") == Exit.DONE
    for name in ("hot", "count", "sum", "part", "fails", "end", "scalar"):
        for at in (None, *range(pieces.start, pieces.now, 17 * MINUTE)):
            found = [
                pieces.stored(f"{prefix}:{name}") if at is None else pieces.ask(f"{prefix}:{name}", at)
                for prefix in ("whole", "part")
            ]
            one, two = ({labels.drop(["__name__"]): its for labels, its in (each or {}).items()} for each in found)
            assert one == two


def test_only_what_is_meant_is_filled(pieces: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """By group and rule, at a step of one's own; a dry run says what would be done, and does nothing."""
    some = FILE.replace("heat:", "some:").replace("late:", "n:")
    assert pieces.fill(some, "--dry-run", "--rule", "some:sum", "--step", "5m", "--json") == Exit.DONE
    (plan,) = json.loads(capsys.readouterr().out)
    assert (plan["group"], plan["rule"], plan["instants"]) == ("heat", "some:sum", str(HOURS * 12))
    assert pieces.stored("some:sum") == {}
    assert pieces.fill(some, "--rule", "some:sum", "--step", "5m") == Exit.DONE
    assert {len(one) for one in pieces.stored("some:sum").values()} <= set(range(HOURS * 12 - 3, HOURS * 12 + 1))
    assert pieces.stored("some:hot") == {}
    assert pieces.fill(some, "--rule", "none") == Exit.USAGE


def test_history_that_is_not_kept_is_refused(pieces: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    begin = pieces.now - 40 * 24 * 60 * MINUTE
    text = "groups: [{name: g, rules: [{record: always, expr: vector(1)}]}]"
    assert pieces.fill(text, start=begin, end=begin + 60 * MINUTE) == Exit.REFUSED
    told = capsys.readouterr().err
    assert "retention" in told
    assert "give a later --start" in told.lower()


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ("{name: g, rules: [{record: a, expr: a + 1}]}", "a may read what it or a later rule wrote"),
        ("{name: g, rules: [{record: a, expr: b}, {record: b, expr: x}]}", "a may read what it or a later rule wrote"),
        (
            "{name: g, rules: [{record: a, expr: b}]}, {name: h, rules: [{record: b, expr: a}]}",
            "groups read each other's results",
        ),
        ("{name: g, rules: [{record: a, expr: sum(}]}", "could not parse expression"),
    ],
)
def test_what_cannot_be_filled_in_is_refused(
    pieces: Past, groups: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules that feed on themselves or on each other, for a second run would give something else, and wrong files."""
    assert pieces.fill(f"groups: [{groups}]") == Exit.REFUSED
    assert said in capsys.readouterr().err
