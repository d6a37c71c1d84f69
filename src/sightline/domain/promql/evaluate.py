"""A planned query and its samples to a value: pure, over columns, all instants of the grid at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import Unprocessable
from sightline.domain.kernels import window
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import SeriesColumns, Values, stale_mask
from sightline.domain.promql import (
    absence,
    aggregations,
    counting,
    extended,
    functions,
    histograms,
    information,
    matching,
    native_aggregations,
    native_folds,
    native_functions,
    native_operators,
    native_windows,
    ordering,
    ranking,
    relabelling,
)
from sightline.domain.promql.annotations import Annotations
from sightline.domain.promql.digested import OVER_DIGESTED
from sightline.domain.promql.extensions import margin
from sightline.domain.promql.leaves import Leaf
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
    Shared,
    Subquery,
    Text,
    unwrap,
)
from sightline.domain.promql.numerals import fixed
from sightline.domain.promql.plan import Instants, Plan, aligned_parts, unsupported
from sightline.domain.promql.planes import floats, require_room
from sightline.domain.promql.resources import MadeLabels, Resources
from sightline.domain.promql.rows import (
    METADATA,
    are_one_metric,
    drop_names,
    interleaved,
    is_typed,
    metric_names,
    select,
)
from sightline.domain.promql.signatures import FUNCTIONS, Type
from sightline.domain.promql.values import Answer, Plane, Scalar, String, Value, Vector
from sightline.domain.promql.windows import Windowed, columns_of, in_order, kept, timestamps
from sightline.domain.timerange import SECOND, Grid

NOTHING_FOUND: Final[Mapping[Leaf, Vector]] = MappingProxyType({})
"""No leaf is evaluated yet."""


def evaluate(
    plan: Plan,
    fetched: Sequence[SeriesColumns],
    resources: Resources | None = None,
    found: Mapping[Leaf, Vector] = NOTHING_FOUND,
) -> Answer:
    """Evaluate a plan over what its fetches brought, in their order.

    found: the leaves of which the value is known already; their samples are not looked at.

    The answer's rows stand in ascending order of labels, or as an instant query that sorts asks for; series without any value are
    left out.

    Raises:
        VectorMatchingFailed: vectors that do not match as the query says, or two elements that become the same.
        Unprocessable: a parameter that its function does not take.
        TooManySamples: an intermediate result larger than the resources allow.
        Whatever `resources.check` raises.
    """
    run = _Run(plan, fetched, resources or Resources(), found)
    with np.errstate(all="ignore"):
        value, ordered = _arranged(plan, _Evaluation(run, plan.grid).result(plan.root))
    return Answer(plan.grid, value, run.notes.warnings(), run.notes.infos(), ordered)


def leaf_of(plan: Plan, leaf: Leaf, columns: SeriesColumns, resources: Resources) -> Vector:
    """The value of a leaf over the samples of some series: a row for each of them, in their order and with all their labels.

    Raises: as `evaluate`.
    """
    node, grid = leaf
    run = _Run(plan, [columns] * len(plan.fetches), resources, NOTHING_FOUND)
    with np.errstate(all="ignore"):
        return _Evaluation(run, grid).leaf(node)


def _arranged(plan: Plan, value: Value) -> tuple[Value, bool]:
    """The value with its rows in order, and whether that order is the query's own."""
    if not isinstance(value, Vector):
        return value, False
    value = ordering.by_labels(value)
    rows = None if plan.is_range or plan.grid.points != 1 else ordering.order(unwrap(plan.root), value)
    return (value, False) if rows is None else (select(value, rows), True)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What all parts of one evaluation share."""

    plan: Plan
    fetched: Sequence[SeriesColumns]
    resources: Resources
    found: Mapping[Leaf, Vector]
    notes: Annotations = field(default_factory=Annotations)
    made: MadeLabels = field(default_factory=MadeLabels)


class _Range(NamedTuple):
    """A range vector before a function folds it: the samples, where its windows end, and how wide they are, ms.

    is_steady: no stale marker is among the samples; otherwise they are no part of it.
    """

    columns: SeriesColumns
    at: Instants
    width: int
    is_steady: bool

    def windowed(self, function: functions.OverWindow, scalars: tuple[Values, ...] = ()) -> Windowed:
        """A function of the windows."""
        kernel, constants = function.kernel, function.arguments
        return Windowed(
            self.columns,
            self.at,
            self.width,
            kernel,
            constants,
            scalars,
            keeps_stale=self.is_steady,
            is_anew=function.is_anew,
        )

    def has_samples(self) -> bool:
        """Whether there is any sample at all."""
        return self.columns.samples > 0 and (self.is_steady or not stale_mask(self.columns.values).all())


class _Evaluation:
    """The evaluation of nodes on one grid: the query's own, or that of a subquery."""

    def __init__(self, run: _Run, grid: Grid) -> None:
        self._run = run
        self._plan = run.plan
        self._resources = run.resources
        self._grid = grid
        self._points = grid.points

    def result(self, node: Node) -> Value:
        """The value of a whole query."""
        root = unwrap(node)
        return self._raw(root) if isinstance(root, RangeSelector | Subquery) else self._value(root)

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
                value = self.leaf(node)
            case Call():
                value = self._called(node)
            case Aggregation():
                value = self._aggregated(node)
            case Binary():
                value = self._combined(node)
            case Negation():
                value = self._negated(node)
            case Shared():
                value = self._shared(node)
            case _:
                raise unsupported(type(node).__name__)
        return value

    def _shared(self, node: Shared) -> Scalar | String | Vector:
        """What is known already, or else is known from now on."""
        memo = self._plan.memo
        if memo is None:
            return self._value(node.inner)
        known = memo.get(node)
        if known is not None:
            return known
        value = self._value(node.inner)
        if not isinstance(value, String):
            memo.keep(node, value)
        return value

    def _negated(self, node: Negation) -> Scalar | Vector:
        value = self._value(node.inner)
        if isinstance(value, Vector):
            require_room(value, self._resources)
            opposite = replace(value, values=-value.values)
            return drop_names(opposite if value.histograms is None else native_operators.negated(opposite))
        return Scalar(-_numbers(value))

    def vector(self, node: Node) -> Vector:
        """The value of a node that is an instant vector."""
        value = self._value(node)
        if not isinstance(value, Vector):
            raise unsupported(f"{type(value).__name__} in place of a vector")
        return value

    def _scalar(self, node: Node) -> Values:
        return _numbers(self._value(node))

    # Selectors and subqueries

    def _selected(self, node: Selector, columns: SeriesColumns) -> Windowed:
        """An instant selector over these columns."""
        at = self._plan.instants(node, self._grid)
        if node.extension is not None:
            _require_floats(columns)
            return extended.windowed(columns, at, 0, margin(node, self._plan.lookback))
        return Windowed(columns, at, self._plan.lookback, window.last, keeps_stale=True)

    def _range(self, node: Node, digested: int | None = None) -> _Range:
        """A range selector or a subquery. digested: which of the fetches holds what suffices in place of samples, if one does."""
        node = unwrap(node)
        if isinstance(node, RangeSelector):
            source = self._plan.source[node, self._grid] if digested is None else digested
            at = self._plan.instants(node.selector, self._grid)
            return _Range(self._run.fetched[source], at, node.width, is_steady=False)
        if not isinstance(node, Subquery):
            raise unsupported(f"{type(node).__name__} in place of a range vector")
        inner = self._plan.inner_grid(node, self._grid)
        columns = SeriesColumns.empty()
        if inner.points > 0:
            self._resources.allow(1, inner.points)
            vector = _Evaluation(self._run, inner).vector(node.inner)
            require_room(vector, self._resources)
            columns = columns_of(vector, inner)
        return _Range(columns, self._plan.instants(node, self._grid), node.width, is_steady=True)

    def _whole(self, windowed: Windowed, node: Selector | Call | None = None) -> Vector:
        """All windows of all series. node: what is evaluated, where it matters whether samples are histograms."""
        self._resources.allow(len(windowed.columns), self._points)
        if node is not None and len(windowed.columns.histograms):
            function, place = (
                (node.function, _place(node, 0)) if isinstance(node, Call) else (native_windows.SELECTOR, "")
            )
            found = native_windows.vector(windowed, function, self._run.notes, place, self._resources)
        else:
            found = windowed.vector(self._resources)
        if windowed.at.points == self._points:
            return found
        # Fixed by `@`: one result for all instants.
        rows = (found.values, found.present, *([] if found.histograms is None else [found.histograms.index]))
        values, present, *index = (np.repeat(one, self._points, axis=1) for one in rows)
        plane = None if found.histograms is None else Plane(index[0], found.histograms.pool)
        return Vector(found.labels, values, present, plane)

    def _raw(self, node: Node) -> SeriesColumns:
        """The samples of a range vector at the one instant of an instant query."""
        ranged = self._range(node)
        columns, end = ranged.columns, ranged.at.start
        if isinstance(node, RangeSelector) and node.selector.extension is not None:
            _require_floats(columns)
            return extended.raw(columns, end, ranged.width, margin(node.selector, self._plan.lookback))
        keep = (columns.times > end - ranged.width) & (columns.times <= end)
        found = kept(columns, keep if ranged.is_steady else keep & ~stale_mask(columns.values))
        return found if isinstance(node, RangeSelector) else in_order(found)

    # Functions

    def _called(self, node: Call) -> Scalar | Vector:
        parts = aligned_parts(node, self._grid)
        if parts:
            found = [_Evaluation(self._run, part).vector(node) for part in parts]
            return interleaved(found, self._points, self._resources.allow)
        if node.function in functions.OVER_WINDOW:
            return self._over_windows(node, self.leaf(node))
        if node.function in functions.BY_VALUE:
            return self._by_value(node)
        if node.function in ordering.SORTS:
            if self._plan.is_range and self._plan.grid.end > self._plan.grid.start:
                self._run.notes.sorted_in_vain(node.place)
            vector = self.vector(node.arguments[0])
            return floats(vector) if node.function in ordering.BY_VALUE else vector
        if node.function in native_functions.OF_HISTOGRAM:
            return drop_names(native_functions.numbers_of(node.function, self.vector(node.arguments[0])))
        if node.function not in self.CALLS:
            raise unsupported(f"function {node.function}()", node.function)
        return self.CALLS[node.function](self, node)

    def leaf(self, node: Selector | Call) -> Vector:
        """An instant selector or a function of a range vector, with all the labels of its series."""
        found = self._run.found.get((node, self._grid))
        return self._whole(self._windows(node), node) if found is None else found

    def _windows(self, node: Selector | Call) -> Windowed:
        """What an instant selector or a function of a range vector is to be worked out from."""
        if isinstance(node, Selector):
            return self._selected(node, self._run.fetched[self._plan.source[node, self._grid]])
        digested = self._plan.source.get((node, self._grid))
        function = (functions.OVER_WINDOW if digested is None else OVER_DIGESTED)[node.function]
        takes = FUNCTIONS[node.function].takes
        argument = unwrap(node.arguments[takes.index(Type.MATRIX)])
        ranged = self._range(argument, digested)
        if isinstance(argument, RangeSelector) and argument.selector.extension is not None:
            _require_floats(ranged.columns)
            around = margin(argument.selector, self._plan.lookback)
            return extended.windowed(ranged.columns, ranged.at, ranged.width, around, node.function)
        scalars = [self._scalar(one) for one, kind in zip(node.arguments, takes, strict=True) if kind is Type.SCALAR]
        if function.scalars:
            scalars = self._prepared(node, scalars, ranged)
            scalars += [np.zeros(self._points)] * (function.scalars - len(scalars))
            if ranged.at.points == 1 and self._points > 1:  # the samples stand still, the scalars may move
                ranged = ranged._replace(at=Instants(ranged.at.start, 0, self._points))
        return ranged.windowed(function, tuple([np.ascontiguousarray(one) for one in scalars]))

    def _over_windows(self, node: Call, result: Vector) -> Vector:
        if node.function in _OF_COUNTERS:
            self._note_names(result, _place(node, 0))
        return result if functions.OVER_WINDOW[node.function].keeps_name else drop_names(result)

    def _prepared(self, node: Call, scalars: list[Values], ranged: _Range) -> list[Values]:
        """The scalar arguments, checked, as the kernel wants them."""
        if node.function == "quantile_over_time" and not _is_share(scalars[0]).all() and ranged.has_samples():
            ranking.note_quantiles(scalars[0], self._run.notes, _place(node, 0))
        if node.function == "predict_linear":
            # From the instant of evaluation; the kernel counts from the window's end, which offset and `@` move.
            ends = ranged.at.start + ranged.at.step * np.arange(ranged.at.points)
            return [scalars[0], (self._grid.times() - ends).astype(np.float64)]
        if node.function == "double_exponential_smoothing":
            for name, factor in zip(("smoothing", "trend"), scalars, strict=True):
                if not _is_factor(factor).all() and ranged.has_samples():
                    raise _wrong_factor(name, factor)
        return scalars

    def _note_names(self, rates: Vector, place: str) -> None:
        rates = floats(rates)
        names = metric_names(rates.labels)
        if len(names) > 1:
            some = np.logical_or.reduce(rates.present, axis=1)
            names = frozenset([rates.labels[row].name for row in np.flatnonzero(some).tolist()])
        elif not rates.present.any():
            return
        for name in sorted(names):
            self._run.notes.maybe_no_counter(name, place)

    def _by_value(self, node: Call) -> Vector:
        # Functions of time may stand without an argument.
        vector = floats(self.vector(node.arguments[0])) if node.arguments else vector_of(self._times())
        scalars = [self._scalar(argument) for argument in node.arguments[1:]]
        values = np.ascontiguousarray(functions.BY_VALUE[node.function](vector.values, *scalars))
        present = vector.present
        if node.function == "clamp":
            present = present & ~(scalars[1] < scalars[0])  # an empty interval leaves nothing
        return drop_names(Vector(vector.labels, values, present))

    def _times(self) -> Values:
        return self._grid.times() / SECOND

    def _time(self, _: Call) -> Scalar:
        return Scalar(self._times())

    def _pi(self, _: Call) -> Scalar:
        return Scalar(np.full(self._points, np.pi))

    def _vector_of(self, node: Call) -> Vector:
        return vector_of(self._scalar(node.arguments[0]))

    def _scalar_of(self, node: Call) -> Scalar:
        return scalar_of(self.vector(node.arguments[0]))

    def _timestamp(self, node: Call) -> Vector:
        inner = unwrap(node.arguments[0])
        if isinstance(inner, Selector):
            columns = timestamps(self._run.fetched[self._plan.source[inner, self._grid]])
            return drop_names(self._whole(self._selected(inner, columns)))
        vector = self.vector(inner)
        return drop_names(Vector(vector.labels, np.zeros_like(vector.values) + self._times(), vector.present))

    def _info(self, node: Call) -> Vector:
        selector = information.info_selector(node)
        base = self.vector(node.arguments[0])
        columns = timestamps(self._run.fetched[self._plan.source[selector, self._grid]])
        return information.joined(node, base, self._whole(self._selected(selector, columns)), self._resources)

    def _absent(self, node: Call) -> Vector:
        inner = unwrap(node.arguments[0])
        return absence.absent(self.vector(inner), absence.labels_of(inner))

    def _absent_over_time(self, node: Call) -> Vector:
        present = functions.OVER_WINDOW["present_over_time"]
        vector = self._whole(self._range(node.arguments[0]).windowed(present))
        return absence.absent(vector, absence.labels_of(unwrap(node.arguments[0])))

    def _label_replace(self, node: Call) -> Vector:
        target, replacement, source, regex = (_text(one) for one in node.arguments[1:])
        return relabelling.replace(
            self.vector(node.arguments[0]), target, replacement, source, regex, self._spend_labels
        )

    def _label_join(self, node: Call) -> Vector:
        target, separator, *sources = (_text(one) for one in node.arguments[1:])
        return relabelling.join(self.vector(node.arguments[0]), target, separator, sources, self._spend_labels)

    def _spend_labels(self, size: int) -> None:
        self._resources.check()
        self._run.made.add(size, self._resources)

    def _histogram_quantile(self, node: Call) -> Vector:
        q = self._scalar(node.arguments[0])
        return histograms.quantile(q, self.vector(node.arguments[1]), self._run.notes, node.places, self._grid)

    def _histogram_quantiles(self, node: Call) -> Vector:
        vector, name = self.vector(node.arguments[0]), _text(node.arguments[1])
        quantiles = [self._scalar(one) for one in node.arguments[2:]]
        notes, allow = self._run.notes, self._resources.allow
        return histograms.quantiles(quantiles, name, vector, notes, node.places, self._grid, allow)

    def _histogram_fraction(self, node: Call) -> Vector:
        lower, upper = (self._scalar(one) for one in node.arguments[:2])
        return histograms.fraction(lower, upper, self.vector(node.arguments[2]), self._run.notes, node.places)

    CALLS: ClassVar[Mapping[str, Callable[["_Evaluation", Call], Scalar | Vector]]] = {
        "absent": _absent,
        "absent_over_time": _absent_over_time,
        "histogram_fraction": _histogram_fraction,
        "histogram_quantile": _histogram_quantile,
        "histogram_quantiles": _histogram_quantiles,
        "info": _info,
        "label_join": _label_join,
        "label_replace": _label_replace,
        "pi": _pi,
        "scalar": _scalar_of,
        "time": _time,
        "timestamp": _timestamp,
        "vector": _vector_of,
    }

    # Operators

    def _aggregated(self, node: Aggregation) -> Vector:
        if node.operator in aggregations.FOLDS:
            return self._folded(node)
        vector = self.vector(node.inner)
        if node.parameter is None:
            raise unsupported(f"aggregation {node.operator}()", node.operator)
        if node.operator == "count_values":
            return counting.count_values(_text(node.parameter), vector, node.grouping, self._resources.allow)
        keys = aggregations.group_keys(vector.labels, node.grouping)
        parameter, (place, inner, *_) = self._scalar(node.parameter), (*node.places, "", "")
        is_top = node.operator in {"topk", "bottomk"}
        vector = native_aggregations.floats_seen(
            node.operator, vector, self._run.notes, node.place if is_top else inner
        )
        match node.operator:
            case "topk" | "bottomk":
                return ranking.top(vector, keys, parameter, greatest=node.operator == "topk")
            case "quantile":
                return ranking.quantile(vector, keys, parameter, self._run.notes, place)
            case "limitk":
                return ranking.limit(vector, keys, parameter)
            case "limit_ratio":
                return ranking.sample(vector, parameter, self._run.notes, place)
            case _:
                raise unsupported(f"aggregation {node.operator}()", node.operator)

    def _folded(self, node: Aggregation) -> Vector:
        """Each group folded into one, if that pays without the vector of all elements ever being there."""
        inner = unwrap(node.inner)
        leaf = inner if isinstance(inner, Selector | Call) else None
        if isinstance(leaf, Call) and (leaf.function not in functions.OVER_WINDOW or aligned_parts(leaf, self._grid)):
            leaf = None
        remarks = self._run.notes, node.places[-1] if node.places else ""
        if leaf is None or (leaf, self._grid) in self._run.found:
            return aggregations.fold(node.operator, self.vector(inner), node.grouping, self._resources, *remarks)
        self._resources.check()
        windowed = self._windows(leaf)
        found = self._folded_windows(node, leaf, windowed)
        if found is not None:
            return found

        def fold(vector: Vector) -> Vector:
            if isinstance(leaf, Call):
                vector = self._over_windows(leaf, vector)
            return aggregations.fold(node.operator, vector, node.grouping, self._resources, *remarks)

        if windowed.at.points == self._points and native_folds.pays(windowed):
            self._resources.allow(len(windowed.columns), 1)
            function, place = _function(leaf)
            return native_folds.folded(windowed, function, fold, self._run.notes, place, self._resources)
        return fold(self._whole(windowed, leaf))

    def _folded_windows(self, node: Aggregation, inner: Selector | Call, windowed: Windowed) -> Vector | None:
        labels, grouping = windowed.columns.labels, node.grouping
        # Series of several metrics may become the same one without its name, which takes all elements to see.
        if windowed.at.points != self._points or not windowed.is_large or not are_one_metric(labels):
            return None
        if len(windowed.columns.histograms):
            return None
        # What the function may have taken away is there to group by only afterwards.
        if METADATA.intersection(grouping.labels) or (grouping.without and any(map(is_typed, labels[:1]))):
            return None
        group, keys = aggregations.groups(labels, grouping)
        if len(keys) * _FEWER > len(labels):
            return None
        self._resources.allow(len(keys), self._points)
        values, present = windowed.folded(group, len(keys), aggregations.FOLDS[node.operator], self._resources)
        if isinstance(inner, Call) and inner.function in _OF_COUNTERS and present.any():
            self._run.notes.maybe_no_counter(labels[0].name, _place(inner, 0))
        return Vector(keys, values, present)

    def _combined(self, node: Binary) -> Scalar | Vector:
        left, right = self._value(node.left), self._value(node.right)
        remarks = self._run.notes, node.place
        if node.operator not in matching.SET:
            for side in (left, right):
                if isinstance(side, Vector):
                    require_room(side, self._resources)
        match left, right:
            case Vector(), Vector():
                if node.operator in matching.SET:
                    return matching.of_sets(node.operator, left, right, node.matching, self._resources.allow)
                return matching.of_vectors(
                    node.operator,
                    left,
                    right,
                    node.matching,
                    to_bool=node.to_bool,
                    fill=node.fill,
                    allow=self._resources.allow,
                    remarks=remarks,
                )
            case Vector(), _:
                return matching.with_scalar(
                    node.operator, left, _numbers(right), swapped=False, to_bool=node.to_bool, remarks=remarks
                )
            case _, Vector():
                return matching.with_scalar(
                    node.operator, right, _numbers(left), swapped=True, to_bool=node.to_bool, remarks=remarks
                )
            case _:
                return Scalar(matching.of_numbers(node.operator, _numbers(left), _numbers(right)))


