"""Which calls need no samples, but one number of each of some windows: the extremes and the number of samples over whole hours.

Where 0 and -0 are both the extreme, samples give the one that came first, and digests either.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sightline.domain.kernels import over_time
from sightline.domain.metrics.digest import Statistic, Windows
from sightline.domain.promql.functions import OVER_WINDOW, OverWindow
from sightline.domain.timerange import HOUR, MAX_TIME, MIN_TIME


@dataclass(frozen=True, slots=True)
class Digested:
    """One statistic of each of some windows of whole hours, which the windows of a call are made of."""

    windows: Windows
    statistic: Statistic


_STATISTICS: Final[Mapping[str, Statistic]] = {
    "count_over_time": Statistic.COUNT,
    "present_over_time": Statistic.GREATEST,
    "min_over_time": Statistic.LEAST,
    "max_over_time": Statistic.GREATEST,
}

OVER_DIGESTED: Final[Mapping[str, OverWindow]] = {
    **{name: OVER_WINDOW[name] for name in _STATISTICS},
    "count_over_time": OverWindow(over_time.over_time, (over_time.SUM,)),
}
"""What each function does with statistics of parts of its windows; with samples it would be OVER_WINDOW."""


def digested(function: str, width: int, first: int, last: int, step: int) -> Digested | None:
    """What suffices for a function of windows that end at first, first + step, ... last, ms; None where samples are needed."""
    statistic = _STATISTICS.get(function)
    if statistic is None or first - width < MIN_TIME or last > MAX_TIME:
        return None
    part = math.gcd(width, step) if last > first else width
    if part % HOUR or first % HOUR:
        return None
    return Digested(Windows(first - width, part, (last - first + width) // part), statistic)
