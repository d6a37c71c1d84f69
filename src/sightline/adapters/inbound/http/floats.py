"""Numbers as Prometheus writes them: the shortest digits that read back as the same float64.

Without an exponent from 1e-06 up to 1e+21, with one of at least two digits outside; `NaN`, `+Inf`, `-Inf`.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sightline.adapters.inbound.http.columns import constant, flags, numbers
from sightline.adapters.inbound.http.columns import texts as text_column
from sightline.domain.metrics.samples import Times, Values

# Between these Arrow writes the same text as Go does, with no exponent.
_PLAIN_FROM: Final = 1e-6
_PLAIN_BELOW: Final = 1e10
_EXPONENT_FROM: Final = 1e21
# Every whole number below is exact in a float64, so its digits are the shortest ones.
_EXACT_BELOW: Final = 2.0**53
# Arrow's functions take arrays and scalars together, which its type stubs deny.
_arrow: Final[Any] = pc
_POINT, _MINUS, _NOTHING = constant("."), constant("-"), constant("")
_SPECIAL: Final = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}


def sample_text(value: float) -> str:
    """One sample value."""
    text = repr(value)
    if text in _SPECIAL:
        return _SPECIAL[text]
    if value != 0 and not _PLAIN_FROM <= abs(value) < _EXPONENT_FROM:
        return exponent_text(value)
    return scalar_text(value)


def scalar_text(value: float) -> str:
    """A scalar, which Prometheus writes without an exponent however long that gets."""
    text = repr(value)
    if text in _SPECIAL:
        return _SPECIAL[text]
    if "e" in text:
        text = f"{Decimal(text):f}"
    return text.removesuffix(".0")


def exponent_text(value: float) -> str:
    """One digit before the point and always an exponent, as in alerts: `9.1e+01`."""
    text = repr(value)
    if text in _SPECIAL:
        return _SPECIAL[text]
    sign, digits, _ = Decimal(text).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0") or "0"
    power = Decimal(text).adjusted() if value != 0 else 0
    fraction = f".{shown[1:]}" if len(shown) > 1 else ""
    return f"{'-' if sign else ''}{shown[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"


@np.errstate(invalid="ignore")  # stale markers are signalling NaNs
def sample_texts(values: Values) -> pa.StringArray:
    """`sample_text` of every value, without a Python object for any that is common."""
    texts: pa.StringArray = _arrow.cast(numbers(values), pa.string())
    size = np.abs(values)
    plain = ((size >= _PLAIN_FROM) & (size < _PLAIN_BELOW)) | (values == 0)
    if plain.all():
        return texts
    whole = ~plain & (size < _EXACT_BELOW) & (size >= 1) & (values == np.trunc(values))
    if whole.any():
        integers = np.where(whole, values, 0).astype(np.int64)
        texts = _arrow.if_else(flags(whole), numbers(integers).cast(pa.string()), texts)
    # In between Python's own text is the right one, and made ten times as fast as by `sample_text`.
    fraction = ~plain & ~whole & (size >= 1) & (size < _EXACT_BELOW)
    texts = _replaced(texts, fraction, map(repr, values[fraction].tolist()))
    rest = ~plain & ~whole & ~fraction
    return _replaced(texts, rest, map(sample_text, values[rest].tolist()))


def _replaced(texts: pa.StringArray, where: NDArray[np.bool_], written: Iterable[str]) -> pa.StringArray:
    """`texts` with others at some places."""
    if not where.any():
        return texts
    replaced: pa.StringArray = _arrow.replace_with_mask(texts, flags(where), text_column(written))
    return replaced


def time_text(milliseconds: int) -> str:
    """An instant in seconds, with three decimals unless it is whole."""
    sign, size = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    seconds, fraction = divmod(size, 1000)
    return f"{sign}{seconds}.{fraction:03d}" if fraction else f"{sign}{seconds}"


def time_texts(milliseconds: Times) -> pa.StringArray:
    """`time_text` of every instant."""
    size = np.abs(milliseconds)
    seconds = _arrow.cast(numbers(size // 1000), pa.string())
    fraction = size % 1000
    texts: pa.StringArray = seconds
    if fraction.any():
        decimals = _arrow.utf8_lpad(numbers(fraction).cast(pa.string()), 3, "0")
        texts = _arrow.if_else(
            flags(fraction != 0), _arrow.binary_join_element_wise(seconds, decimals, _POINT), seconds
        )
    if (milliseconds < 0).any():
        sign = _arrow.if_else(flags(milliseconds < 0), _MINUS, _NOTHING)
        texts = _arrow.binary_join_element_wise(sign, texts, _NOTHING)
    return texts
