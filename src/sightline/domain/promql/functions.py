"""PromQL's functions: over the windows of range vectors, value by value over instant vectors, and from scalars."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sightline.domain.kernels import over_time, window
from sightline.domain.metrics.samples import Values


@dataclass(frozen=True, slots=True)
class OverWindow:
    """A function of a range vector: a kernel of window.py or over_time.py and the arguments it takes between width and outputs.

    takes_quantile: whether the first argument is the quantile. keeps_name: whether the result is still that metric.
    """

    kernel: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    takes_quantile: bool = False
    keeps_name: bool = False


OVER_WINDOW: Final[Mapping[str, OverWindow]] = {
    "rate": OverWindow(window.rate, (True, True)),
    "increase": OverWindow(window.rate, (True, False)),
    "delta": OverWindow(window.rate, (False, False)),
    "irate": OverWindow(window.instant_rate, (True,)),
    "idelta": OverWindow(window.instant_rate, (False,)),
    "sum_over_time": OverWindow(over_time.over_time, (over_time.SUM,)),
    "avg_over_time": OverWindow(over_time.over_time, (over_time.AVG,)),
    "min_over_time": OverWindow(over_time.over_time, (over_time.MIN,)),
    "max_over_time": OverWindow(over_time.over_time, (over_time.MAX,)),
    "count_over_time": OverWindow(over_time.over_time, (over_time.COUNT,)),
    "last_over_time": OverWindow(over_time.over_time, (over_time.LAST,), keeps_name=True),
    "stddev_over_time": OverWindow(over_time.over_time, (over_time.STDDEV,)),
    "stdvar_over_time": OverWindow(over_time.over_time, (over_time.STDVAR,)),
    "present_over_time": OverWindow(over_time.over_time, (over_time.PRESENT,)),
    "quantile_over_time": OverWindow(over_time.quantile_over_time, takes_quantile=True),
}


def _clamp_min(values: Values, least: Values) -> Values:
    return np.where(np.isnan(values) | np.isnan(least), math.nan, np.maximum(values, least))


def _clamp_max(values: Values, greatest: Values) -> Values:
    return np.where(np.isnan(values) | np.isnan(greatest), math.nan, np.minimum(values, greatest))


def _clamp(values: Values, least: Values, greatest: Values) -> Values:
    return _clamp_max(_clamp_min(values, least), greatest)


def _round(values: Values, nearest: Values | float = 1.0) -> Values:
    # By the inverse, as Prometheus does: 0.1 has no exact float64, 10 has.
    inverse = 1.0 / nearest
    return np.asarray(np.floor(values * inverse + 0.5) / inverse)


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
    "sgn": np.sign,
}
"""Functions of an instant vector, value by value: float64 (s, p), then scalar arguments as float64 (p,)."""

SUPPORTED: Final = frozenset({*OVER_WINDOW, *BY_VALUE, "time", "vector", "scalar", "pi"})
"""The functions that the evaluator knows."""
