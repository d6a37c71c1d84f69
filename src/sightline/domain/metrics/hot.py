"""The newest samples of all series in memory: complete from a horizon on, bounded in bytes.

Each tenant has its samples in runs, oldest write first. A flushed range becomes a run as it is; runs of one size become one larger
run, as in a log-structured merge tree, so that a read has few of them. No run grows beyond a sixteenth of the bound: then giving
up the oldest is dropping a run, and nothing is copied for it.

The horizon of a tenant is the instant from which on everything that is stored is here. It goes down as the store is read back
after a start, newest samples first, and up as runs are given up. Samples below it that are still held are never looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.marked import histograms_between, histograms_of
from sightline.domain.metrics.runs import Run, merged
from sightline.domain.metrics.samples import Ids
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange

NEVER: Final = int(np.iinfo(np.int64).max)
"""A horizon that nothing is complete from."""
ALWAYS: Final = int(np.iinfo(np.int64).min)
"""A horizon that everything is complete from."""

DEFAULT_BYTES: Final = 256 << 20
_FAN_IN: Final = 4
_LARGEST_SHARE: Final = 16
_SAMPLE_BYTES: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class HotView:
    """A moment of one tenant's hot samples: runs, oldest write first, that hold everything stored from `horizon` (ms) on."""

    runs: tuple[Run, ...]
    horizon: int


@dataclass(slots=True, eq=False)
class _TenantRuns:
    """levels: how often each run was merged. is_raised: something above the first horizon was given up, so it cannot go down."""

    horizon: int
    is_raised: bool = False
    runs: list[Run] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """Neighbouring runs of a tenant that shall become one. `made` may run in any thread."""

    tenant: Tenant
    runs: tuple[Run, ...]
    within: TimeRange

    def made(self) -> Run | None:
        """The one run; None when all of it lies below the horizon."""
        return merged(self.runs, self.within)


