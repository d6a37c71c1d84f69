"""PromQL's functions: over the windows of range vectors, and value by value over instant vectors."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sightline.domain.kernels import over_time, trend, window
from sightline.domain.metrics.samples import Values
from sightline.domain.promql import calendar


@dataclass(frozen=True, slots=True)
class OverWindow:
    """A function of a range vector: a kernel and what it takes between width and outputs.

    arguments: constants that come first. scalars: how many float64 (p,) arrays follow, for the scalar arguments of the call in
    their order; what the call does not give is 0. keeps_name: whether the result is still that metric. is_anew: whether each
    window is gone through anew, so that time grows with windows times their samples.
    """

    kernel: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    scalars: int = 0
    keeps_name: bool = False
    is_anew: bool = False


def _over_time(function: int, *, keeps_name: bool = False) -> OverWindow:
    return OverWindow(
        over_time.over_time, (function,), keeps_name=keeps_name, is_anew=function in over_time.GONE_THROUGH_ANEW
    )


OVER_WINDOW: Final[Mapping[str, OverWindow]] = {
    "rate": OverWindow(window.rate, (True, True)),
    "increase": OverWindow(window.rate, (True, False)),
    "delta": OverWindow(window.rate, (False, False)),
    "irate": OverWindow(window.instant_rate, (True,)),
    "idelta": OverWindow(window.instant_rate, (False,)),
    "sum_over_time": _over_time(over_time.SUM),
    "avg_over_time": _over_time(over_time.AVG),
    "min_over_time": _over_time(over_time.MIN),
    "max_over_time": _over_time(over_time.MAX),
    "count_over_time": _over_time(over_time.COUNT),
    "first_over_time": _over_time(over_time.FIRST, keeps_name=True),
    "last_over_time": _over_time(over_time.LAST, keeps_name=True),
    "stddev_over_time": _over_time(over_time.STDDEV),
    "stdvar_over_time": _over_time(over_time.STDVAR),
    "mad_over_time": _over_time(over_time.MAD),
    "present_over_time": _over_time(over_time.PRESENT),
    "changes": _over_time(over_time.CHANGES),
    "resets": _over_time(over_time.RESETS),
    "ts_of_first_over_time": _over_time(over_time.FIRST_TIME),
    "ts_of_last_over_time": _over_time(over_time.LAST_TIME),
    "ts_of_min_over_time": _over_time(over_time.MIN_TIME),
    "ts_of_max_over_time": _over_time(over_time.MAX_TIME),
    "quantile_over_time": OverWindow(over_time.quantile_over_time, scalars=1, is_anew=True),
    "deriv": OverWindow(trend.trend, (trend.SLOPE,), scalars=2, is_anew=True),
    "predict_linear": OverWindow(trend.trend, (trend.FORECAST,), scalars=2, is_anew=True),
    "double_exponential_smoothing": OverWindow(trend.trend, (trend.SMOOTHED,), scalars=2, is_anew=True),
}


def _clamp_min(values: Values, least: Values) -> Values:
    """The greater one. Of an infinity and NaN that is the infinity; of two zeros the positive one."""
    greater = np.where((values == 0) & (least == 0), values + least, np.maximum(values, least))
    return np.where(np.isposinf(values) | np.isposinf(least), math.inf, greater)


def _clamp_max(values: Values, greatest: Values) -> Values:
    """The lesser one, likewise."""
    return -_clamp_min(-values, -greatest)


def _clamp(values: Values, least: Values, greatest: Values) -> Values:
    return _clamp_min(_clamp_max(values, greatest), least)


def _sign(values: Values) -> Values:
    """-1, 1, or the zero or NaN itself."""
    return np.where(values == 0, values, np.sign(values))


def _round(values: Values, nearest: Values | float = 1.0) -> Values:
    # By the inverse, as Prometheus does: 0.1 has no exact float64, 10 has.
    inverse = 1.0 / nearest
    return np.asarray(np.floor(values * inverse + 0.5) / inverse)


def _degrees(values: Values) -> Values:
    return values * 180.0 / math.pi


def _radians(values: Values) -> Values:
    return values * math.pi / 180.0


BY_VALUE: Final[Mapping[str, Callable[..., Values]]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "round": _round,
    "clamp": _clamp,
    "clamp_min": _clamp_min,
    "clamp_max": _clamp_max,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "sgn": _sign,
    "deg": _degrees,
    "rad": _radians,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    **calendar.PARTS,
}
"""Functions of an instant vector, value by value: float64 (s, p), then scalar arguments as float64 (p,)."""
