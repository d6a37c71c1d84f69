"""Groups of rules, as rule files write them: evaluated on time, one rule after another.

Source: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.promql.inputs import Inputs, inputs
from sightline.domain.promql.parse import parse
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.timerange import MINUTE

Rule = RecordingRule | AlertingRule


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a group that does not say it. interval, query_offset: ms."""

    interval: int = MINUTE
    query_offset: int = 0


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
        """The rules in order, in as few pieces as there are none of whose rules reads what an earlier one of it writes."""
        starts, written = [0], set[str]()
        for number, (rule, its) in enumerate(zip(self.rules, self._inputs(), strict=True)):
            if its.reads(written):
                starts.append(number)
                written.clear()
            if isinstance(rule, RecordingRule):
                written.add(rule.record)
        return [range(start, end) for start, end in pairwise([*starts, len(self.rules)]) if start < end]

    def looks_back(self) -> bool:
        """Whether a recording rule may read what itself or a later one wrote: then each evaluation follows from the one before."""
        later: set[str] = set()
        for rule, its in zip(reversed(self.rules), reversed(self._inputs()), strict=True):
            if isinstance(rule, RecordingRule):
                later.add(rule.record)
                if its.reads(later):
                    return True
        return False

    def _inputs(self) -> Sequence[Inputs]:
        return [inputs(parse(rule.expr)) for rule in self.rules]
