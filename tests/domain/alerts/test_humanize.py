"""Numbers for people: the figures are what a real Prometheus wrote for the same numbers, but for 1e300 s, where it overflows."""

import math

import pytest

from sightline.domain.alerts.humanize import humanize, humanize1024, humanize_duration, humanize_percentage

CASES: list[tuple[float, str, str, str, str]] = [
    (0.0, "0", "0", "0s", "0%"),
    (1.0, "1", "1", "1s", "100%"),
    (-1.0, "-1", "-1", "-1s", "-100%"),
    (0.5, "500m", "0.5", "500ms", "50%"),
    (-0.5, "-500m", "-0.5", "-500ms", "-50%"),
    (999.99, "1000", "1000", "16m 39s", "1e+05%"),
    (1000.0, "1k", "1000", "16m 40s", "1e+05%"),
    (1023.9, "1.024k", "1024", "17m 3s", "1.024e+05%"),
    (1024.0, "1.024k", "1ki", "17m 4s", "1.024e+05%"),
    (1234567.0, "1.235M", "1.177Mi", "14d 6h 56m 7s", "1.235e+08%"),
    (-1234567.0, "-1.235M", "-1.177Mi", "-14d 6h 56m 7s", "-1.235e+08%"),
    (59.996, "60", "60", "60s", "6000%"),
    (60.0, "60", "60", "1m 0s", "6000%"),
    (61.0, "61", "61", "1m 1s", "6100%"),
    (-61.0, "-61", "-61", "-1m 1s", "-6100%"),
    (3600.0, "3.6k", "3.516ki", "1h 0m 0s", "3.6e+05%"),
    (3661.9, "3.662k", "3.576ki", "1h 1m 1s", "3.662e+05%"),
    (90061.0, "90.06k", "87.95ki", "1d 1h 1m 1s", "9.006e+06%"),
    (-90061.0, "-90.06k", "-87.95ki", "-1d 1h 1m 1s", "-9.006e+06%"),
    (1048576.0, "1.049M", "1Mi", "12d 3h 16m 16s", "1.049e+08%"),
    (0.05, "50m", "0.05", "50ms", "5%"),
    (0.000123456, "123.5u", "0.0001235", "123.5us", "0.01235%"),
    (5e-324, "4.941e-300y", "4.941e-324", "4.941e-300ys", "4.941e-322%"),
    (1e300, "1e+276Y", "8.272e+275Yi", "1e+300s", "1e+302%"),
    (1000000000000000.0, "1P", "909.5Ti", "11574074074d 1h 46m 40s", "1e+17%"),
    (12345678901.0, "12.35G", "11.5Gi", "142889d 19h 15m 1s", "1.235e+12%"),
    (math.nan, "NaN", "NaN", "NaN", "NaN%"),
    (math.inf, "+Inf", "+Inf", "+Inf", "+Inf%"),
    (-math.inf, "-Inf", "-Inf", "-Inf", "-Inf%"),
    (1e-30, "1e-06y", "1e-30", "1e-06ys", "1e-28%"),
    (0.1234567, "123.5m", "0.1235", "123.5ms", "12.35%"),
    (0.9999999, "1000m", "1", "1000ms", "100%"),
    (86400.0, "86.4k", "84.38ki", "1d 0h 0m 0s", "8.64e+06%"),
    (0.99999, "1000m", "1", "1000ms", "100%"),
]


@pytest.mark.parametrize(("value", "plain", "binary", "duration", "percentage"), CASES)
def test_numbers_are_written_as_prometheus_writes_them(
    value: float, plain: str, binary: str, duration: str, percentage: str
) -> None:
    """Prefixes, units, signs and what is no number are those of Prometheus."""
    assert humanize(value) == plain
    assert humanize1024(value) == binary
    assert humanize_duration(value) == duration
    assert humanize_percentage(value) == percentage
