"""Relabelling: rules that change, keep or drop label sets, before a scrape (of targets) and after it (of series).

Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config. Regexes are RE2, match the whole
text, and their dot matches a line feed, as since Prometheus 3.
"""

import difflib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sightline.domain.errors import BadData, SettingsInvalid
from sightline.domain.regex import compiled_regex, expansion
from sightline.domain.scrape.job import RelabelRule

_Labels = dict[str, str]
_Step = Callable[[_Labels], bool]
"""Changes the labels in place; False drops them."""

_DEFAULT: Final = RelabelRule()
_WHOLE: Final = "(.*)"
_MUST_TARGET: Final = frozenset({"replace", "keepequal", "dropequal", "hashmod", "lowercase", "uppercase"})
_USED: Final[Mapping[str, frozenset[str]]] = {
    "replace": frozenset({"source_labels", "separator", "regex", "target_label", "replacement"}),
    "keep": frozenset({"source_labels", "separator", "regex"}),
    "drop": frozenset({"source_labels", "separator", "regex"}),
    "keepequal": frozenset({"source_labels", "target_label"}),
    "dropequal": frozenset({"source_labels", "target_label"}),
    "hashmod": frozenset({"source_labels", "separator", "modulus", "target_label"}),
    "labelmap": frozenset({"regex", "replacement"}),
    "labeldrop": frozenset({"regex"}),
    "labelkeep": frozenset({"regex"}),
    "lowercase": frozenset({"source_labels", "separator", "target_label"}),
    "uppercase": frozenset({"source_labels", "separator", "target_label"}),
}
"""The fields that mean something to each action; another one that is set is a mistake."""

ACTIONS: Final = tuple(_USED)
"""Every action there is."""


class Relabelling:
    """Rules made ready once. `where` names them in errors, such as `scrape job node: relabel`.

    Raises:
        SettingsInvalid: on construction, a rule that cannot be followed; the message numbers it from 1.
    """

    def __init__(self, rules: Sequence[RelabelRule], where: str = "relabel") -> None:
        self._steps = tuple(_step(rule, f"{where}: rule {number}") for number, rule in enumerate(rules, 1))

    def __bool__(self) -> bool:
        """Whether there are any rules."""
        return bool(self._steps)

    def apply(self, labels: Mapping[str, str]) -> dict[str, str] | None:
        """The labels after all rules, none of them empty, or None when a rule drops them. `labels` stays as it is."""
        changed = {name: value for name, value in labels.items() if value != ""}
        for step in self._steps:
            if not step(changed):
                return None
        return changed


def _step(rule: RelabelRule, where: str) -> _Step:
    """The rule as a function, its regex compiled and its fields checked."""
    action = rule.action.lower()
    if action not in _USED:
        nearest = difflib.get_close_matches(action, ACTIONS, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"valid are {', '.join(ACTIONS)}"
        raise SettingsInvalid(f"{where}: {rule.action!r} is not an action; {hint}")
    _check_fields(rule, action, where)
    return _MAKE[action](rule, _compiled(rule.regex, where))


def _check_fields(rule: RelabelRule, action: str, where: str) -> None:
    for field in RelabelRule.__struct_fields__:
        is_set = getattr(rule, field) != getattr(_DEFAULT, field)
        if field != "action" and is_set and field not in _USED[action]:
            raise SettingsInvalid(f"{where}: {action} does not use {field}; it uses {', '.join(sorted(_USED[action]))}")
    if action in _MUST_TARGET and not rule.target_label:
        raise SettingsInvalid(f"{where}: {action} needs target_label")
    if action == "hashmod" and rule.modulus < 1:
        raise SettingsInvalid(f"{where}: hashmod needs a modulus of at least 1")
    if action == "labelmap" and not rule.replacement:
        raise SettingsInvalid(f"{where}: labelmap needs a replacement that is a label name, such as $1")


def _compiled(regex: str, where: str) -> Any:
    try:
        return compiled_regex(regex)
    except BadData as error:
        raise SettingsInvalid(f"{where}: regex {regex!r}: {error.message}") from None


def _joined(rule: RelabelRule) -> Callable[[_Labels], str]:
    """What the source labels say together; a missing one is empty."""
    names, separator = rule.source_labels, rule.separator
    if len(names) == 1:
        name = names[0]
        return lambda labels: labels.get(name, "")
    return lambda labels: separator.join([labels.get(name, "") for name in names])


def _set(labels: _Labels, name: str, value: str) -> bool:
    """Set a label, where the empty value is no label; True, as the labels are kept."""
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)
    return True


