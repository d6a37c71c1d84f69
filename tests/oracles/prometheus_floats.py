"""Prometheus' number format, digit by digit: the slow, obvious twin of the column writer."""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from itertools import product


def sample(value: float) -> str:
    """A sample's value: an exponent below 1e-06 and from 1e+21 on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    digits, power = shortest(value)
    size = abs(value)
    return exponential(value, digits, power) if size and (size < 1e-6 or size >= 1e21) else plain(value, digits, power)


def shortest(value: float) -> tuple[str, int]:
    """The fewest significant digits that read back as `value`, and the power of ten of the first."""
    # Of two neighbours as near as each other only one may read back; beside a power of two only the farther one may.
    roundings = (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_FLOOR, ROUND_CEILING)
    for precision, rounding in product(range(1, 18), roundings):
        rounded = Context(prec=precision, rounding=rounding).create_decimal(Decimal(abs(value)))
        if float(rounded) == abs(value):
            digits = "".join(map(str, rounded.as_tuple().digits)).rstrip("0") or "0"
            return digits, rounded.adjusted() if value else 0
    message = f"{value!r} has no digits"
    raise AssertionError(message)


def exponential(value: float, digits: str, power: int) -> str:
    """One digit before the point, two at least in the exponent."""
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign(value)}{digits[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"


def plain(value: float, digits: str, power: int) -> str:
    """Without an exponent."""
    if power < 0:
        return f"{sign(value)}0.{'0' * (-power - 1)}{digits}"
    whole = digits[: power + 1].ljust(power + 1, "0")
    return f"{sign(value)}{whole}" + (f".{digits[power + 1 :]}" if len(digits) > power + 1 else "")


def sign(value: float) -> str:
    """The minus of a negative number, also of zero."""
    return "-" if math.copysign(1, value) < 0 else ""
