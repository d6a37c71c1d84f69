"""One group of pushed metrics: all that one job, told apart by the labels of its grouping key, has left behind.

Source: https://github.com/prometheus/pushgateway#api.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.scrape.scraped import Metadata
from sightline.domain.timerange import SECOND

PUSH_TIME: Final = "push_time_seconds"
FAILURE_TIME: Final = "push_failure_time_seconds"
OWN: Final[Mapping[str, Metadata]] = {
    PUSH_TIME: Metadata("gauge", "Last Unix time when changing this group succeeded."),
    FAILURE_TIME: Metadata("gauge", "Last Unix time when changing this group failed."),
}
"""The families that each group has of itself."""

Samples = tuple[tuple[Labels, float], ...]


@dataclass(frozen=True, slots=True)
class PushedFamily:
    """The samples of one metric family under their whole label sets, distinct, and what was said of it."""

    metadata: Metadata
    samples: Samples


@dataclass(frozen=True, slots=True)
class PushGroup:
    """What a group holds. key: its grouping labels. pushed_at, failed_at: ms, 0 for never."""

    key: Labels
    families: Mapping[str, PushedFamily]
    pushed_at: int = 0
    failed_at: int = 0

    def changed(self, brought: Mapping[str, PushedFamily], at: int, *, whole: bool) -> "PushGroup":
        """The group after a push: whole, what was there is gone; else families of the same names are replaced."""
        return replace(self, families=dict(brought) if whole else {**self.families, **brought}, pushed_at=at)

    def own(self) -> Mapping[str, PushedFamily]:
        """The families that tell of its pushes."""
        times = {PUSH_TIME: self.pushed_at, FAILURE_TIME: self.failed_at}
        return {
            name: PushedFamily(OWN[name], ((Labels.of(self.key, **{METRIC_NAME: name}), time / SECOND),))
            for name, time in times.items()
        }

    def samples(self) -> Iterator[tuple[Labels, float]]:
        """All its samples, those of its own families too."""
        for families in (self.families, self.own()):
            for family in families.values():
                yield from family.samples

    def __len__(self) -> int:
        """How many samples were pushed."""
        return sum(len(family.samples) for family in self.families.values())
