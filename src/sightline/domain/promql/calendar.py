"""The functions of time: seconds since 1970 to the parts of a UTC date, proleptic Gregorian.

The arithmetic on days is that of H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that the leap
day is the last, and 400 years are one cycle.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.samples import Values

Ints = NDArray[np.int64]

_DAY: Final = 86_400
_CYCLE: Final = 146_097  # days in 400 years
# 0000-03-01 to 1970-01-01, in days.
_EPOCH: Final = 719_468
# Beyond this many seconds, in the year 285,000,000, float64 cannot tell one from the next: the result is NaN, as for NaN itself.
_FARTHEST: Final = 2.0**53


def _date(day: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month 1 to 12 and day of the month of a day since 1970."""
    cycle, in_cycle = np.divmod(day + _EPOCH, _CYCLE)
    year_of_cycle = (in_cycle - in_cycle // 1460 + in_cycle // 36_524 - in_cycle // (_CYCLE - 1)) // 365
    in_year = in_cycle - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    month_from_march = (5 * in_year + 2) // 153
    month = np.where(month_from_march < 10, month_from_march + 3, month_from_march - 9)  # noqa: PLR2004 - January
    year = year_of_cycle + 400 * cycle + (month <= 2)  # noqa: PLR2004 - February
    return year, month, in_year - (153 * month_from_march + 2) // 5 + 1


def _is_leap(year: Ints) -> NDArray[np.bool_]:
    leap: NDArray[np.bool_] = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return leap


_LENGTHS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_BEFORE: Final = np.concatenate(([0], np.cumsum(_LENGTHS)[:-1]))


def _days_in_month(day: Ints) -> Ints:
    year, month, _ = _date(day)
    return np.asarray(_LENGTHS[month] + ((month == 2) & _is_leap(year)))  # noqa: PLR2004 - February


def _day_of_year(day: Ints) -> Ints:
    year, month, of_month = _date(day)
    return np.asarray(_BEFORE[month] + of_month + ((month > 2) & _is_leap(year)))  # noqa: PLR2004 - after February


def _of_day(part: Callable[[Ints], Ints]) -> Callable[[Values], Values]:
    return _of_second(lambda second: part(second // _DAY))


def _of_second(part: Callable[[Ints], Ints]) -> Callable[[Values], Values]:
    def function(values: Values) -> Values:
        near = np.abs(values) <= _FARTHEST  # false for NaN
        seconds = np.where(near, np.trunc(values), 0.0).astype(np.int64)
        return np.where(near, part(seconds).astype(np.float64), np.nan)

    return function


PARTS: Final[Mapping[str, Callable[[Values], Values]]] = {
    "minute": _of_second(lambda second: second % 3600 // 60),
    "hour": _of_second(lambda second: second % _DAY // 3600),
    "day_of_week": _of_day(lambda day: (day + 4) % 7),  # 1970 began on a Thursday; Sunday is 0
    "day_of_month": _of_day(lambda day: _date(day)[2]),
    "day_of_year": _of_day(_day_of_year),
    "days_in_month": _of_day(_days_in_month),
    "month": _of_day(lambda day: _date(day)[1]),
    "year": _of_day(lambda day: _date(day)[0]),
}
"""Float64 of any shape, seconds since 1970, to float64 of the same shape; fractions of a second are cut off."""
