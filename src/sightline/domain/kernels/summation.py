"""Compensated summation, the way Prometheus sums: by Neumaier's variant of Kahan's algorithm.

A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974). The sum of a series is
the pair (total, lost): what was added up, and the low-order bits that the additions lost.
"""

from sightline.domain.kernels.compiled import subroutine


@subroutine
def add(value: float, total: float, lost: float) -> tuple[float, float]:
    """The pair after adding `value`. An infinite total has lost nothing: otherwise the difference of infinities would be NaN."""
    raised = total + value
    of_value, of_total = (total - raised) + value, (value - raised) + total
    rest = of_value if abs(total) >= abs(value) else of_total
    is_finite = raised - raised == 0.0
    return raised, lost + rest if is_finite else 0.0