class HotTier:
    """Changed from one thread only, by one task at a time; views and merges may be used in others."""

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        """Nothing is complete at first: `admit` and `take_older` say from when on it is."""
        self._max_bytes = max_bytes
        self._largest = max_bytes // _LARGEST_SHARE
        self._tenants: dict[Tenant, _TenantRuns] = {}
        self._admits = NEVER
        self._horizon = NEVER
        self._last_range = -1
        self._weight = 0
        self._given_up = 0

    @property
    def weight(self) -> int:
        """Bytes held."""
        return self._weight

    @property
    def given_up(self) -> int:
        """How many runs were given up for the sake of the bound."""
        return self._given_up

    @property
    def horizon(self) -> int:
        """The instant, ms, from which on all is here of tenants of which nothing was given up."""
        return self._horizon

    @property
    def refill_rows(self) -> tuple[int, int]:
        """How many samples to read back at a start, in all and at a time: half the bound, which leaves room for new ones."""
        return self._max_bytes // 2 // _SAMPLE_BYTES, self._largest // _SAMPLE_BYTES

    def view(self, tenant: Tenant) -> HotView:
        """The samples of a tenant as they are now."""
        held = self._tenants.get(tenant)
        return HotView((), self._horizon) if held is None else HotView(tuple(held.runs), held.horizon)

    def admit(self, first: int) -> None:
        """From now on keep what is flushed with times from `first` (ms) on, and not only what lies above the horizons.

        To be called before the store is asked for these times: what it gets meanwhile is then not missed.
        """
        self._admits = min(self._admits, first)

    def take_older(self, runs: Mapping[Tenant, Run], horizon: int) -> None:
        """Take what the store holds between `horizon` (ms), which was admitted, and the horizon so far; of each tenant one run.

        Whatever was flushed since counts as written later, which it was or is equal to.
        """
        for tenant, run in runs.items():
            held = self._held(tenant)
            if held.is_raised:
                continue
            held.runs.insert(0, run)
            held.levels.insert(0, NEVER)  # not to be merged again
            self._weight += run.weight
        for held in self._tenants.values():
            if not held.is_raised:
                held.horizon = min(held.horizon, horizon)
        self._horizon = min(self._horizon, horizon)
        self._give_up_oldest()

    def take(self, batch: SealedRange) -> None:
        """Take a range that is in the store by now."""
        if not len(batch):
            return
        in_order = batch.range_id > self._last_range
        self._last_range = max(self._last_range, batch.range_id)
        for held, run in self._runs(batch):
            if not in_order:
                # The order of runs would no longer tell which write came last: leave these times to the store.
                self._raise(held, run.last + 1)
                continue
            held.runs.append(run)
            held.levels.append(0)
            self._weight += run.weight
        self._give_up_oldest()

    def delete(self, tenant: Tenant, ids: Ids, within: TimeRange) -> None:
        """Forget the samples of some series, (d,) ascending, in a range; merges under way come to nothing."""
        held = self._tenants.get(tenant)
        if held is None:
            return
        left = [run.without(ids, within) for run in held.runs]
        held.levels = [level for runs, level in zip(left, held.levels, strict=True) for _ in runs]
        held.runs = [run for runs in left for run in runs]
        self._weigh()

    def next_merge(self) -> Merge | None:
        """What is to be merged next, if anything."""
        for tenant, held in self._tenants.items():
            last = held.levels[-_FAN_IN:]
            runs = held.runs[-_FAN_IN:]
            if len(last) == _FAN_IN and last[0] <= last[-1] and sum(run.weight for run in runs) <= self._largest:
                return Merge(tenant, tuple(runs), TimeRange(self._floor(held), NEVER))
        return None

    def finish(self, merge: Merge, made: Run | None) -> None:
        """Put the outcome of a merge in place of its runs; those that were given up meanwhile stay so."""
        held = self._tenants[merge.tenant]
        places = [place for place, run in enumerate(held.runs) if any(run is one for one in merge.runs)]
        if len(places) != len(merge.runs):
            return
        first, after = places[0], places[-1] + 1
        level = max(held.levels[first:after]) + 1
        self._weight -= sum(run.weight for run in held.runs[first:after])
        held.runs[first:after] = [made] if made is not None else []
        held.levels[first:after] = [level] if made is not None else []
        self._weight += made.weight if made is not None else 0

    def _floor(self, held: _TenantRuns) -> int:
        """From when on samples are of use: what was admitted may be completed yet."""
        return held.horizon if held.is_raised else min(self._admits, held.horizon)

    def _held(self, tenant: Tenant) -> _TenantRuns:
        return self._tenants.setdefault(tenant, _TenantRuns(self._horizon))

    def _give_up_oldest(self) -> None:
        """Drop the runs whose newest sample is oldest until the rest is within the bound."""
        while self._weight > self._max_bytes:
            held, run = min(
                ((held, run) for held in self._tenants.values() for run in held.runs), key=lambda pair: pair[1].last
            )
            self._raise(held, run.last + 1)

    def _raise(self, held: _TenantRuns, horizon: int) -> None:
        held.horizon, held.is_raised = max(held.horizon, horizon), True
        kept = [place for place, run in enumerate(held.runs) if run.last >= held.horizon]
        dropped = len(held.runs) - len(kept)
        self._given_up += dropped
        held.runs, held.levels = [held.runs[at] for at in kept], [held.levels[at] for at in kept]
        self._weigh()

    def _weigh(self) -> None:
        self._weight = sum(run.weight for one in self._tenants.values() for run in one.runs)

    def _runs(self, batch: SealedRange) -> Iterator[tuple[_TenantRuns, Run]]:
        """A range's samples that are of use, a run a tenant. The columns of the only tenant are used as they are."""
        bounds = np.searchsorted(batch.run_tenant, np.arange(len(batch.tenants) + 1)).tolist()
        for tenant, start, end in zip(batch.tenants, bounds, bounds[1:], strict=False):
            rows = slice(int(batch.offsets[start]), int(batch.offsets[end]))
            offsets, times, values = batch.offsets[start : end + 1] - rows.start, batch.time[rows], batch.value[rows]
            held = self._held(tenant)
            histograms = histograms_between(batch.value, batch.histograms, rows.start, rows.stop)
            if len(times) and times.min() < self._floor(held):
                keep = times >= self._floor(held)
                histograms = histograms_of(values, histograms, keep)
                offsets, times, values = np.append(0, np.cumsum(keep))[offsets], times[keep], values[keep]
            elif len(batch.tenants) > 1:
                times, values = times.copy(), values.copy()
            if len(times):
                yield held, Run.of_pieces(batch.run_id[start:end], offsets, times, values, histograms)


def slices(density: Sequence[int], newest: int, width: int, rows: int, at_once: int) -> list[int]:
    """How to read the newest samples back: the first instant (ms) of each slice, newest slice first.

    density: rows in each span of `width` ms before `newest`, newest first, and last those before all spans. Slices are whole spans
    of about `at_once` rows or fewer, all together at most `rows` rows; the last one begins at `ALWAYS` when that is everything.
    """
    found: list[int] = []
    taken = in_slice = 0
    for number, count in enumerate(density[:-1], 1):
        taken += count
        if taken > rows:
            return found
        if found and in_slice + count <= at_once:
            found[-1], in_slice = newest - number * width, in_slice + count
        else:
            found.append(newest - number * width)
            in_slice = count
    return found if density[-1] else [*found[:-1], ALWAYS]
