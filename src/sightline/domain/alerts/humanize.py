"""Numbers for people to read, as the functions of that name in Prometheus' templates write them."""

import math
from collections.abc import Callable, Sequence
from typing import Final

_LARGE: Final = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL: Final = ("m", "u", "n", "p", "f", "a", "z", "y")
_BINARY: Final = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_MINUTE: Final = 60.0
_LONGEST: Final = 2.0**63  # beyond it Prometheus' arithmetic overflows
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def not_finite(value: float) -> str:
    """The name of a NaN or infinity."""
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def humanize(value: float) -> str:
    """Four digits and a metric prefix: 1234567 is `1.235M`."""
    if not math.isfinite(value):
        return not_finite(value)
    return _grown(value) if 0 < abs(value) < 1 else _shrunk(value, 1000, _LARGE)


def humanize1024(value: float) -> str:
    """Four digits and a binary prefix: 1048576 is `1Mi`."""
    return _shrunk(value, 1024, _BINARY) if math.isfinite(value) else not_finite(value)


def humanize_percentage(value: float) -> str:
    """A share as percents of four digits: 0.1234567 is `12.35%`."""
    scaled = value * 100
    return (f"{scaled:.4g}" if math.isfinite(scaled) else not_finite(scaled)) + "%"


def humanize_duration(value: float) -> str:
    """Seconds in days, hours, minutes and seconds: 90061 is `1d 1h 1m 1s`, and 0.05 is `50ms`."""
    if not math.isfinite(value):
        return not_finite(value)
    if 0 < abs(value) < 1:
        return _grown(value) + "s"
    if not _MINUTE <= abs(value) < _LONGEST:
        return f"{value:.4g}s"
    left = int(abs(value))
    parts: list[str] = []
    for seconds, unit in _UNITS:
        number, left = divmod(left, seconds)
        if number or parts:
            parts.append(f"{number}{unit}")
    return ("-" if value < 0 else "") + " ".join(parts)


FORMS: Final[dict[str, Callable[[float], str]]] = {
    "humanize": humanize,
    "humanize1024": humanize1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
}
"""The functions by their names in templates."""


def _shrunk(value: float, factor: int, prefixes: Sequence[str]) -> str:
    prefix = ""
    for one in prefixes:
        if abs(value) < factor:
            break
        prefix, value = one, value / factor
    return f"{value:.4g}{prefix}"


def _grown(value: float) -> str:
    prefix = ""
    for one in _SMALL:
        if abs(value) >= 1:
            break
        prefix, value = one, value * 1000
    return f"{value:.4g}{prefix}"
