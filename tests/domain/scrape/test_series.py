"""What becomes of exposed series: names, limits, stale markers and the report of the scrape."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import Native, columns, natives

from sightline.domain.errors import InvalidLabel, Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.native_histograms import MARK, mark_mask
from sightline.domain.metrics.samples import WriteBatch, stale_mask
from sightline.domain.scrape.job import RelabelRule, ScrapeJob
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.scrape.scraped import NO_TIME, Scraped
from sightline.domain.scrape.series import REPORT, Counts, TargetSeries

TARGET = Labels.of(job="node", instance="a:1")
A, B, C = (Labels.of(__name__=name) for name in "abc")


def body(*samples: tuple[Labels, float] | tuple[Labels, float, int], like: Scraped | None = None) -> Scraped:
    """What was exposed; the same labels tuple as `like` where it is equal."""
    labels = tuple(dict.fromkeys(one[0] for one in samples))
    if like is not None and labels == like.labels:
        labels = like.labels
    return Scraped(
        labels,
        np.array([labels.index(one[0]) for one in samples], np.uint32),
        np.array([one[2] if len(one) > 2 else NO_TIME for one in samples], np.int64),
        np.array([one[1] for one in samples], np.float64),
        {},
    )


def exemplars(*rows: tuple[int, float, int, bool]) -> ExemplarBatch:
    """Exemplars by the place of their series, value, time and whether that is their own."""
    owners, values, times, timed = (list(column) for column in zip(*rows, strict=True))
    return ExemplarBatch(
        (),
        np.array(owners, np.uint32),
        [f"n\xff{row}".encode("latin-1") for row in range(len(rows))],
        np.array(values, np.float64),
        np.array(times, np.int64),
        np.array(timed, np.bool_),
        unreadable=1,
    )


def told(batch: ExemplarBatch) -> list[tuple[str, bytes, float, int, bool]]:
    """What they say."""
    return [
        (str(batch.series[owner]), labels[2:], value, time, timed)
        for labels, owner, value, time, timed in zip(
            batch.labels,
            batch.owners.tolist(),
            batch.values.tolist(),
            batch.times.tolist(),
            batch.timed.tolist(),
            strict=True,
        )
    ]


class World:
    """A target that is scraped at 1, 2, 3 ... and what was stored of it."""

    def __init__(self, *rules: RelabelRule, target: Labels = TARGET, **job: Any) -> None:
        self.series = TargetSeries(target, ScrapeJob(job="node", **job), Relabelling(rules))
        self.time = 0

    def scrape(self, scraped: Scraped | None, *, stored: bool = True) -> WriteBatch:
        """One scrape, failed where there is no body."""
        self.time += 1
        adopted, counts = None, Counts()
        if scraped is not None:
            counts = self.series.count(scraped)
            adopted = self.series.adopt(scraped, counts, self.time)
        batch = self.series.batch(adopted, self.time, seconds=0.5, counts=counts)
        if stored:
            self.series.acknowledged()
        return batch


def rows(batch: WriteBatch) -> list[tuple[str, int, float | str]]:
    """The samples but those of the report, as text; a stale marker as `stale`."""
    marks = stale_mask(batch.values)
    return [
        (str(batch.labels[place]), time, "stale" if mark else value)
        for place, time, value, mark in zip(
            batch.series.tolist(), batch.times.tolist(), batch.values.tolist(), marks.tolist(), strict=True
        )
        if batch.labels[place].name not in REPORT or mark
    ]


def report(batch: WriteBatch) -> dict[str, float]:
    """The values of the report."""
    named = zip(batch.series.tolist(), batch.values.tolist(), strict=True)
    return {batch.labels[place].name: value for place, value in named if batch.labels[place].name in REPORT}


def names(batch: WriteBatch) -> list[Labels]:
    """The label sets of a batch but those of the report."""
    return [labels for labels in batch.labels if labels.name not in REPORT]


def test_target_labels_stand_on_every_series() -> None:
    """Job and instance are added, and samples get the time of the scrape."""
    batch = World().scrape(body((A, 1.0), (B, 2.0)))
    assert rows(batch) == [('a{instance="a:1",job="node"}', 1, 1.0), ('b{instance="a:1",job="node"}', 1, 2.0)]
    assert len(set(batch.labels)) == len(batch.labels)


def test_a_scrape_reports_on_itself() -> None:
    """Up, duration and the three counts carry the target's labels; a known series is not added again."""
    world = World(RelabelRule(action="drop", source_labels=("__name__",), regex="b"))
    first = world.scrape(page := body((A, 1.0), (B, 2.0), (C, 3.0)))
    assert report(first) == dict(zip(REPORT, [1.0, 0.5, 3.0, 2.0, 3.0], strict=True))
    assert Labels.of(__name__="up", job="node", instance="a:1") in first.labels
    assert report(world.scrape(page)) == dict(zip(REPORT, [1.0, 0.5, 3.0, 2.0, 0.0], strict=True))