def _replace(rule: RelabelRule, regex: Any) -> _Step:
    joined = _joined(rule)
    template = rule.replacement
    # The rule that sets a constant, and the one that copies a label: neither needs the regex.
    if rule.regex == _WHOLE and "$" not in rule.target_label and ("$" not in template or template in {"$1", "${1}"}):
        copies = "$" in template
        return lambda labels: _set(labels, rule.target_label, joined(labels) if copies else template)

    named, valued = expansion(rule.target_label, regex), expansion(template, regex)

    def step(labels: _Labels) -> bool:
        match = regex.fullmatch(joined(labels))
        if match is not None and (name := named(match)):  # an empty name is none, and then nothing happens
            _set(labels, name, valued(match))
        return True

    return step


def _keep(rule: RelabelRule, regex: Any) -> _Step:
    joined = _joined(rule)
    return lambda labels: regex.fullmatch(joined(labels)) is not None


def _drop(rule: RelabelRule, regex: Any) -> _Step:
    joined = _joined(rule)
    return lambda labels: regex.fullmatch(joined(labels)) is None


def _keepequal(rule: RelabelRule, _: Any) -> _Step:
    joined = _joined(rule)
    return lambda labels: joined(labels) == labels.get(rule.target_label, "")


def _dropequal(rule: RelabelRule, _: Any) -> _Step:
    joined = _joined(rule)
    return lambda labels: joined(labels) != labels.get(rule.target_label, "")


def _hashmod(rule: RelabelRule, _: Any) -> _Step:
    joined = _joined(rule)

    def step(labels: _Labels) -> bool:
        digest = hashlib.md5(joined(labels).encode(), usedforsecurity=False).digest()
        labels[rule.target_label] = str(int.from_bytes(digest[8:], "big") % rule.modulus)
        return True

    return step


def _lowercase(rule: RelabelRule, _: Any) -> _Step:
    joined = _joined(rule)
    return lambda labels: _set(labels, rule.target_label, joined(labels).lower())


def _uppercase(rule: RelabelRule, _: Any) -> _Step:
    joined = _joined(rule)
    return lambda labels: _set(labels, rule.target_label, joined(labels).upper())


def _labelmap(rule: RelabelRule, regex: Any) -> _Step:
    mapped = expansion(rule.replacement, regex)

    def step(labels: _Labels) -> bool:
        for name, value in sorted(labels.items()):
            match = regex.fullmatch(name)
            if match is not None and (target := mapped(match)):
                labels[target] = value
        return True

    return step


def _labeldrop(_: RelabelRule, regex: Any) -> _Step:
    def step(labels: _Labels) -> bool:
        for name in [name for name in labels if regex.fullmatch(name) is not None]:
            del labels[name]
        return True

    return step


def _labelkeep(_: RelabelRule, regex: Any) -> _Step:
    def step(labels: _Labels) -> bool:
        for name in [name for name in labels if regex.fullmatch(name) is None]:
            del labels[name]
        return True

    return step


_MAKE: Final[Mapping[str, Callable[[RelabelRule, Any], _Step]]] = {
    "replace": _replace,
    "keep": _keep,
    "drop": _drop,
    "keepequal": _keepequal,
    "dropequal": _dropequal,
    "hashmod": _hashmod,
    "labelmap": _labelmap,
    "labeldrop": _labeldrop,
    "labelkeep": _labelkeep,
    "lowercase": _lowercase,
    "uppercase": _uppercase,
}
