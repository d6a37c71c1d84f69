"""Times as the engine can hold them."""

from typing import Final

from sightline.domain.timerange import TimeRange

FIRST: Final = -2_208_988_800_000
LAST: Final = 10_413_791_999_999
"""What DateTime64(3) is documented to hold, 1900 to 2299, in ms; everything that is stored lies between."""


def held(within: TimeRange) -> TimeRange:
    """The part of a range that the engine can hold; empty where there is none."""
    return TimeRange(min(max(within.start, FIRST), LAST + 1), min(max(within.end, FIRST - 1), LAST))