def test_a_failed_scrape_is_down() -> None:
    """Nothing but the report is stored, with `up` at 0."""
    batch = World().scrape(None)
    assert report(batch) == dict(zip(REPORT, [0.0, 0.5, 0.0, 0.0, 0.0], strict=True))
    assert rows(batch) == []


def test_labels_that_clash_are_kept_as_exported() -> None:
    """The target's labels win, and what the series says moves to exported_, once more where that is taken."""
    shown = Labels.of(__name__="a", job="own", exported_job="taken", instance="own")
    (stored,) = names(World().scrape(body((shown, 1.0))))
    assert dict(stored) == {
        "__name__": "a",
        "job": "node",
        "exported_job": "taken",
        "exported_exported_job": "own",
        "instance": "a:1",
        "exported_instance": "own",
    }


def test_with_honor_labels_the_series_wins() -> None:
    """Only labels that the series has not are added."""
    (stored,) = names(World(honor_labels=True).scrape(body((Labels.of(__name__="a", job="own"), 1.0))))
    assert dict(stored) == {"__name__": "a", "job": "own", "instance": "a:1"}


def test_relabelling_renames_and_drops() -> None:
    """Rules see the target's labels, and may change the name."""
    world = World(
        RelabelRule(action="drop", source_labels=("__name__",), regex="b"),
        RelabelRule(
            source_labels=("instance", "__name__"),
            target_label="__name__",
            separator="_",
            regex="a:1_(.*)",
            replacement="x_$1",
        ),
    )
    assert [one.name for one in names(world.scrape(body((A, 1.0), (B, 2.0), (C, 3.0))))] == ["x_a", "x_c"]


def test_of_series_that_become_one_the_first_counts() -> None:
    """Two exposed series under one stored name give one sample, and both count as kept."""
    world = World(RelabelRule(action="labeldrop", regex="part"))
    one, two = Labels.of(__name__="a", part="1"), Labels.of(__name__="a", part="2")
    batch = world.scrape(body((one, 1.0), (two, 2.0), (B, 3.0)))
    assert [value for _, _, value in rows(batch)] == [1.0, 3.0]
    assert report(batch)["scrape_samples_post_metric_relabeling"] == 3


def test_a_target_cannot_write_its_own_report() -> None:
    """A series that would be `up` of the same target is left out."""
    assert rows(World().scrape(body((Labels.of(__name__="up"), 7.0)))) == []
    assert report(World().scrape(body((Labels.of(__name__="up"), 7.0))))["up"] == 1


def test_a_series_that_vanishes_is_marked_stale_once() -> None:
    """The scrape that lacks it carries the marker, and the one after that says nothing of it."""
    world = World()
    world.scrape(body((A, 1.0), (B, 2.0)))
    assert rows(world.scrape(body((A, 1.0)))) == [
        ('a{instance="a:1",job="node"}', 2, 1.0),
        ('b{instance="a:1",job="node"}', 2, "stale"),
    ]
    assert [value for _, _, value in rows(world.scrape(body((A, 1.0))))] == [1.0]


