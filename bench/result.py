"""What a measurement found: rows of figures, one for each program that was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

Better = Literal["lower", "higher", "neither"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its peers. values: for each program what each run gave, in `unit`; the figure is their median.

    limit: what Sightline must keep to. better: which way is good; a ratio is written only where there is one.
    """

    name: str
    unit: str
    better: Better
    values: Mapping[str, Sequence[float]]
    limit: float | None = None

    def figure(self, program: str) -> float | None:
        """The median of a program's runs, None where it was not measured."""
        runs = self.values.get(program)
        return median(runs) if runs else None

    @property
    def kept(self) -> bool | None:
        """Whether Sightline keeps to the limit; None where there is no limit or no figure."""
        figure = self.figure("Sightline")
        if self.limit is None or figure is None:
            return None
        return figure >= self.limit if self.better == "higher" else figure <= self.limit


@dataclass(frozen=True, slots=True)
class Section:
    """One measurement's rows. how: a sentence or two on what was done; notes: what the figures do not show.

    failure: why there are no figures, empty when there are.
    """

    name: str
    how: str
    rows: Sequence[Row] = ()
    notes: Sequence[str] = field(default=())
    failure: str = ""


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The smallest value that is not below `share` (0 to 1) of all of them."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
