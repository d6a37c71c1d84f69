"""The modifiers `anchored` and `smoothed`: which samples around a window they look at, and what may be made of such windows."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sightline.domain.errors import Unprocessable
from sightline.domain.promql.nodes import Call, Extension, Node, RangeSelector, Selector, children, unwrap

ALLOWED: Final[Mapping[Extension, tuple[str, ...]]] = {
    Extension.ANCHORED: ("changes", "delta", "increase", "rate", "resets"),
    Extension.SMOOTHED: ("delta", "increase", "rate"),
}
"""The functions that take a range vector with a modifier."""


class Margin(NamedTuple):
    """How much is looked at before a window and after it, ms."""

    before: int = 0
    after: int = 0


def margin(selector: Selector, lookback: int) -> Margin:
    """What a selector, or the windows of its range, look at besides their own; an instant selector has its lookback anyway."""
    match selector.extension:
        case Extension.ANCHORED:
            return Margin(before=lookback)
        case Extension.SMOOTHED:
            return Margin(before=lookback, after=lookback)
        case _:
            return Margin()


def require_allowed(node: Node) -> None:
    """Check that a node's own arguments may have the modifiers they have.

    Raises:
        Unprocessable: a function that cannot work on samples around a window.
    """
    for argument in children(node):
        inner = unwrap(argument)
        if not isinstance(inner, RangeSelector) or (extension := inner.selector.extension) is None:
            continue
        function = node.function if isinstance(node, Call) else ""
        if function not in ALLOWED[extension]:
            allowed = ", ".join(ALLOWED[extension])
            raise Unprocessable(f"{extension} modifier can only be used with: {allowed} - not with {function}")
