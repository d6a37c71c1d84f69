"""Numbers as Prometheus writes them where they become text: labels of count_values, printed queries, annotations."""

import math

import numpy as np


def decimal(value: float) -> str:
    """The shortest decimal digits that read back as the value, without an exponent: `0.1`, `1000000`, `+Inf`, `NaN`."""
    return np.format_float_positional(value, trim="-") if math.isfinite(value) else _special(value)


def fixed(value: float) -> str:
    """Six digits after the point: `1.500000`, `+Inf`, `NaN`."""
    return f"{value:f}" if math.isfinite(value) else _special(value)


def shortest(value: float) -> str:
    """The shortest digits that read back as the value, with an exponent below 1e-4 and from 1e6 on, as Go's %v and %g."""
    if not math.isfinite(value):
        return _special(value)
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e6):  # noqa: PLR2004 - as the docstring says
        return np.format_float_scientific(value, trim="-", exp_digits=2)
    return decimal(value)


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"
