"""The Prometheus text exposition format.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4. Names beyond its character set are quoted as
version 1.0.0 of the text format writes them, which changes nothing for all others.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

CONTENT_TYPE: Final = "text/plain; version=0.0.4"

_METRIC_NAME: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})


class Instrument(Protocol):
    """What a family says of itself: its name, help, and kind as the format names it (counter, gauge, histogram)."""

    @property
    def name(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Point(Protocol):
    """One line of the page."""

    @property
    def name(self) -> str: ...
    @property
    def labels(self) -> Sequence[tuple[str, str]]: ...
    @property
    def value(self) -> float: ...


class Family(Protocol):
    """An instrument and its points: what the telemetry port yields."""

    @property
    def instrument(self) -> Instrument: ...
    @property
    def points(self) -> Sequence[Point]: ...


def encode(families: Iterable[Family]) -> bytes:
    """The page that a scrape of these families gets, in their order, without timestamps."""
    lines = []
    for family in families:
        instrument = family.instrument
        name = instrument.name if _METRIC_NAME.fullmatch(instrument.name) else _quoted(instrument.name)
        lines.append(f"# HELP {name} {instrument.help.translate(_HELP_ESCAPES)}\n# TYPE {name} {instrument.kind}\n")
        lines.extend(_line(point) for point in family.points)
    return "".join(lines).encode()


def _line(point: Point) -> str:
    pairs = _pairs(point.labels)
    if not _METRIC_NAME.fullmatch(point.name):
        return f"{{{','.join([_quoted(point.name), *pairs])}}} {_number(point.value)}\n"
    braces = f"{{{','.join(pairs)}}}" if pairs else ""
    return f"{point.name}{braces} {_number(point.value)}\n"


def _pairs(labels: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{name if _LABEL_NAME.fullmatch(name) else _quoted(name)}={_quoted(value)}" for name, value in labels]


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _number(value: float) -> str:
    """As Go's ParseFloat reads it: the shortest digits that give the same double, `+Inf`, `-Inf`, `NaN`."""
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value)).removesuffix(".0")
