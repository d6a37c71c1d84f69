"""What becomes of the series that a target shows: target labels, relabelling, limits, stale markers and the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import InvalidLabel, Unprocessable
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.exemplars import ExemplarBatch
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms, mark_mask
from sightline.domain.metrics.samples import STALE, Index, Times, Values, WriteBatch
from sightline.domain.scrape.job import ScrapeJob
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.scrape.scraped import NO_TIME, Scraped
from sightline.domain.scrape.target import ScrapeReason

REPORT: Final = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
"""The series that every scrape adds of itself, as Prometheus names them."""

_EXPORTED: Final = "exported_"
_DROPPED: Final = -1


@dataclass(frozen=True, slots=True)
class Counts:
    """scraped: samples of the body. kept: those that relabelling left. added: series that were not known before."""

    scraped: int = 0
    kept: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Adopted:
    """The samples of one body under their stored label sets.

    labels: distinct, the series of the report last. series, times, values, histograms: as in a batch. live: the label sets that
    are marked stale when they do not come again: those whose samples brought no time of their own.
    """

    labels: tuple[Labels, ...]
    series: Index
    times: Times
    values: Values
    live: tuple[Labels, ...]
    counts: Counts
    histograms: Histograms = NO_HISTOGRAMS


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    """Stored names of one tuple of exposed label sets.

    labels: distinct, the report's last. places: int64 (k,), where in `labels` an exposed series stands, or -1.
    kept: bool (k,), whether relabelling left it. whole: whether place i is i for all.
    """

    exposed: tuple[Labels, ...]
    labels: tuple[Labels, ...]
    live: tuple[Labels, ...]
    places: NDArray[np.int64]
    kept: NDArray[np.bool_]
    whole: bool


class TargetSeries:
    """The series of one target, from scrape to scrape. Not to be used by two scrapes at once.

    Label sets are known by the identity of the exposed ones: a scrape that shows the same series in the same order as the last
    does no work per series, and one that does not looks each up in a dict.
    """

    def __init__(self, target: Labels, job: ScrapeJob, relabelling: Relabelling) -> None:
        self._target = dict(target)
        self._job = job
        self._relabelling = relabelling
        self._report = tuple(Labels.of({**self._target, METRIC_NAME: name}) for name in REPORT)
        # By id of the exposed set: `_names` keeps those alive, so an id stays its set's own. A quarter of a million of them
        # are looked at by every full garbage collection, so nothing more than the stored set is kept.
        self._known: dict[int, Labels | None] = {}
        self._names = _Names((), self._report, (), np.empty(0, np.int64), np.empty(0, np.bool_), whole=True)
        self._live: tuple[Labels, ...] = ()
        self._under_way: tuple[Labels, ...] = ()
        self._reported = False

    def knows(self, scraped: Scraped) -> bool:
        """Whether a body shows the same series as the last, so that there is nothing to work out."""
        return scraped.labels is self._names.exposed

    def count(self, scraped: Scraped) -> Counts:
        """How many samples and new series a body has, whether or not it can be adopted after all.

        Raises:
            InvalidLabel: relabelling left a series without a name.
            Unprocessable: a series has more labels than label_limit.
        """
        names, added = self._named(scraped.labels)
        kept = len(scraped.series) if names.kept.all() else int(np.count_nonzero(names.kept[scraped.series]))
        return Counts(len(scraped.series) + scraped.duplicates, kept, added)

    def adopt(self, scraped: Scraped, counts: Counts, time: int) -> Adopted:
        """The samples of a body under stored label sets; `time` (ms) is of those that brought none.

        Raises:
            Unprocessable: more samples than sample_limit.
        """
        limit = self._job.sample_limit
        if limit and counts.kept > limit:
            message = f"{counts.kept} samples after relabelling, and sample_limit = {limit} of job {self._job.job!r} allows no more"
            raise Unprocessable(message, reason=ScrapeReason.SAMPLE_LIMIT)
        names = self._names
        series, times, values, histograms = self._timed(scraped)
        live = names.live
        if (timed := times != NO_TIME).any():
            live = self._untimed(names, series[~timed])
        times = np.where(timed, times, time)
        if names.whole:
            places = series
        else:
            found = names.places[series]
            stored = found != _DROPPED
            histograms = _kept(histograms, values, stored)
            places, times, values = found[stored].astype(np.uint32), times[stored], values[stored]
        return Adopted(names.labels, places, times, values, live, counts, histograms)

    def batch(self, adopted: Adopted | None, time: int, *, seconds: float, counts: Counts) -> WriteBatch:
        """What a scrape stores: its samples, a stale marker for each series that is gone, and the report.

        adopted: None when the scrape failed, which leaves no series. seconds: how long the scrape took.
        """
        kept = _NOTHING if adopted is None else adopted
        labels = self._report if adopted is None else adopted.labels
        first = len(labels) - len(REPORT)
        gone = self._gone(kept.live)
        self._under_way, self._reported = kept.live, True
        report = [float(adopted is not None), seconds, counts.scraped, counts.kept, counts.added]
        more = len(REPORT) + len(gone)
        return WriteBatch(
            labels + gone if gone else labels,
            np.concatenate([kept.series, np.arange(first, first + more, dtype=np.uint32)]),
            np.concatenate([kept.times, np.full(more, time, np.int64)]),
            np.concatenate([kept.values, np.array(report, np.float64), np.full(len(gone), STALE)]),
            kept.histograms,
        )

    def exemplars(self, scraped: Scraped, time: int) -> ExemplarBatch:
        """The exemplars of the body that was adopted last, under stored label sets; `time` (ms) is of those that brought none."""
        found = scraped.exemplars
        if not len(found):
            return found
        places = self._names.places[found.owners]
        rows = np.flatnonzero(places != _DROPPED)
        distinct, owners = np.unique(places[rows], return_inverse=True)
        count = found.timed if not self._job.honor_timestamps else found.times != NO_TIME
        return ExemplarBatch(
            tuple(self._names.labels[place] for place in distinct.tolist()),
            owners.astype(np.uint32),
            [found.labels[row] for row in rows.tolist()],
            found.values[rows],
            np.where(count, found.times, time)[rows],
            found.timed[rows],
            found.unreadable,
        )

    def acknowledged(self) -> None:
        """The last batch is stored."""
        self._live = self._under_way

    def ending(self, time: int) -> WriteBatch:
        """A stale marker for every series, the report's too: the target is gone."""
        live = dict.fromkeys(self._live + self._under_way + (self._report if self._reported else ()))
        return WriteBatch.at(time, ((labels, float(STALE)) for labels in live))

    def _gone(self, live: tuple[Labels, ...]) -> tuple[Labels, ...]:
        if live is self._live or not self._live:
            return ()
        now = frozenset(live)
        return tuple(labels for labels in self._live if labels not in now)

    def _timed(self, scraped: Scraped) -> tuple[Index, Times, Values, Histograms]:
        """The samples with the times that count."""
        if self._job.honor_timestamps or not (scraped.times != NO_TIME).any():
            return scraped.series, scraped.times, scraped.values, scraped.histograms
        # Without their times several samples of a series are one, and the first counts.
        series, first = np.unique(scraped.series, return_index=True)
        values = scraped.values[first]
        histograms = scraped.histograms
        if len(histograms):
            of_marks = np.cumsum(mark_mask(scraped.values)) - 1
            histograms = histograms.take(of_marks[first[mark_mask(values)]].astype(np.int64))
        return series, np.full(len(first), NO_TIME), values, histograms

    def _untimed(self, names: _Names, series: Index) -> tuple[Labels, ...]:
        places = np.unique(names.places[series])
        live = tuple(names.labels[place] for place in places.tolist() if place != _DROPPED)
        return self._live if live == self._live else live

    def _named(self, exposed: tuple[Labels, ...]) -> tuple[_Names, int]:
        if exposed is self._names.exposed:
            return self._names, 0
        before = self._known
        known = {id(one): before[id(one)] if id(one) in before else self._stored(one) for one in exposed}
        added = sum(1 for key in known if key not in before)
        self._known, self._names = known, _names(exposed, known, self._report)
        return self._names, added

    def _stored(self, exposed: Labels) -> Labels | None:
        """The label set under which an exposed series is stored; None when relabelling drops it."""
        named = self._with_honor(dict(exposed)) if self._job.honor_labels else self._with_exported(exposed)
        relabelled = self._relabelling.apply(named) if self._relabelling else named
        if relabelled is None:
            return None
        labels = Labels.of(relabelled)
        if not labels.name:
            message = f"metric_relabel of job {self._job.job!r} leaves series {str(exposed)[:200]} without a name"
            raise InvalidLabel(message)
        limit = self._job.label_limit
        if limit and len(labels) > limit:
            message = (
                f"series {str(labels)[:200]} has {len(labels)} labels with its name, and label_limit = {limit} of job "
                f"{self._job.job!r} allows no more"
            )
            raise Unprocessable(message, reason=ScrapeReason.LABEL_LIMIT)
        return labels

    def _with_honor(self, exposed: Mapping[str, str]) -> dict[str, str]:
        return {**self._target, **exposed}

    def _with_exported(self, exposed: Labels) -> dict[str, str]:
        """Target labels win; what they displace is kept as exported_<name>, prefixed again where that is taken too."""
        named = {**dict(exposed), **self._target}
        displaced = [pair for pair in exposed if pair[0] in self._target]
        for name, value in sorted(displaced, key=lambda pair: len(pair[0])):
            free = _EXPORTED + name
            while free in named:
                free = _EXPORTED + free
            named[free] = value
        return named


def _names(exposed: tuple[Labels, ...], known: Mapping[int, Labels | None], report: tuple[Labels, ...]) -> _Names:
    """Stored names in order of exposure; of several that became one the first counts, and the report's are not for others."""
    taken = dict.fromkeys(report, _DROPPED)
    places = np.full(len(exposed), _DROPPED, np.int64)
    kept = np.ones(len(exposed), np.bool_)
    live: list[Labels] = []
    for number, one in enumerate(exposed):
        stored = known[id(one)]
        if stored is None:
            kept[number] = False
        elif taken.setdefault(stored, number) == number:
            places[number] = len(live)
            live.append(stored)
    whole = len(live) == len(exposed)
    return _Names(exposed, (*live, *report), tuple(live), places, kept, whole)


def _kept(histograms: Histograms, values: Values, keep: NDArray[np.bool_]) -> Histograms:
    """Those of the samples that are kept."""
    return histograms.take(np.flatnonzero(keep[mark_mask(values)])) if len(histograms) else histograms


_NOTHING: Final = Adopted((), np.empty(0, np.uint32), np.empty(0, np.int64), np.empty(0, np.float64), (), Counts())
"""A scrape that failed."""
