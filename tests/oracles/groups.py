"""Aggregation across series in plain Python."""

import math
from collections.abc import Callable, Sequence

from tests.oracles import windows

FOLDS: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": windows.total,
    "AVG": windows.mean,
    "MIN": windows.least,
    "MAX": windows.greatest,
    "COUNT": lambda numbers: float(len(numbers)),
    "STDDEV": lambda numbers: math.sqrt(windows.variance(numbers)),
    "STDVAR": windows.variance,
    "ONE": lambda _numbers: 1.0,
}
