"""Our own metrics: how the program says how it is doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """The kinds of instrument, as the exposition format names them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric: its full name (counters end in `_total`), help, kind, label names, and histogram bounds in ascending order."""

    name: str
    help: str
    kind: Kind
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One exposed sample: its name (histograms add `_bucket`, `_sum`, `_count`), label pairs and value."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """One instrument and its present points."""

    instrument: Instrument
    points: tuple[Point, ...]


class Telemetry(Protocol):
    """Counts and measures; cheap enough to call per request, never per sample. Thread-safe.

    An instrument exists from its first use; without labels it is exposed from then on, with labels once each combination was used.
    Label values are given in the order of the instrument's label names.
    """

    def add(self, instrument: Instrument, amount: float = 1, labels: Sequence[str] = ()) -> None:
        """Raise a counter by `amount` >= 0."""
        ...

    def set(self, instrument: Instrument, value: float, labels: Sequence[str] = ()) -> None:
        """Set a gauge."""
        ...

    def observe(self, instrument: Instrument, value: float, labels: Sequence[str] = ()) -> None:
        """Count one observation in a histogram."""
        ...

    def families(self) -> list[Family]:
        """Everything as it stands now, in ascending order of name."""
        ...
