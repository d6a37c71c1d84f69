"""Rule files in Prometheus' format.

Source: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ and alerting_rules/.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sightline.adapters.wire.tree_reader import TreeReader
from sightline.adapters.wire.yaml_tree import Place, Tree, read_tree
from sightline.domain.alerts.group import Defaults, Rule, RuleGroup
from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.errors import BadData, SightlineError
from sightline.domain.labels import METRIC_NAME
from sightline.domain.promql.parse import parse
from sightline.domain.promql.recording import RecordingRule

MAX_RULES: Final = 20_000
"""Rules of one file."""

_FILE: Final = ("groups",)
_GROUP: Final = ("name", "interval", "query_offset", "limit", "labels", "rules")
_RULE: Final = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_MAX_LIMIT: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What a file holds: its groups, or else what is wrong with it, each problem with line and column in front."""

    groups: tuple[RuleGroup, ...] = ()
    problems: tuple[str, ...] = ()


def read_rules(text: bytes, path: str, defaults: Defaults) -> RuleFile:
    """Read a file; `path` is what it is called. Everything wrong with it is found, and then it has no groups."""
    reader = _Reader(path, defaults)
    try:
        groups = reader.groups(read_tree(text))
    except BadData as error:
        return RuleFile(problems=(error.message,))
    return RuleFile(problems=reader.told()) if reader.problems else RuleFile(groups)


class _Reader(TreeReader):
    """Reads one file, and collects what is wrong with it."""

    def __init__(self, path: str, defaults: Defaults) -> None:
        super().__init__()
        self._path = path
        self._defaults = defaults
        self._rules = 0

    def groups(self, tree: Tree | None) -> tuple[RuleGroup, ...]:
        if tree is None:
            return ()
        top = self.branches(tree, "a rule file", _FILE)
        found: list[RuleGroup] = []
        names = set[str]()
        for one in self.leaves(top.get("groups"), "groups"):
            group = self._group(one)
            if not group.name:
                self.object(one.place, "Groupname must not be empty")
            elif not _can_be_stored(group.name):
                self.object(one.place, f"invalid group name: {group.name!a}")
            elif group.name in names:
                self.object(one.place, f'groupname: "{group.name}" is repeated in the same file')
            names.add(group.name)
            found.append(group)
        return tuple(found)

    def _group(self, tree: Tree) -> RuleGroup:
        fields = self.branches(tree, "a group", _GROUP)
        name = self.field(fields, "name")
        labels = self._labels(fields, f'group "{name}"')
        rules: dict[str, tuple[int, Rule]] = {}
        for number, one in enumerate(self.leaves(fields.get("rules"), "rules"), 1):
            self._rules += 1
            if self._rules > MAX_RULES:
                raise BadData(f"{one.place}: more than {MAX_RULES} rules: split the file into several")
            rule = self._rule(one, f'group "{name}", rule {number}', labels)
            if rule is None:
                continue
            first, _ = rules.setdefault(repr(rule), (number, rule))
            if first != number:
                self.object(one.place, f'group "{name}", rule {number}: it says the same as rule {first}')
        offset = self.duration(fields.get("query_offset"), "query_offset")
        return RuleGroup(
            self._path,
            name,
            tuple(rule for _, rule in rules.values()),
            interval=self.duration(fields.get("interval"), "interval") or self._defaults.interval,
            query_offset=self._defaults.query_offset if offset is None else offset,
            limit=self._limit(fields),
        )

    def _rule(self, tree: Tree, where: str, beneath: Mapping[str, str]) -> Rule | None:
        """A rule, or None where it is wrong. beneath: the labels of its group."""
        before = len(self.problems)
        fields = self.branches(tree, where, _RULE)
        record, alert, expr = (self.field(fields, name) for name in ("record", "alert", "expr"))
        where = f'{where}, "{alert or record}"'
        at = fields[("record", "alert")[bool(alert)]].place if record or alert else tree.place
        if record and alert:
            self.object(at, f"{where}: only one of 'record' and 'alert' must be set")
        elif not record and not alert:
            self.object(at, f"{where}: one of 'record' or 'alert' must be set")
        self._check_expression(expr, fields.get("expr"), tree.place, where)
        labels = {**beneath, **self._labels(fields, where)}
        for_ms, keep_ms = (self.duration(fields.get(name), name) or 0 for name in ("for", "keep_firing_for"))
        annotations = self._pairs(fields, "annotations", lambda name: f"{where}: invalid annotation name: {name}")
        if record:
            self._check_record(record, at, where)
            for name, its in (("annotations", annotations), ("for", for_ms), ("keep_firing_for", keep_ms)):
                if its:
                    self.object(fields[name].place, f"{where}: invalid field '{name}' in recording rule")
        elif not _can_be_stored(alert, empty=True):
            self.object(at, f"{where}: invalid alert name: {alert!a}")
        if len(self.problems) > before:
            return None
        if record:
            return RecordingRule(record, expr, labels)
        of_all = self._defaults
        return AlertingRule(
            alert, expr, for_ms, keep_ms, labels, annotations, no_data=of_all.no_data, query_failed=of_all.query_failed
        )

    def _check_expression(self, expr: str, tree: Tree | None, place: Place, where: str) -> None:
        if not expr or tree is None:
            self.object(place if tree is None else tree.place, f"{where}: field 'expr' must be set in rule")
            return
        try:
            parse(expr)
        except SightlineError as error:
            self.object(tree.place, f"{where}: could not parse expression: {error.message}")

    def _check_record(self, record: str, at: Place, where: str) -> None:
        if not _can_be_stored(record):
            self.object(at, f"{where}: invalid recording rule name: {record!a}")
        if "{" in record or "}" in record:
            self.object(at, f"{where}: braces present in the recording rule name; should it be in expr?: {record}")

    def _labels(self, fields: Mapping[str, Tree], where: str) -> dict[str, str]:
        return self._pairs(fields, "labels", lambda name: f"{where}: invalid label name: {name}")

    def _pairs(self, fields: Mapping[str, Tree], field: str, objection: Callable[[str], str]) -> dict[str, str]:
        """Names and texts, such as labels."""
        found: dict[str, str] = {}
        for name, one in self.named(fields.get(field), field).items():
            if not _can_be_stored(name) or (field == "labels" and name == METRIC_NAME):
                self.object(one.place, objection(name))
            value = self.text(one, name) or ""
            if not _can_be_stored(value, empty=True):
                self.object(one.place, f"{objection(name).rpartition(': ')[0]}: invalid value: {value!a}")
            found[name] = value
        return found

    def _limit(self, fields: Mapping[str, Tree]) -> int:
        limit = self.whole(fields.get("limit"), "limit") or 0
        if limit > _MAX_LIMIT:
            self.object(fields["limit"].place, f"limit: {limit} is more than {_MAX_LIMIT}")
        return max(0, limit)


def _can_be_stored(text: str, *, empty: bool = False) -> bool:
    """Whether a text may be the name of a metric or label, or a value, which may be empty."""
    return "\x00" not in text if text else empty
