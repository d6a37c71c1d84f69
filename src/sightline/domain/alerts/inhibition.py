"""Inhibition: alerts that are not told because others fire.

Source: https://prometheus.io/docs/alerting/latest/configuration/#inhibition-related-settings.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sightline.domain.labels import Labels, Matchers, satisfies


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While an alert fires that satisfies `source`, those that satisfy `target` are inhibited, where the labels in `equal` agree.

    A label that both lack agrees too.
    """

    source: Matchers = ()
    target: Matchers = ()
    equal: tuple[str, ...] = ()
    name: str = ""

    def key(self, labels: Labels) -> tuple[str, ...]:
        """The values of what has to agree."""
        return tuple(map(labels.get, self.equal))


@dataclass(frozen=True, slots=True)
class Inhibited:
    """Why an alert is not told: the rule, and the alert that fires."""

    rule: InhibitRule
    source: Labels


@dataclass(slots=True)
class _Sources:
    """The alerts that fire and satisfy a rule's source, by what has to agree; apart those that satisfy its target as well."""

    source_only: dict[tuple[str, ...], list[Labels]] = field(default_factory=dict)
    both: dict[tuple[str, ...], list[Labels]] = field(default_factory=dict)


class Inhibition:
    """What some rules inhibit while some alerts fire. Alerts are looked up and not gone through, so that it serves many."""

    def __init__(self, rules: Sequence[InhibitRule], firing: Iterable[Labels]) -> None:
        self._rules = tuple((rule, _Sources()) for rule in rules)
        for labels in firing:
            for rule, sources in self._rules:
                if satisfies(labels, rule.source):
                    where = sources.both if satisfies(labels, rule.target) else sources.source_only
                    where.setdefault(rule.key(labels), []).append(labels)

    def reasons(self, target: Labels) -> Iterator[Inhibited]:
        """Why an alert is inhibited, by every rule and source, one after another; none when it is told.

        An alert that satisfies both sides of a rule is not inhibited by those that do so too, hence not by itself.
        """
        for rule, sources in self._rules:
            if not satisfies(target, rule.target):
                continue
            key = rule.key(target)
            found = sources.source_only.get(key, ())
            yield from (Inhibited(rule, source) for source in found)
            if not satisfies(target, rule.source):
                yield from (Inhibited(rule, source) for source in sources.both.get(key, ()))

    def reason(self, target: Labels) -> Inhibited | None:
        """The first of `reasons`, or None."""
        return next(self.reasons(target), None)