def test_a_failure_marks_every_series_stale_and_a_success_brings_them_back() -> None:
    """Markers come once however long a target is away, and its series are not new when it is back."""
    world = World()
    page = body((A, 1.0), (B, 2.0))
    world.scrape(page)
    assert [value for _, _, value in rows(world.scrape(None))] == ["stale", "stale"]
    assert rows(world.scrape(None)) == []
    back = world.scrape(page)
    assert [value for _, _, value in rows(back)] == [1.0, 2.0]
    assert report(back)["scrape_series_added"] == 0


def test_what_intake_refused_is_marked_with_the_next() -> None:
    """Markers that were not acknowledged are tried again."""
    world = World()
    world.scrape(body((A, 1.0)))
    world.scrape(None, stored=False)
    assert [value for _, _, value in rows(world.scrape(None))] == ["stale"]


def test_the_end_of_a_target_marks_all_its_series() -> None:
    """The series and the report are marked; a target that was never scraped leaves nothing."""
    world = World()
    assert len(world.series.ending(9)) == 0
    world.scrape(body((A, 1.0)))
    ending = world.series.ending(9)
    assert {labels.name for labels in ending.labels} == {"a", *REPORT}
    assert stale_mask(ending.values).all()
    assert set(ending.times.tolist()) == {9}


def test_times_of_the_target_are_honored_and_their_series_never_stale() -> None:
    """A sample keeps the time it brings, and its series may be absent without being marked."""
    world = World()
    assert rows(world.scrape(body((A, 1.0, 77), (B, 2.0)))) == [
        ('a{instance="a:1",job="node"}', 77, 1.0),
        ('b{instance="a:1",job="node"}', 1, 2.0),
    ]
    assert [name for name, _, value in rows(world.scrape(None)) if value == "stale"] == ['b{instance="a:1",job="node"}']


def test_times_of_the_target_may_be_ignored() -> None:
    """Without honor_timestamps all samples are of the scrape, and of several of a series the first counts."""
    batch = World(honor_timestamps=False).scrape(body((A, 1.0, 77), (A, 2.0, 78), (B, 3.0)))
    assert [(time, value) for _, time, value in rows(batch)] == [(1, 1.0), (1, 3.0)]


def test_sample_limit_names_itself() -> None:
    """A body with more samples after relabelling than allowed is refused as a whole; one with as many is taken."""
    rule = RelabelRule(action="drop", source_labels=("__name__",), regex="c")
    world = World(rule, sample_limit=2)
    world.scrape(body((A, 1.0), (B, 2.0), (C, 3.0)))
    page = body((A, 1.0), (B, 2.0), (Labels.of(__name__="d"), 3.0))
    counts = world.series.count(page)
    assert (counts.scraped, counts.kept) == (3, 3)
    with pytest.raises(Unprocessable, match="sample_limit = 2") as refused:
        world.series.adopt(page, counts, 5)
    assert refused.value.detail["reason"] == "sample_limit"


def test_label_limit_names_itself() -> None:
    """A series with more labels than allowed, its name and the target's included, refuses the body."""
    world = World(label_limit=3)
    world.scrape(body((A, 1.0)))
    with pytest.raises(Unprocessable, match="label_limit = 3") as refused:
        world.series.count(body((Labels.of(__name__="a", b="c"), 1.0)))
    assert refused.value.detail["reason"] == "label_limit"


def test_relabelling_must_leave_a_name() -> None:
    """A series without a name refuses the body, and says whose rules took it."""
    with pytest.raises(InvalidLabel, match="metric_relabel of job 'node'"):
        World(RelabelRule(action="labeldrop", regex="__name__")).scrape(body((A, 1.0)))