_OF_COUNTERS: Final = frozenset({"rate", "increase"})
_FEWER: Final = 8  # groups than series, at least, for their states to be smaller than the elements

SUPPORTED: Final = frozenset(
    {*functions.OVER_WINDOW, *functions.BY_VALUE, *native_functions.OF_HISTOGRAM, *ordering.SORTS, *_Evaluation.CALLS}
)
"""The functions that are evaluated."""


def _numbers(value: Scalar | String | Vector) -> Values:
    if not isinstance(value, Scalar):
        raise unsupported(f"{type(value).__name__} in place of a scalar")
    return value.values


def _text(node: Node) -> str:
    node = unwrap(node)
    if not isinstance(node, Text):
        raise unsupported(f"{type(node).__name__} in place of a string")
    return node.value


def _function(leaf: Selector | Call) -> tuple[str, str]:
    """The function of windows that a leaf is, and where it stands."""
    return (leaf.function, _place(leaf, 0)) if isinstance(leaf, Call) else (native_windows.SELECTOR, "")


def _place(node: Call, argument: int) -> str:
    """Where an argument stands; nothing for a call that was not parsed."""
    return node.places[argument] if argument < len(node.places) else ""


def _is_share(values: Values) -> NDArray[np.bool_]:
    """Which values lie between 0 and 1."""
    return (values >= 0) & (values <= 1)


