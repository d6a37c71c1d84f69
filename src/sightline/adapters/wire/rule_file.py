"""Rule files in Prometheus' format.

Source: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ and alerting_rules/.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from sightline.adapters.wire.yaml_tree import Branches, Leaf, Leaves, Place, Tree, read_tree
from sightline.domain.alerts.group import Defaults, Rule, RuleGroup
from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.errors import BadData, SightlineError
from sightline.domain.labels import METRIC_NAME
from sightline.domain.promql.parse import parse
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.timerange import parse_duration

MAX_RULES: Final = 20_000
"""Rules of one file."""

_FILE: Final = ("groups",)
_GROUP: Final = ("name", "interval", "query_offset", "limit", "labels", "rules")
_RULE: Final = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_MAX_LIMIT: Final = 2**31 - 1
_LONGEST: Final = 2**63 // 1_000_000  # ms: what 64 bits hold in nanoseconds

_Kind = TypeVar("_Kind", Branches, Leaves)


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
    problems = tuple(f"{place}: {message}" for place, message in sorted(reader.problems))
    return RuleFile(problems=problems) if problems else RuleFile(groups)


class _Reader:
    """Reads one file, and collects what is wrong with it."""

    def __init__(self, path: str, defaults: Defaults) -> None:
        self._path = path
        self._defaults = defaults
        self._rules = 0
        self.problems: list[tuple[Place, str]] = []

    def groups(self, tree: Tree | None) -> tuple[RuleGroup, ...]:
        if tree is None:
            return ()
        top = self._branches(tree, "a rule file", _FILE)
        found: list[RuleGroup] = []
        names = set[str]()
        for one in self._leaves(top.get("groups"), "groups"):
            group = self._group(one)
            if not group.name:
                self._object(one.place, "Groupname must not be empty")
            elif not _can_be_stored(group.name):
                self._object(one.place, f"invalid group name: {group.name!a}")
            elif group.name in names:
                self._object(one.place, f'groupname: "{group.name}" is repeated in the same file')
            names.add(group.name)
            found.append(group)
        return tuple(found)

    def _group(self, tree: Tree) -> RuleGroup:
        fields = self._branches(tree, "a group", _GROUP)
        name = self._text(fields, "name")
        labels = self._labels(fields, f'group "{name}"')
        rules: dict[str, tuple[int, Rule]] = {}
        for number, one in enumerate(self._leaves(fields.get("rules"), "rules"), 1):
            self._rules += 1
            if self._rules > MAX_RULES:
                raise BadData(f"{one.place}: more than {MAX_RULES} rules: split the file into several")
            rule = self._rule(one, f'group "{name}", rule {number}', labels)
            if rule is None:
                continue
            first, _ = rules.setdefault(repr(rule), (number, rule))
            if first != number:
                self._object(one.place, f'group "{name}", rule {number}: it says the same as rule {first}')
        return RuleGroup(
            self._path,
            name,
            tuple(rule for _, rule in rules.values()),
            interval=self._duration(fields, "interval") or self._defaults.interval,
            query_offset=self._defaults.query_offset
            if _is_empty(fields.get("query_offset"))
            else self._duration(fields, "query_offset"),
            limit=self._limit(fields),
        )

    def _rule(self, tree: Tree, where: str, beneath: Mapping[str, str]) -> Rule | None:
        """A rule, or None where it is wrong. beneath: the labels of its group."""
        before = len(self.problems)
        fields = self._branches(tree, where, _RULE)
        record, alert, expr = (self._text(fields, name) for name in ("record", "alert", "expr"))
        where = f'{where}, "{alert or record}"'
        at = fields[("record", "alert")[bool(alert)]].place if record or alert else tree.place
        if record and alert:
            self._object(at, f"{where}: only one of 'record' and 'alert' must be set")
        elif not record and not alert:
            self._object(at, f"{where}: one of 'record' or 'alert' must be set")
        self._check_expression(expr, fields.get("expr"), tree.place, where)
        labels = {**beneath, **self._labels(fields, where)}
        for_ms, keep_ms = self._duration(fields, "for"), self._duration(fields, "keep_firing_for")
        annotations = self._pairs(fields, "annotations", lambda name: f"{where}: invalid annotation name: {name}")
        if record:
            self._check_record(record, at, where)
            for name, its in (("annotations", annotations), ("for", for_ms), ("keep_firing_for", keep_ms)):
                if its:
                    self._object(fields[name].place, f"{where}: invalid field '{name}' in recording rule")
        elif not _can_be_stored(alert, empty=True):
            self._object(at, f"{where}: invalid alert name: {alert!a}")
        if len(self.problems) > before:
            return None
        if record:
            return RecordingRule(record, expr, labels)
        return AlertingRule(alert, expr, for_ms, keep_ms, labels, annotations)

    def _check_expression(self, expr: str, tree: Tree | None, place: Place, where: str) -> None:
        if not expr or tree is None:
            self._object(place if tree is None else tree.place, f"{where}: field 'expr' must be set in rule")
            return
        try:
            parse(expr)
        except SightlineError as error:
            self._object(tree.place, f"{where}: could not parse expression: {error.message}")

    def _check_record(self, record: str, at: Place, where: str) -> None:
        if not _can_be_stored(record):
            self._object(at, f"{where}: invalid recording rule name: {record!a}")
        if "{" in record or "}" in record:
            self._object(at, f"{where}: braces present in the recording rule name; should it be in expr?: {record}")

    def _labels(self, fields: Mapping[str, Tree], where: str) -> dict[str, str]:
        return self._pairs(fields, "labels", lambda name: f"{where}: invalid label name: {name}")

    def _pairs(self, fields: Mapping[str, Tree], field: str, objection: Callable[[str], str]) -> dict[str, str]:
        """Names and texts, such as labels."""
        tree = fields.get(field)
        if tree is None or _is_empty(tree):
            return {}
        found: dict[str, str] = {}
        for name, one in self._kind(tree, Branches, f"{field} are names with values").fields.items():
            if not _can_be_stored(name) or (field == "labels" and name == METRIC_NAME):
                self._object(one.place, objection(name))
            value = self._scalar(one, name)
            if not _can_be_stored(value, empty=True):
                self._object(one.place, f"{objection(name).rpartition(': ')[0]}: invalid value: {value!a}")
            found[name] = value
        return found

    def _branches(self, tree: Tree, what: str, known: tuple[str, ...]) -> Mapping[str, Tree]:
        """The fields of a mapping; those that are not known are objected to."""
        fields = self._kind(tree, Branches, f"{what} is a mapping with the fields {', '.join(known)}").fields
        for name, one in fields.items():
            if name not in known:
                self._object(one.place, f"field {name} not found in {what}; there are {', '.join(known)}")
        return fields

    def _leaves(self, tree: Tree | None, what: str) -> Iterator[Tree]:
        if tree is not None and not _is_empty(tree):
            yield from self._kind(tree, Leaves, f"{what} is a list").items

    @staticmethod
    def _kind(tree: Tree, kind: type[_Kind], objection: str) -> _Kind:
        if isinstance(tree, kind):
            return tree
        raise BadData(f"{tree.place}: {objection}")

    def _text(self, fields: Mapping[str, Tree], name: str) -> str:
        return self._scalar(fields[name], name) if name in fields else ""

    def _scalar(self, tree: Tree, name: str) -> str:
        if isinstance(tree, Leaf):
            return tree.text
        self._object(tree.place, f"{name} is one value, not several")
        return ""

    def _duration(self, fields: Mapping[str, Tree], name: str) -> int:
        """Ms; 0 when it is not given."""
        text = self._text(fields, name)
        if text in {"", "0"}:
            return 0
        try:
            length = parse_duration(text)
        except BadData:
            self._object(fields[name].place, f'{name}: not a valid duration string: "{text}"')
            return 0
        if length > _LONGEST:
            self._object(fields[name].place, f"{name}: duration out of range")
            return 0
        return length

    def _limit(self, fields: Mapping[str, Tree]) -> int:
        text = self._text(fields, "limit")
        if not text:
            return 0
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal()) or int(digits) > _MAX_LIMIT:
            self._object(fields["limit"].place, f"limit: {text[:40]!r} is not a whole number")
            return 0
        return max(0, int(text))

    def _object(self, place: Place, message: str) -> None:
        self.problems.append((place, message))


def _is_empty(tree: Tree | None) -> bool:
    return tree is None or (isinstance(tree, Leaf) and not tree.text)


def _can_be_stored(text: str, *, empty: bool = False) -> bool:
    """Whether a text may be the name of a metric or label, or a value, which may be empty."""
    if not text:
        return empty
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
