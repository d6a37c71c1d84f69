"""What of a batch was not stored, and why: one rule for whatever brings samples.

What is valid is stored and what is not is left out, sample by sample; the answer says so. A sample may be older than others of its
series, by as much as retention keeps; of several of one time the last that was written counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import BadData, SightlineError

_NAMED: Final = 3
NO_ROWS: Final = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many samples that were left out for one reason; the error tells of the first of them. series: those that had none."""

    error: BadData
    samples: int
    series: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: samples acknowledged, how many of these are native histograms, and what was left out.

    refused: int64, which rows of the batch were left out, ascending.
    """

    samples: int
    histograms: int = 0
    left_out: tuple[LeftOut, ...] = ()
    refused: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS, compare=False)


def is_partial(error: SightlineError) -> bool:
    """Whether some samples of the batch were stored although it ended in this error."""
    return bool(error.detail.get("stored"))


def refusal(left_out: Sequence[LeftOut], stored: int) -> BadData:
    """The error of a request that brought samples which were left out, beside `stored` ones.

    Its code is that of the first reason; its detail has `stored` and `refused`, numbers of samples.
    """
    first = left_out[0].error
    refused = sum(each.samples for each in left_out)
    reasons = [each.error.message for each in left_out[:_NAMED]]
    if len(left_out) > _NAMED:
        reasons.append(f"and {len(left_out) - _NAMED} reasons more")
    if refused or not (series := sum(each.series for each in left_out)):
        rest = f"the other {stored} stored" if stored else "nothing was stored"
        reasons.append(f"{refused} {'sample was' if refused == 1 else 'samples were'} refused, {rest}")
    else:
        rest = (
            f"{stored} {'sample was' if stored == 1 else 'samples were'} stored" if stored else "no sample was stored"
        )
        reasons.append(f"{series} series without samples {'was' if series == 1 else 'were'} refused, {rest}")
    return type(first)("; ".join(reasons), **{**first.detail, "stored": stored, "refused": refused})
