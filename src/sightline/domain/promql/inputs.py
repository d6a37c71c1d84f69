"""Which metrics an expression may read."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from sightline.domain.labels import METRIC_NAME, Matcher, Matchers, MatchOp
from sightline.domain.promql.nodes import Call, Node, RangeSelector, Selector, children

_INFO: Final = (Matcher(METRIC_NAME, MatchOp.EQUAL, "target_info"),)
"""What `info()` looks at where no name says otherwise."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the selectors of an expression select by name.

    named: metrics that are named outright. others: of every other selector the conditions on the metric's name, perhaps none.
    """

    named: frozenset[str]
    others: tuple[Matchers, ...]

    def reads(self, metrics: AbstractSet[str]) -> bool:
        """Whether series of any of these metrics may be among what is read."""
        if self.named & metrics:
            return True
        return any(all(one.matches(metric) for one in each) for each in self.others for metric in metrics)


def inputs(root: Node) -> Inputs:
    """The inputs of an expression."""
    named: set[str] = set()
    others: list[Matchers] = []
    for conditions in _conditions(root):
        exact = next((one.value for one in conditions if one.op is MatchOp.EQUAL), "")
        if exact:
            named.add(exact)
        else:
            others.append(conditions)
    return Inputs(frozenset(named), tuple(dict.fromkeys(others)))


def _conditions(node: Node) -> Iterator[Matchers]:
    """The conditions on the metric's name of each selector."""
    if isinstance(node, RangeSelector):
        node = node.selector
    if isinstance(node, Selector):
        yield tuple(one for one in node.matchers if one.name == METRIC_NAME)
    elif isinstance(node, Call) and node.function == "info":
        yield from _conditions(node.arguments[0])
        for chosen in node.arguments[1:]:
            yield from (its or _INFO for its in _conditions(chosen))
        if len(node.arguments) == 1:
            yield _INFO
        return
    for child in children(node):
        yield from _conditions(child)
