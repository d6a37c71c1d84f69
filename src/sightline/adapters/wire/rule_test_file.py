"""Files with unit tests of rules, as `promtool test rules` reads them.

Source: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sightline.adapters.wire.series_notation import MAX_VALUES, Noted, read_histogram, read_labels, read_values
from sightline.adapters.wire.tree_reader import TreeReader
from sightline.adapters.wire.yaml_tree import Place, Tree, is_empty, read_tree
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.alerts.unit_tests import (
    AlertTest,
    ExpectedAlert,
    ExpectedSample,
    InputSeries,
    SampleTest,
    TestGroup,
    UnitTests,
)
from sightline.domain.errors import BadData, SightlineError
from sightline.domain.labels import Labels
from sightline.domain.promql.parse import parse
from sightline.domain.timerange import MAX_TIME, MINUTE, SECOND

MAX_SAMPLES: Final = 10_000_000
"""Values of all series of one file, those that are missing included."""
MAX_EVALUATIONS: Final = 1_000_000
"""How often the rules are evaluated for one group of tests."""

_FILE: Final = ("rule_files", "evaluation_interval", "fuzzy_compare", "group_eval_order", "tests")
_GROUP: Final = (
    "name",
    "interval",
    "start_timestamp",
    "input_series",
    "alert_rule_test",
    "promql_expr_test",
    "external_labels",
    "external_url",
)
_SERIES: Final = ("series", "values")
_ALERT_TEST: Final = ("eval_time", "alertname", "exp_alerts")
_ALERT: Final = ("exp_labels", "exp_annotations")
_SAMPLE_TEST: Final = ("expr", "eval_time", "exp_samples")
_SAMPLE: Final = ("labels", "value", "histogram")
_SPECIAL: Final = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}


@dataclass(frozen=True, slots=True)
class RuleTestFile:
    """What a file says, or else what is wrong with it, each problem with line and column in front."""

    tests: UnitTests | None = None
    problems: tuple[str, ...] = ()


def read_rule_tests(text: bytes) -> RuleTestFile:
    """Read a file. Everything wrong with it is found, and then it has no tests."""
    reader = _Reader()
    try:
        tests = reader.tests(read_tree(text))
    except BadData as error:
        return RuleTestFile(problems=(*reader.told(), error.message))
    return RuleTestFile(problems=reader.told()) if reader.problems else RuleTestFile(tests)


class _Reader(TreeReader):
    """Reads one file, and collects what is wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self._room = MAX_SAMPLES
        self._warnings: list[str] = []

    def tests(self, tree: Tree | None) -> UnitTests:
        if tree is None:
            return UnitTests((), MINUTE)
        top = self.branches(tree, "a file of rule tests", _FILE)
        interval = self.duration(top.get("evaluation_interval"), "evaluation_interval") or MINUTE
        order: list[str] = []
        for one in self.leaves(top.get("group_eval_order"), "group_eval_order"):
            name = self.text(one, "group_eval_order") or ""
            if name in order:
                self.object(one.place, f"group name repeated in evaluation order: {name}")
            order.append(name)
        return UnitTests(
            self.texts(top.get("rule_files"), "rule_files"),
            interval,
            tuple(order),
            self.flag(top.get("fuzzy_compare"), "fuzzy_compare") or False,
            tuple(self._group(one, interval) for one in self.leaves(top.get("tests"), "tests")),
            tuple(self._warnings),
        )

    def _group(self, tree: Tree, evaluated: int) -> TestGroup:
        """A group of tests. evaluated: ms between two evaluations."""
        fields = self.branches(tree, "a group of tests", _GROUP)
        series: dict[Labels, InputSeries] = {}
        for one in self.leaves(fields.get("input_series"), "input_series"):
            if (found := self._series(one)) is not None:
                series[found.labels] = found  # of two that are the same the last one counts, as in promtool
        if not is_empty(fields.get("external_labels")):
            place = fields["external_labels"].place
            self._warnings.append(f"{place}: external_labels has no effect: Sightline has none")
        self.pairs(fields.get("external_labels"), "external_labels")
        group = TestGroup(
            str(tree.place),
            self.field(fields, "name"),
            self._start(fields),
            self.duration(fields.get("interval"), "interval") or evaluated,
            tuple(series.values()),
            tuple(self._alert_tests(fields)),
            tuple(self._sample_tests(fields)),
            self.field(fields, "external_url"),
        )
        if group.length // evaluated >= MAX_EVALUATIONS:
            message = f"its last eval_time takes more than {MAX_EVALUATIONS} evaluations of the rules"
            self.object(tree.place, f"{message}: give a longer evaluation_interval, or an earlier eval_time")
        return group

    def _series(self, tree: Tree) -> InputSeries | None:
        fields = self.branches(tree, "a series", _SERIES)
        labels = self._labels(fields, "series", tree.place)
        noted = self._noted(fields)
        if labels is None or noted is None:
            return None
        if not labels.name:
            self.object(tree.place, f"series {labels} has no metric name")
        return InputSeries(labels, noted.values, noted.there, noted.histograms)

    def _noted(self, fields: Mapping[str, Tree]) -> Noted | None:
        try:
            noted = read_values(self.field(fields, "values"))
        except BadData as error:
            self.object(fields["values"].place, f"values: {error.message}")
            return None
        self._room -= len(noted.values)
        if self._room < 0:
            message = f"more than {MAX_SAMPLES} values in one file, or {MAX_VALUES} in one series: split the file"
            raise BadData(f"{fields['values'].place}: {message}")
        return noted

    def _alert_tests(self, fields: Mapping[str, Tree]) -> Iterator[AlertTest]:
        for tree in self.leaves(fields.get("alert_rule_test"), "alert_rule_test"):
            its = self.branches(tree, "an item of alert_rule_test", _ALERT_TEST)
            name = self.field(its, "alertname")
            if not name:
                self.object(tree.place, "an item of alert_rule_test needs an alertname")
            alerts = tuple(self._alert(one, name) for one in self.leaves(its.get("exp_alerts"), "exp_alerts"))
            yield AlertTest(str(tree.place), self.duration(its.get("eval_time"), "eval_time") or 0, name, alerts)

    def _alert(self, tree: Tree, name: str) -> ExpectedAlert:
        fields = self.branches(tree, "an item of exp_alerts", _ALERT)
        labels = {**self.pairs(fields.get("exp_labels"), "exp_labels"), ALERT_NAME: name}
        return ExpectedAlert(Labels.of(labels), Labels.of(self.pairs(fields.get("exp_annotations"), "exp_annotations")))

    def _sample_tests(self, fields: Mapping[str, Tree]) -> Iterator[SampleTest]:
        for tree in self.leaves(fields.get("promql_expr_test"), "promql_expr_test"):
            its = self.branches(tree, "an item of promql_expr_test", _SAMPLE_TEST)
            expr = self.field(its, "expr")
            try:
                parse(expr)
            except SightlineError as error:
                place = its["expr"].place if "expr" in its else tree.place
                self.object(place, f"could not parse expression: {error.message}")
            samples = (self._sample(one) for one in self.leaves(its.get("exp_samples"), "exp_samples"))
            expected = tuple(sample for sample in samples if sample is not None)
            yield SampleTest(str(tree.place), self.duration(its.get("eval_time"), "eval_time") or 0, expr, expected)

    def _sample(self, tree: Tree) -> ExpectedSample | None:
        fields = self.branches(tree, "an item of exp_samples", _SAMPLE)
        labels = self._labels(fields, "labels", tree.place)
        text = self.field(fields, "histogram")
        if not text:
            return None if labels is None else ExpectedSample(labels, self._number(fields))
        if not is_empty(fields.get("value")):
            self.object(tree.place, "a sample has a value or a histogram, not both")
        try:
            found = read_histogram(text)
        except BadData as error:
            self.object(fields["histogram"].place, f"histogram: {error.message}")
            return None
        return None if labels is None else ExpectedSample(labels, found)

    def _labels(self, fields: Mapping[str, Tree], name: str, place: Place) -> Labels | None:
        try:
            return read_labels(self.field(fields, name))
        except BadData as error:
            self.object(fields[name].place if name in fields else place, error.message)
            return None

    def _number(self, fields: Mapping[str, Tree]) -> float:
        """A number as YAML writes it; 0 where none is given, as in promtool."""
        text = self.field(fields, "value")
        if not text:
            return 0.0
        if text.lower() in _SPECIAL:
            return _SPECIAL[text.lower()]
        try:
            return float(int(text, 16)) if text.lower().lstrip("+-").startswith("0x") else float(text)
        except (ValueError, OverflowError):
            self.object(fields["value"].place, f"value: {text[:40]!r} is no number")
            return 0.0

    def _start(self, fields: Mapping[str, Tree]) -> int:
        """When the tests begin, ms since 1970: seconds, or RFC 3339; 0 where it is not given."""
        text = self.field(fields, "start_timestamp")
        try:
            found = SECOND * float(text or 0)
        except ValueError:
            found = _instant(text)
        if not abs(found) <= MAX_TIME // 2:  # the tests have to find room after it
            message = f"start_timestamp: {text[:40]!r} is no time: write seconds since 1970, or 2026-01-01T00:00:00Z"
            self.object(fields["start_timestamp"].place, message)
            return 0
        return round(found)


def _instant(text: str) -> float:
    """Ms since 1970 of a time in RFC 3339; NaN when it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return math.nan if found.tzinfo is None else SECOND * found.timestamp()
