"""What a measurement found: rows of figures, one for each program that was measured, and what they are held against."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from bench.plot import Plot

Better = Literal["lower", "higher", "neither"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One limit of a row. peer: whose figure it is a multiple of; empty when it stands for itself.

    kept: None where a figure is missing, so that nothing can be said.
    """

    bound: float
    peer: str
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its peers. values: for each program what each run gave, in `unit`; the figure is their median.

    limit: what Sightline must keep to. against: by peer, what multiple of that peer's figure it must keep to. Both are upper
    bounds, lower ones where higher is better. better: which way is good; a ratio is written only where there is one.
    """

    name: str
    unit: str
    better: Better
    values: Mapping[str, Sequence[float]]
    limit: float | None = None
    against: Mapping[str, float] = field(default_factory=dict)

    def figure(self, program: str) -> float | None:
        """The median of a program's runs, None where it was not measured."""
        runs = self.values.get(program)
        return median(runs) if runs else None

    def verdicts(self) -> Iterator[Verdict]:
        """Every limit of this row and whether Sightline keeps to it."""
        if self.limit is not None:
            yield Verdict(self.limit, "", self._keeps(self.limit))
        for peer, multiple in self.against.items():
            theirs = self.figure(peer)
            yield Verdict(multiple, peer, None if theirs is None else self._keeps(multiple * theirs))

    def _keeps(self, bound: float) -> bool | None:
        figure = self.figure("Sightline")
        if figure is None:
            return None
        return figure >= bound if self.better == "higher" else figure <= bound


@dataclass(frozen=True, slots=True)
class Section:
    """One measurement's rows. how: a sentence or two on what was done; notes: what the figures do not show.

    failure: why there are no figures, empty when there are. plots: what is drawn beside the page.
    """

    name: str
    how: str
    rows: Sequence[Row] = ()
    notes: Sequence[str] = field(default=())
    failure: str = ""
    plots: Sequence[Plot] = ()


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The smallest value that is not below `share` (0 to 1) of all of them."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