def _is_factor(factor: Values) -> NDArray[np.bool_]:
    """Which values are factors of exponential smoothing: NaN and what lies between 0 and 1, but neither of these."""
    return ~((factor <= 0) | (factor >= 1))


def _require_floats(columns: SeriesColumns) -> None:
    if len(columns.histograms):
        raise Unprocessable("smoothed and anchored modifiers do not work with native histograms")


def _wrong_factor(name: str, factor: Values) -> Unprocessable:
    wrong = float(factor[~_is_factor(factor)][0])
    return Unprocessable(f"invalid {name} factor. Expected: 0 < {name[0]}f < 1, got: {fixed(wrong)}")


def vector_of(numbers: Values) -> Vector:
    """`vector(scalar)`: one element without labels."""
    return Vector((Labels(),), numbers.reshape(1, -1), np.ones((1, len(numbers)), np.bool_))


def scalar_of(vector: Vector) -> Scalar:
    """`scalar(vector)`: the value of the only element, NaN where there is none or more than one."""
    vector = floats(vector)
    if not vector.labels:
        return Scalar(np.full(vector.values.shape[1], np.nan))
    alone = vector.present.sum(axis=0) == 1
    found = np.take_along_axis(vector.values, vector.present.argmax(axis=0)[None], axis=0)[0]
    return Scalar(np.where(alone, found, np.nan))
