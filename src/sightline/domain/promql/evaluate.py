"""A planned query and its samples to a value: pure, over columns, all instants of the grid at once."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels import window
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import SeriesColumns, Values, stale_mask
from sightline.domain.promql import aggregations, functions, matching
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Call,
    Negation,
    Node,
    Number,
    Parentheses,
    RangeSelector,
    Selector,
    Text,
    unwrap,
)
from sightline.domain.promql.plan import Instants, Plan, unsupported
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.rows import drop_names
from sightline.domain.promql.values import Answer, Scalar, String, Value, Vector
from sightline.domain.timerange import SECOND


def evaluate(plan: Plan, fetched: Sequence[SeriesColumns], resources: Resources | None = None) -> Answer:
    """Evaluate a plan over what its fetches brought, in their order.

    The answer's rows stand in ascending order of labels; series without any value are left out.

    Raises:
        VectorMatchingFailed: vectors that do not match as the query says.
        TooManySamples: an intermediate result larger than the resources allow.
        Whatever `resources.check` raises.
    """
    with np.errstate(all="ignore"):
        return Answer(plan.grid, _Evaluation(plan, fetched, resources or Resources()).result())


class _Evaluation:
    """One run; holds what every node needs."""

    def __init__(self, plan: Plan, fetched: Sequence[SeriesColumns], resources: Resources) -> None:
        self._plan = plan
        self._fetched = fetched
        self._resources = resources
        self._points = plan.grid.points

    def result(self) -> Value:
        """The value of the whole query."""
        root = unwrap(self._plan.root)
        if isinstance(root, RangeSelector):
            return self._raw(root)
        value = self._value(root)
        return _in_order(value) if isinstance(value, Vector) else value

    def _value(self, node: Node) -> Scalar | String | Vector:
        """The value of a node on the grid."""
        self._resources.check()
        value: Scalar | String | Vector
        match node:
            case Number():
                value = Scalar(np.full(self._points, node.value))
            case Text():
                value = String(node.value)
            case Parentheses():
                value = self._value(node.inner)
            case Selector():
                value = self._selected(node)
            case Call():
                value = self._called(node)
            case Aggregation():
                value = aggregations.aggregate(node.operator, self._vector(node.inner), node.grouping)
            case Binary():
                value = self._combined(node)
            case Negation():
                value = self._negated(node)
            case _:
                raise unsupported(type(node).__name__)
        return value

    def _negated(self, node: Negation) -> Scalar | Vector:
        value = self._value(node.inner)
        if isinstance(value, Vector):
            return drop_names(Vector(value.labels, -value.values, value.present))
        return Scalar(-_numbers(value))

    def _vector(self, node: Node) -> Vector:
        value = self._value(node)
        if not isinstance(value, Vector):
            raise unsupported(f"{type(value).__name__} in place of a vector")
        return value

    def _scalar(self, node: Node) -> Values:
        return _numbers(self._value(node))

    def _selected(self, node: Selector) -> Vector:
        """An instant selector."""
        at = self._plan.instants(node)
        columns = self._fetched[self._plan.source[node]]
        return self._windowed(columns, at, self._plan.lookback, window.last, ())

    def _called(self, node: Call) -> Scalar | Vector:
        if node.function in functions.OVER_WINDOW:
            return self._over_window(functions.OVER_WINDOW[node.function], node.arguments)
        if node.function in functions.BY_VALUE:
            return self._by_value(node)
        match node.function:
            case "time":
                return Scalar(self._plan.grid.times() / SECOND)
            case "pi":
                return Scalar(np.full(self._points, np.pi))
            case "vector":
                return vector_of(self._scalar(node.arguments[0]))
            case "scalar":
                return scalar_of(self._vector(node.arguments[0]))
            case _:
                raise unsupported(f"function {node.function}()", node.function)

    def _over_window(self, function: functions.OverWindow, arguments: Sequence[Node]) -> Vector:
        selector = unwrap(arguments[-1])
        if not isinstance(selector, RangeSelector):
            raise unsupported("subqueries")
        at = self._plan.instants(selector.selector)
        columns = without_stale(self._fetched[self._plan.source[selector]])
        extra = function.arguments
        if function.takes_quantile:
            quantile = self._scalar(arguments[0])
            if at.points == 1 and self._points > 1:  # the samples stand still, the quantile may move
                at = Instants(at.start, 0, self._points)
            extra = (np.ascontiguousarray(quantile),)
        result = self._windowed(columns, at, selector.width, function.kernel, extra)
        return result if function.keeps_name else drop_names(result)

    def _windowed(
        self, columns: SeriesColumns, at: Instants, width: int, kernel: Callable[..., None], extra: tuple[object, ...]
    ) -> Vector:
        """Run a window kernel over all series, in parts; `extra` is what it takes between width and outputs."""
        rows = len(columns)
        self._resources.allow(rows, self._points)
        out = np.empty((rows, at.points))
        present = np.empty((rows, at.points), np.bool_)

        def part(first: int, after: int) -> None:
            kernel(
                columns.offsets[first : after + 1],
                columns.times,
                columns.values,
                at.start,
                at.step,
                width,
                *extra,
                out[first:after],
                present[first:after],
            )

        self._resources.run(rows, part)
        if at.points != self._points:  # fixed by `@`: one result for all instants
            out, present = np.repeat(out, self._points, axis=1), np.repeat(present, self._points, axis=1)
        return Vector(columns.labels, out, present)

    def _by_value(self, node: Call) -> Vector:
        vector = self._vector(node.arguments[0])
        scalars = [self._scalar(argument) for argument in node.arguments[1:]]
        values = np.ascontiguousarray(functions.BY_VALUE[node.function](vector.values, *scalars))
        present = vector.present
        if node.function == "clamp":
            present = present & ~(scalars[1] < scalars[0])  # an empty interval leaves nothing
        return drop_names(Vector(vector.labels, values, present))

    def _combined(self, node: Binary) -> Scalar | Vector:
        left, right = self._value(node.left), self._value(node.right)
        match left, right:
            case Vector(), Vector():
                if node.operator in matching.SET:
                    return matching.of_sets(node.operator, left, right, node.matching)
                allow = self._resources.allow
                return matching.of_vectors(node.operator, left, right, node.matching, to_bool=node.to_bool, allow=allow)
            case Vector(), _:
                return matching.with_scalar(node.operator, left, _numbers(right), swapped=False, to_bool=node.to_bool)
            case _, Vector():
                return matching.with_scalar(node.operator, right, _numbers(left), swapped=True, to_bool=node.to_bool)
            case _:
                return Scalar(matching.of_numbers(node.operator, _numbers(left), _numbers(right)))

    def _raw(self, node: RangeSelector) -> SeriesColumns:
        """The samples of a range selector at the one instant of an instant query."""
        at = self._plan.instants(node.selector)
        columns = without_stale(self._fetched[self._plan.source[node]])
        within = (columns.times > at.start - node.width) & (columns.times <= at.start)
        return _kept(columns, within)


def _numbers(value: Scalar | String | Vector) -> Values:
    if not isinstance(value, Scalar):
        raise unsupported(f"{type(value).__name__} in place of a scalar")
    return value.values


def vector_of(numbers: Values) -> Vector:
    """`vector(scalar)`: one element without labels."""
    return Vector((Labels(),), numbers.reshape(1, -1), np.ones((1, len(numbers)), np.bool_))


def scalar_of(vector: Vector) -> Scalar:
    """`scalar(vector)`: the value of the only element, NaN where there is none or more than one."""
    alone = vector.present.sum(axis=0) == 1
    return Scalar(np.where(alone, np.where(vector.present, vector.values, 0.0).sum(axis=0), np.nan))


def without_stale(columns: SeriesColumns) -> SeriesColumns:
    """The columns without stale markers, which range vectors skip; the same object when there are none."""
    stale = stale_mask(columns.values)
    return _kept(columns, ~stale) if stale.any() else columns


def _kept(columns: SeriesColumns, keep: NDArray[np.bool_]) -> SeriesColumns:
    """The columns of the samples marked, without series that have none left."""
    before = np.concatenate(([0], np.cumsum(keep)))
    offsets = before[columns.offsets]
    rows = np.flatnonzero(np.diff(offsets))
    return SeriesColumns(
        tuple(columns.labels[row] for row in rows),
        columns.ids[rows],
        np.ascontiguousarray(np.append(offsets[rows], offsets[-1])),
        columns.times[keep],
        columns.values[keep],
    )


def _in_order(vector: Vector) -> Vector:
    """Rows that have a value, in ascending order of labels."""
    rows = np.flatnonzero(vector.present.any(axis=1)).tolist()
    ordered = sorted(rows, key=vector.labels.__getitem__)
    if len(ordered) == len(vector.labels) and ordered == list(range(len(ordered))):
        return vector
    return Vector(tuple(vector.labels[row] for row in ordered), vector.values[ordered], vector.present[ordered])
