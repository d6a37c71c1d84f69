"""How old the samples are that came since some moment: what says whether an earlier answer still holds."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME, MIN_TIME, SECOND

MOST_STEPS: Final = 1_024
"""So many changes of the oldest time are told apart for one tenant; beyond them neighbours are taken together."""


@dataclass(slots=True)
class _Came:
    """What came to one tenant: notes, each until a later one that is as old or older. So both columns ascend."""

    marks: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def note(self, mark: int, time: int) -> None:
        """Add a note, later than all before."""
        while self.times and self.times[-1] >= time:
            self.times.pop()
            self.marks.pop()
        self.marks.append(mark)
        self.times.append(time)
        if len(self.marks) > MOST_STEPS:
            # Of two neighbours the later mark with the earlier time: what is told is then older than it was, never younger.
            self.marks = [*self.marks[1::2], *self.marks[len(self.marks) // 2 * 2 :]]
            self.times = self.times[0::2]


class Freshness:
    """The oldest time of the samples that each tenant got since a mark. Belongs to one thread.

    Whoever makes samples visible notes their oldest time in the same step; whoever reads takes a mark before. Then an answer whose
    samples all lie before `oldest_since(mark)` is what a new read would give. Times are remembered to the second, rounded down.
    """

    def __init__(self) -> None:
        self._mark = 0
        self._tenants: dict[Tenant, _Came] = {}

    def mark(self) -> int:
        """The present moment; marks grow."""
        return self._mark

    def note(self, tenant: Tenant, oldest: int) -> None:
        """Samples have become visible, none of them older than `oldest`, ms. MIN_TIME says that anything may have changed."""
        self._mark += 1
        time = oldest // SECOND * SECOND if oldest > MIN_TIME else MIN_TIME
        self._tenants.setdefault(tenant, _Came()).note(self._mark, time)

    def oldest_since(self, tenant: Tenant, mark: int) -> int:
        """No sample older than this, ms, came to the tenant since the mark; MAX_TIME when none came at all."""
        came = self._tenants.get(tenant)
        if came is None:
            return MAX_TIME
        at = bisect_right(came.marks, mark)
        return came.times[at] if at < len(came.times) else MAX_TIME