def test_a_scrape_of_the_same_series_makes_no_new_label_sets() -> None:
    """The batch of a warm scrape has the very tuple of the one before."""
    world = World()
    first = body((A, 1.0), (B, 2.0))
    before = world.scrape(first)
    assert world.scrape(body((A, 3.0), (B, 4.0), like=first)).labels is before.labels


EXPOSED = st.lists(
    st.sampled_from([Labels.of(__name__=name, part=part) for name in "abcd" for part in "xy"]), unique=True
)


@given(st.lists(st.one_of(st.none(), EXPOSED), max_size=6))
def test_a_series_is_live_exactly_while_it_is_shown(scrapes: Sequence[Sequence[Labels] | None]) -> None:
    """Over any sequence of bodies and failures, what was shown last has a value and what is gone since has one marker."""
    world = World(RelabelRule(action="drop", source_labels=("__name__",), regex="d"))
    before: set[str] = set()
    for shown in scrapes:
        batch = world.scrape(None if shown is None else body(*((labels, 1.0) for labels in shown)))
        found = rows(batch)
        expected = {str(Labels.of({**dict(one), **dict(TARGET)})) for one in shown or () if one.name != "d"}
        assert {name for name, _, value in found if value != "stale"} == expected
        assert sorted(name for name, _, value in found if value == "stale") == sorted(before - expected)
        assert len(set(batch.labels)) == len(batch.labels)
        before = expected


@pytest.mark.parametrize(("honoured", "third"), [(True, 7), (False, 1)])
def test_exemplars_have_the_stored_names(honoured: bool, third: int) -> None:  # noqa: FBT001 - a parameter of the test
    """Those of dropped series are left out; a time of the exemplar's own counts in any case, its sample's as samples' times do."""
    world = World(RelabelRule(source_labels=("__name__",), regex="b", action="drop"), honor_timestamps=honoured)
    shown = replace(
        body((A, 1.0), (B, 2.0), (C, 3.0, 7)),
        exemplars=exemplars((2, 0.5, 5, True), (1, 0.6, 5, True), (2, 0.7, 7, False), (0, 0.8, NO_TIME, False)),
    )
    world.scrape(shown)
    found = world.series.exemplars(shown, world.time)
    a, c = ('a{instance="a:1",job="node"}', 'c{instance="a:1",job="node"}')
    assert told(found) == [(c, b"0", 0.5, 5, True), (c, b"2", 0.7, third, False), (a, b"3", 0.8, 1, False)]
    assert found.unreadable == 1
    assert world.series.exemplars(body((A, 1.0)), world.time) is NO_EXEMPLARS


def native(number: int) -> Native:
    """A histogram that can be told from others."""
    return Native(count=float(number), positive={1: float(number)})


def test_native_histograms_stay_with_their_samples() -> None:
    """Those of dropped series and of left out times go, and the others stand in the order of their marks."""
    page = body((A, float(MARK)), (B, float(MARK)), (C, 1.0), like=None)
    page = replace(page, histograms=columns([native(1), native(2)]))
    world = World(RelabelRule(action="drop", source_labels=("__name__",), regex="a"))
    batch = world.scrape(page)
    assert natives(batch.histograms) == [native(2)]
    assert mark_mask(batch.values).tolist() == [True, False, *[False] * len(REPORT)]
    gone = world.scrape(body((C, 1.0)))
    assert len(gone.histograms) == 0
    assert rows(gone)[-1] == ('b{instance="a:1",job="node"}', 2, "stale")
    twice = body((A, float(MARK), 5), (A, float(MARK), 6), (B, float(MARK), 5))
    twice = replace(twice, histograms=columns([native(1), native(2), native(3)]))
    assert natives(World(honor_timestamps=False).scrape(twice).histograms) == [native(1), native(3)]
    assert natives(World().scrape(twice).histograms) == [native(1), native(2), native(3)]
