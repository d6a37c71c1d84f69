"""Values and times as the exposition formats write them.

Source: both formats read values as Go's strconv.ParseFloat does (https://pkg.go.dev/strconv#ParseFloat); underscores are
refused, as Prometheus refuses them.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from sightline.domain.metrics.samples import Values
from sightline.domain.timerange import MAX_TIME

# Texts of these bytes alone mean the same to Python's float() as to Go, or are refused by both; Python's also takes underscores and
# blanks. (A sign before NaN, as C writes it, is taken too.)
_ALIKE: Final = b"0123456789.+-eEnaiftyNAIFTY"
_HEXADECIMAL: Final = re.compile(rb"[+-]?0[xX](?:[0-9a-fA-F]++(?:\.[0-9a-fA-F]*+)?|\.[0-9a-fA-F]++)[pP][+-]?[0-9]{1,9}")
_INTEGER: Final = re.compile(rb"[+-]?[0-9]{1,20}")


def number(text: bytes) -> float:
    """One value; blanks around it do not count.

    Raises:
        ValueError: not a number.
    """
    text = text.strip(b" \t")
    if not text.translate(None, _ALIKE):
        return float(text)
    if _HEXADECIMAL.fullmatch(text):
        try:
            return float.fromhex(text.decode())
        except OverflowError:
            raise ValueError("out of range") from None
    raise ValueError("not a number")


def numbers(texts: Sequence[bytes]) -> Values:
    """Values, float64 (n,).

    Raises:
        ValueError: one of them is not a number.
    """
    # One look at all bytes together, so that the common case pays for nothing but float().
    read = number if b"".join(texts).translate(None, _ALIKE) else float
    return np.fromiter(map(read, texts), np.float64, len(texts))


def milliseconds(text: bytes) -> int:
    """The time of a sample in the text format: an integer of milliseconds.

    Raises:
        ValueError: not an integer, or out of the range that instants have.
    """
    text = text.strip(b" \t")
    if not _INTEGER.fullmatch(text):
        raise ValueError("not an integer")
    return _bounded(int(text))


def seconds(text: bytes) -> int:
    """The time of a sample in OpenMetrics, seconds as a number, in whole milliseconds towards zero.

    Raises:
        ValueError: not a number, or out of the range that instants have.
    """
    rough = number(text)
    if not -MAX_TIME <= rough * 1000 <= MAX_TIME:
        raise ValueError("out of range")
    try:
        # Exact, for 1605301325.491 is a little less as a double, and a thousand times that may round to a millisecond before.
        return _bounded(int(Decimal(text.strip(b" \t").decode()) * 1000))
    except ArithmeticError:
        return _bounded(int(rough * 1000))


def _bounded(time: int) -> int:
    if not -MAX_TIME <= time <= MAX_TIME:
        raise ValueError("out of range")
    return time
