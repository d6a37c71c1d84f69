"""Groups of rules, as rule files write them: evaluated on time, one rule after another.

Source: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.alerts.series import METRICS
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData
from sightline.domain.promql.inputs import Inputs, inputs
from sightline.domain.promql.parse import parse
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.timerange import MINUTE

Rule = RecordingRule | AlertingRule


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a group that does not say it. interval, query_offset: ms.

    no_data, query_failed: what it means for all alerting rules that there is nothing to judge, and that the query fails; as in
    Prometheus, unless somebody says otherwise.
    """

    interval: int = MINUTE
    query_offset: int = 0
    no_data: Treatment = Treatment.OK
    query_failed: Treatment = Treatment.KEEP


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that belong together. Two are equal when they say the same.

    file: the path of the file it stands in; name: unique in there. interval: between two evaluations, ms.
    query_offset: how far in the past rules are evaluated, ms. limit: series, or alerts, that one rule may yield; 0 is no limit.
    """

    file: str
    name: str
    rules: tuple[Rule, ...]
    interval: int
    query_offset: int = 0
    limit: int = 0

    @property
    def key(self) -> str:
        """What tells it from all others: names need not be unique across files."""
        return f"{self.file};{self.name}"

    def slot(self, now: int) -> int:
        """The last instant at or before `now`, ms, at which the group is due.

        Instants are an interval apart. Where in the interval they lie depends on the names of group and file alone, without the
        folder, so that groups are spread, and keep their instants wherever the file lies and whenever the program starts.
        """
        name = f"{self.file.rpartition('/')[2]};{self.name}"
        phase = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") % self.interval
        return now - (now - phase) % self.interval

    def stretches(self) -> list[range]:
        """The rules in order, in as few pieces as there are none of whose rules may read what an earlier one of it writes."""
        starts, written = [0], set[str]()
        for number, (rule, its) in enumerate(zip(self.rules, self._inputs(), strict=True)):
            # A template may ask for anything.
            if its.reads(written) or (written and _may_ask(rule)):
                starts.append(number)
                written.clear()
            written |= _written(rule)
        return [range(start, end) for start, end in pairwise([*starts, len(self.rules)]) if start < end]

    def looking_back(self) -> list[str]:
        """The metrics of recording rules that may read what they, or later ones of the group, write: what is left of before."""
        found: list[str] = []
        later: set[str] = set()
        for rule, its in zip(reversed(self.rules), reversed(self._inputs()), strict=True):
            if isinstance(rule, RecordingRule):
                later.add(rule.record)
                if its.reads(later):
                    found.append(rule.record)
        return found[::-1]

    def reads(self, metrics: AbstractSet[str]) -> bool:
        """Whether any of its rules may read series of these metrics."""
        return any(its.reads(metrics) for its in self._inputs())

    @property
    def writes(self) -> frozenset[str]:
        """The metrics of its recording rules."""
        return frozenset(rule.record for rule in self.rules if isinstance(rule, RecordingRule))

    def _inputs(self) -> Sequence[Inputs]:
        return [inputs(parse(rule.expr)) for rule in self.rules]


def _may_ask(rule: Rule) -> bool:
    """Whether templates of a rule may ask queries."""
    if not isinstance(rule, AlertingRule):
        return False
    return any("query" in text for text in (*rule.labels.values(), *rule.annotations.values()))


def _written(rule: Rule) -> AbstractSet[str]:
    """The metrics of which a rule writes series."""
    return {rule.record} if isinstance(rule, RecordingRule) else METRICS


def in_order(groups: Sequence[RuleGroup]) -> list[RuleGroup]:
    """The groups so that none stands before one whose results its rules may read, and else as they come.

    Raises:
        BadData: groups read each other's results; names them.
    """
    waiting, found = list(groups), list[RuleGroup]()
    while waiting:
        following = next(
            (one for one in waiting if not any(one.reads(other.writes) for other in waiting if other is not one)), None
        )
        if following is None:
            names = ", ".join(repr(group.name) for group in waiting)
            raise BadData(f"groups read each other's results, so that none can come first; they are among {names}")
        waiting.remove(following)
        found.append(following)
    return found
