"""What Prometheus remarks about a query's answer: warnings, when it may be wrong, and infos, when it may mislead."""

from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from typing_extensions import override

from sightline.domain.promql.numerals import shortest
from sightline.domain.timerange import SECOND

LIMIT: Final = 10
"""How many warnings, and how many infos, an answer carries at most; one more line counts the rest."""

_COUNTER_SUFFIXES: Final = ("_total", "_sum", "_count", "_bucket")


class Operation(StrEnum):
    """What was done with several native histograms."""

    ADDITION = "addition"
    SUBTRACTION = "subtraction"
    AGGREGATION = "aggregation"


class Falls(NamedTuple):
    """Buckets that held less than the one before: their least and greatest bound, the greatest fall, how often, when (ms)."""

    least: float
    greatest: float
    fall: float
    times: int
    begin: int
    end: int

    def merged(self, other: "Falls") -> "Falls":
        """Both together."""
        return Falls(
            min(self.least, other.least),
            max(self.greatest, other.greatest),
            max(self.fall, other.fall),
            self.times + other.times,
            min(self.begin, other.begin),
            max(self.end, other.end),
        )

    @override
    def __str__(self) -> str:
        """As Prometheus tells it."""
        begin, end = (np.datetime_as_string(np.datetime64(at // SECOND, "s")) + "Z" for at in (self.begin, self.end))
        fall = np.format_float_positional(float(f"{self.fall:.2g}"), trim="-")
        buckets = f"from buckets {shortest(self.least)} to {shortest(self.greatest)}, with a max diff of {fall}"
        return f"{buckets}, over {self.times} samples from {begin} to {end}"


class Annotations:
    """The remarks of one evaluation, each once, in the words of Prometheus 3. `place` is line and column, such as `1:6`."""

    def __init__(self) -> None:
        self._warnings: dict[str, None] = {}
        self._infos: dict[str, None] = {}
        self._falls: dict[str, Falls] = {}

    def warnings(self) -> tuple[str, ...]:
        """The warnings, in order of appearance."""
        return _first(self._warnings, "warning")

    def infos(self) -> tuple[str, ...]:
        """The infos, in order of appearance."""
        link = "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile"
        for place, falls in self._falls.items():
            self._info(f"input to histogram_quantile needed to be fixed for monotonicity (see {link}), {falls}", place)
        return _first(self._infos, "info")

    def invalid_quantile(self, quantile: float, place: str) -> None:
        """A quantile outside [0, 1]."""
        self._warn(f"quantile value should be between 0 and 1, got {shortest(quantile)}", place)

    def invalid_ratio(self, ratio: float, place: str) -> None:
        """A ratio outside [-1, 1]."""
        capped = 1 if ratio > 0 else -1
        self._warn(f"ratio value should be between -1 and 1, got {shortest(ratio)}, capping to {capped}", place)

    def sorted_in_vain(self, place: str) -> None:
        """A range query that sorts."""
        self._warn("sort is ineffective for range queries since results are always ordered by labels", place)

    def bad_bucket(self, metric: str, bound: str, place: str) -> None:
        """A series that a histogram function leaves out because its `le` is no number."""
        self._warn(f'bucket label "le" is missing or has a malformed value of "{bound}"' + _of(metric), place)

    def forced_monotonicity(self, falls: Falls, place: str) -> None:
        """Buckets whose counts fell from one bound to the next; what is told of one place becomes one remark."""
        known = self._falls.get(place)
        self._falls[place] = falls if known is None else known.merged(falls)

    def maybe_no_counter(self, metric: str, place: str) -> None:
        """A rate of what is not called a counter; nothing for names that are, and for nameless series."""
        if metric and not metric.endswith(_COUNTER_SUFFIXES):
            text = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket"
            self._info(f'{text}: "{metric}"', place)

    def mixed_samples(self, metric: str, place: str) -> None:
        """Floats and native histograms in one window of a function that takes either."""
        self._warn(f'encountered a mix of histograms and floats for metric name "{metric}"', place)

    def mixed_group(self, place: str) -> None:
        """Floats and native histograms in one group of an aggregation."""
        self._warn("encountered a mix of histograms and floats for aggregation", place)

    def mixed_kinds(self, metric: str, place: str) -> None:
        """A classic histogram and a native one of the same labels."""
        self._warn("vector contains a mix of classic and native histograms" + _of(metric), place)

    def mixed_buckets(self, metric: str, place: str) -> None:
        """Native histograms that cannot be added up."""
        text = "vector contains a mix of histograms with exponential and custom buckets schemas for metric name"
        self._warn(f'{text} "{metric}"', place)

    def not_a_counter(self, metric: str, place: str) -> None:
        """A rate of gauges."""
        self._warn(f'this native histogram metric is not a counter: "{metric}"', place)

    def not_a_gauge(self, metric: str, place: str) -> None:
        """A difference of counters."""
        self._warn(f'this native histogram metric is not a gauge: "{metric}"', place)

    def incompatible_buckets(self, operator: str, place: str) -> None:
        """Native histograms that cannot be added to, or subtracted from, each other."""
        self._warn(f"incompatible bucket layout encountered for binary operator {operator}", place)

    def incompatible_types(self, left: str, operator: str, right: str, place: str) -> None:
        """Operands of an operator that does not take them."""
        text = f'incompatible sample types encountered for binary operator "{operator}"'
        self._info(f"{text}: {left} {operator} {right}", place)

    def conflicting_resets(self, operation: Operation, place: str) -> None:
        """One histogram says that it was reset, another that it was not."""
        self._warn(f"conflicting counter resets during histogram {operation}", place)

    def reconciled_bounds(self, operation: Operation, place: str) -> None:
        """Histograms of different custom bounds."""
        self._info(f"mismatched custom buckets were reconciled during {operation}", place)

    def ignored_in_aggregation(self, operator: str, place: str) -> None:
        """Native histograms in an aggregation that takes floats."""
        self._info(f"ignored histogram in {operator} aggregation", place)

    def ignored_histograms(self, metric: str, place: str) -> None:
        """Native histograms beside floats in a window of a function that takes floats."""
        text = "ignored histograms in a range containing both floats and histograms for metric name"
        self._info(f'{text} "{metric}"', place)

    def unknown_quantile(self, metric: str, place: str, *, is_nan: bool) -> None:
        """Observations of NaN in a histogram of which a quantile is asked."""
        result = "result is NaN" if is_nan else "result is skewed higher"
        self._info(f"input to histogram_quantile has NaN observations, {result}" + _of(metric), place)

    def unknown_fraction(self, metric: str, place: str) -> None:
        """Observations of NaN in a histogram of which a share is asked."""
        text = "input to histogram_fraction has NaN observations, which are excluded from all fractions"
        self._info(text + _of(metric), place)

    def _warn(self, text: str, place: str) -> None:
        self._warnings[f"PromQL warning: {text}" + _at(place)] = None

    def _info(self, text: str, place: str) -> None:
        self._infos[f"PromQL info: {text}" + _at(place)] = None


def _of(metric: str) -> str:
    return f' for metric name "{metric}"' if metric else ""


def _at(place: str) -> str:
    return f" ({place})" if place else ""


def _first(remarks: dict[str, None], kind: str) -> tuple[str, ...]:
    found = list(remarks)
    if len(found) > LIMIT:
        found[LIMIT:] = [f"{len(found) - LIMIT} more {kind} annotations omitted"]
    return tuple(found)
