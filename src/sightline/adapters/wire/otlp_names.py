"""What OpenTelemetry's metrics, units and attributes are called in PromQL.

Source: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/, and where it leaves a choice, what
Prometheus does by default: other characters become underscores, the unit and `total` become suffixes.
"""

import re
from typing import Final

_UNITS: Final = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "TiBy": "tibibytes",
    "KBy": "kilobytes",
    "MBy": "megabytes",
    "GBy": "gigabytes",
    "TBy": "terabytes",
    "m": "meters",
    "V": "volts",
    "A": "amperes",
    "J": "joules",
    "W": "watts",
    "g": "grams",
    "Cel": "celsius",
    "Hz": "hertz",
    "1": "",
    "%": "percent",
}
_PER_UNITS: Final = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}
_TOKENS: Final = re.compile(r"[a-zA-Z0-9:]+")
_NO_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")


def metric_name(name: str, unit: str, *, is_monotonic: bool = False, is_gauge: bool = False) -> str:
    """The name of a metric. is_monotonic: of a sum; is_gauge: its points are gauges. Empty where no character of it can stand."""
    tokens = _TOKENS.findall(name)
    if not tokens:
        return ""
    main, _, per = unit.partition("/")
    measured = _unit(main, _UNITS)
    if measured and measured not in tokens:
        tokens.append(measured)
    rate = _unit(per, _PER_UNITS)
    if rate and rate not in tokens:
        tokens += ["per", rate]
    for suffix, wanted in (("total", is_monotonic), ("ratio", is_gauge and unit == "1")):
        if wanted:
            tokens = [*(token for token in tokens if token != suffix), suffix]
    made = "_".join(tokens)
    return f"_{made}" if made[0].isdigit() else made


def unit_name(unit: str) -> str:
    """A unit in words, as metadata has it: `seconds`, `bytes_per_second`."""
    main, _, per = unit.partition("/")
    measured, rate = _unit(main, _UNITS), _unit(per, _PER_UNITS)
    return "_per_".join(part for part in (measured, rate) if part) if measured or not rate else f"per_{rate}"


def label_name(attribute: str) -> str:
    """The label of an attribute; empty for the attribute without a name."""
    made = _NO_LABEL.sub("_", attribute)
    if made[:1].isdigit():
        return f"key_{made}"
    return f"key{made}" if made[:1] == "_" and made[:2] != "__" else made


def _unit(unit: str, words: dict[str, str]) -> str:
    """One part of a unit in words; empty for what only annotates, as `{request}`."""
    given = unit.strip()
    if "{" in given or "}" in given:
        return ""
    return "_".join(_TOKENS.findall(words.get(given, given)))
