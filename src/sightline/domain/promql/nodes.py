"""The syntax tree of PromQL, as this program sees it: small frozen nodes, whatever package did the parsing."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sightline.domain.labels import Matchers


class Boundary(StrEnum):
    """The two symbolic instants of the `@` modifier."""

    START = "start()"
    END = "end()"


class Extension(StrEnum):
    """How a selector looks beyond the samples within its window, as its modifier is written."""

    ANCHORED = "anchored"
    SMOOTHED = "smoothed"


class InUnits(float):
    """Seconds that were written with units, as `5m` and not as `300`; a float in everything else."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Duration:
    """An arithmetic expression in place of a duration: numbers are seconds; `step` and `range` are those of the query.

    operator: `+ - * / % ^`, `min`, `max`, `min_of`, `max_of`, `step` or `range`. left is None for a sign, and for a number alone
    in parentheses, which has a plus; both are for step and range.
    """

    operator: str
    left: "float | Duration | None" = None
    right: "float | Duration | None" = None
    in_parentheses: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal; durations in place of numbers are seconds, `InUnits`."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """An instant vector selector. `offset` is in ms and may be negative; `at` is an instant in ms, a boundary, or None.

    offset_as: the offset as an expression; once it is worked out, `offset` holds it and this is None. Other nodes likewise.
    named: whether the first matcher was written as a name before the braces; selectors are equal either way.
    """

    matchers: Matchers
    offset: int = 0
    at: int | Boundary | None = None
    extension: Extension | None = None
    offset_as: Duration | None = None
    named: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RangeSelector:
    """A range vector selector; `width` is in ms and positive."""

    selector: Selector
    width: int
    width_as: Duration | None = None


@dataclass(frozen=True, slots=True)
class Subquery:
    """A subquery: a range vector made by evaluating `inner` at steps of its own. `step` is None for the default; all in ms.

    aligned: written with `::`, its instants are counted back from the end of each window; otherwise they are multiples of the step.
    """

    inner: "Node"
    width: int
    step: int | None
    offset: int = 0
    at: int | Boundary | None = None
    width_as: Duration | None = None
    step_as: Duration | None = None
    offset_as: Duration | None = None
    aligned: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; the parser has checked number and types of the arguments.

    places: line and column of each argument, such as `1:6`, for messages, and place: that of the call itself; calls are equal
    wherever they stand.
    """

    function: str
    arguments: tuple["Node", ...]
    places: tuple[str, ...] = field(default=(), compare=False, repr=False)
    place: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Grouping:
    """`by (labels)`, or `without (labels)` when `without` is true. No clause at all is `by ()`."""

    labels: tuple[str, ...] = ()
    without: bool = False


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregation operator over a vector; `parameter` is what topk, quantile and the like take first. Places as for calls."""

    operator: str
    inner: "Node"
    grouping: Grouping
    parameter: "Node | None" = None
    places: tuple[str, ...] = field(default=(), compare=False, repr=False)
    place: str = field(default="", compare=False, repr=False)


class Cardinality(StrEnum):
    """Which side of a binary operation may have several elements for one match."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


@dataclass(frozen=True, slots=True)
class Matching:
    """How elements of two vectors find each other: `on (labels)` or, when `on` is false, `ignoring (labels)`.

    include: the labels that group_left or group_right take over from the "one" side.
    """

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fill:
    """The values that stand for a missing element of either side; None leaves its counterpart without a result."""

    left: float | None = None
    right: float | None = None

    def __bool__(self) -> bool:
        """Whether anything is filled."""
        return self.left is not None or self.right is not None


NO_FILL: Final = Fill()


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operation. `matching` and `fill` matter when both sides are vectors; `to_bool` is the bool modifier.

    place: line and column of its left side.
    """

    operator: str
    left: "Node"
    right: "Node"
    matching: Matching = Matching()
    to_bool: bool = False
    fill: Fill = NO_FILL
    place: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Negation:
    """Unary minus."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class Parentheses:
    """An expression in parentheses or, `is_plus`, behind a plus sign; kept so that what was written can be repeated."""

    inner: "Node"
    is_plus: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What several queries of one instant have in common: one object in all of them, equal to itself alone. Never parsed."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class OfGrid:
    """A whole query of which durations or numbers follow from where it begins, where it ends and its step."""

    inner: "Node"


Node = (
    Number
    | Text
    | Selector
    | RangeSelector
    | Subquery
    | Call
    | Aggregation
    | Binary
    | Negation
    | Parentheses
    | Shared
    | OfGrid
)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node, left to right."""
    match node:
        case Subquery() | Negation() | Parentheses() | Shared() | OfGrid():
            return (node.inner,)
        case Call():
            return node.arguments
        case Aggregation():
            return (node.inner,) if node.parameter is None else (node.parameter, node.inner)
        case Binary():
            return (node.left, node.right)
        case _:
            return ()


def unwrap(node: Node) -> Node:
    """The node without the parentheses around it."""
    while isinstance(node, Parentheses):
        node = node.inner
    return node
