"""The names and types of PromQL's functions, aggregations and operators, as Prometheus 3 has them, evaluated here or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    """The types of PromQL expressions, as messages name them."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    MATRIX = "range vector"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives: the last `optional` arguments may be left out; `repeats`: the last may come again.

    most: how many arguments there may be at most where the last repeats; None for any number.
    """

    takes: tuple[Type, ...]
    optional: int = 0
    repeats: bool = False
    gives: Type = Type.VECTOR
    most: int | None = None

    @property
    def least(self) -> int:
        """The fewest arguments."""
        return len(self.takes) - self.optional

    @property
    def greatest(self) -> int | None:
        """The greatest number of arguments; None for any."""
        return self.most if self.repeats else len(self.takes)

    def type_of(self, position: int) -> Type:
        """The type of the argument at a position."""
        return self.takes[min(position, len(self.takes) - 1)]


_S, _V, _M, _T = Type.SCALAR, Type.VECTOR, Type.MATRIX, Type.STRING

_OF_VECTOR: Final = """
    abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count histogram_stddev
    histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp
"""
_OF_MATRIX: Final = """
    absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate last_over_time
    mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time
    ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time
"""
_OF_TIME: Final = "day_of_month day_of_week day_of_year days_in_month hour minute month year"

FUNCTIONS: Final[Mapping[str, Signature]] = {
    **dict.fromkeys(_OF_VECTOR.split(), Signature((_V,))),
    **dict.fromkeys(_OF_MATRIX.split(), Signature((_M,))),
    **dict.fromkeys(_OF_TIME.split(), Signature((_V,), optional=1)),
    **dict.fromkeys(("end", "pi", "range", "start", "step", "time"), Signature((), gives=_S)),
    "clamp": Signature((_V, _S, _S)),
    "clamp_max": Signature((_V, _S)),
    "clamp_min": Signature((_V, _S)),
    "double_exponential_smoothing": Signature((_M, _S, _S)),
    "histogram_fraction": Signature((_S, _S, _V)),
    "histogram_quantile": Signature((_S, _V)),
    "histogram_quantiles": Signature((_V, _T, _S, _S), optional=1, repeats=True, most=12),
    "info": Signature((_V, _V), optional=1),
    "label_join": Signature((_V, _T, _T, _T), optional=1, repeats=True),
    "label_replace": Signature((_V, _T, _T, _T, _T)),
    "predict_linear": Signature((_M, _S)),
    "quantile_over_time": Signature((_S, _M)),
    "round": Signature((_V, _S), optional=1),
    "scalar": Signature((_V,), gives=_S),
    "sort_by_label": Signature((_V, _T), optional=1, repeats=True),
    "sort_by_label_desc": Signature((_V, _T), optional=1, repeats=True),
    "vector": Signature((_S,)),
}

AGGREGATIONS: Final[Mapping[str, Type | None]] = {
    **dict.fromkeys(("avg", "count", "group", "max", "min", "stddev", "stdvar", "sum")),
    **dict.fromkeys(("bottomk", "limit_ratio", "limitk", "quantile", "topk"), _S),
    "count_values": _T,
}
"""The aggregations, and the type of the parameter that comes first where there is one."""

OF_GRID: Final = frozenset({"start", "end", "step", "range"})
"""Functions whose value follows from where the query begins, where it ends and its step."""

COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
SET_OPERATORS: Final = frozenset({"and", "or", "unless"})
TRIMS: Final = frozenset({"</", ">/"})
"""Operators that take observations above or below a value out of native histograms."""

PRECEDENCE: Final[Mapping[str, int]] = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys((*COMPARISONS, *TRIMS), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
"""How tightly binary operators bind; all but `^` from left to right."""
UNARY: Final = 6
"""How tightly a sign binds: `-2 ^ 2` is `-(2 ^ 2)`."""
