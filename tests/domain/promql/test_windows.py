"""What functions make of windows does not depend on where the samples lie, nor on how the work is cut."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import QueryTimeout
from sightline.domain.kernels import reduce
from sightline.domain.labels import Labels
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.runs import Gathering, Run, columns
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.promql import extended, windows
from sightline.domain.promql.aggregations import FOLDS
from sightline.domain.promql.extensions import Margin
from sightline.domain.promql.functions import OVER_WINDOW
from sightline.domain.promql.plan import Instants
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.windows import Windowed
from sightline.domain.timerange import ALL_TIME

VALUES = st.one_of(st.integers(0, 9).map(float), st.sampled_from([np.nan, np.inf, -np.inf, 1e16, float(STALE)]))
SERIES = st.lists(st.dictionaries(st.integers(0, 60), VALUES, min_size=1, max_size=12), min_size=1, max_size=8)


def scattered(rows: int, work: Callable[[int, int], None], *, fewest: int = 1) -> None:
    """A spread in parts of seven, backwards."""
    for first in reversed(range(0, rows, 7)):
        work(first, min(first + 7, rows))


def gathered(data: list[dict[int, float]], cut: int) -> SeriesColumns:
    """The samples as they come out of two runs that lie in another order; those of the last series overlap."""
    known = KnownSeries.of([Labels.of(n=str(n)) for n in range(len(data))], [100 - n for n in range(len(data))])
    runs = []
    for after in (False, True):
        rows = [
            (100 - n, time, one[time])
            for n, one in reversed(list(enumerate(data)))
            for time in sorted(one)
            if (time > cut) is after or n == len(data) - 1
        ]
        if rows:
            ids, times, values = zip(*rows, strict=True)
            runs.append(Run.of_rows(np.array(ids, np.uint64), np.array(times), np.array(values, np.float64)))
    return columns(known, Gathering([(run, ALL_TIME) for run in runs], known))


def plain(data: list[dict[int, float]]) -> SeriesColumns:
    """The samples in one piece."""
    return SeriesColumns.of(
        [(Labels.of(n=str(n)), sorted(one), [one[t] for t in sorted(one)]) for n, one in enumerate(data)]
    )


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few samples and values fill a block; rows are taken in as machine code does it, one by one."""
    monkeypatch.setattr(reduce, "accumulate", reduce.accumulate.loop)
    monkeypatch.setattr(windows, "_BLOCK_SAMPLES", 8)
    monkeypatch.setattr(windows, "_BLOCK_VALUES", 30)
    monkeypatch.setattr(windows, "_MOMENT", 4)


@given(
    data=SERIES,
    cut=st.integers(0, 60),
    name=st.sampled_from(sorted(OVER_WINDOW)),
    operator=st.sampled_from(sorted(FOLDS)),
    groups=st.data(),
    width=st.sampled_from([1, 5, 40]),
    step=st.integers(1, 9),
)
def test_windows_are_folded_as_their_vector_is(
    data: list[dict[int, float]], cut: int, name: str, operator: str, groups: st.DataObject, width: int, step: int
) -> None:
    """In one piece or in runs, at once, part by part or by moments, folded on the way or afterwards: the same bits come out."""
    function = OVER_WINDOW[name]
    group = np.array(groups.draw(st.lists(st.integers(0, 2), min_size=len(data), max_size=len(data))), np.int64)
    at = Instants(-3, step, 12)
    scalars = (np.full(at.points, 0.5),) * function.scalars
    wanted: list[bytes] = []
    for samples, is_anew in ((plain(data), False), (plain(data), True), (gathered(data, cut), True)):
        windowed = Windowed(samples, at, width, function.kernel, function.arguments, scalars, is_anew=is_anew)
        for resources in (Resources(), Resources(spread=scattered)):
            with np.errstate(all="ignore"):
                vector = windowed.vector(resources)
                folds = [
                    reduce.fold(vector.values, vector.present, group, 3, FOLDS[operator]),
                    windowed.folded(group, 3, FOLDS[operator], resources),
                ]
            assert vector.labels == samples.labels
            parts = [vector.values, vector.present]
            found = [b"".join(np.nan_to_num(one).tobytes() for one in (*parts, *fold)) for fold in folds]
            wanted = wanted or found[:1]
            assert found == wanted * 2


def test_one_series_can_be_stopped_between_instants() -> None:
    """Where each window takes long it is looked up now and then whether to go on, though all of it is one series."""
    checks = 0

    def count() -> None:
        nonlocal checks
        checks += 1

    for name, least, most in (
        ("sum_over_time", 100, 1_000),
        ("quantile_over_time", 100, 1_000),
        ("max_over_time", 1, 2),
    ):
        function, checks = OVER_WINDOW[name], 0
        samples, at = plain([dict.fromkeys(range(100), 1.0)]), Instants(0, 1, 200)
        scalars = (np.full(at.points, 0.5),) * function.scalars
        windowed = Windowed(samples, at, 50, function.kernel, function.arguments, scalars, is_anew=function.is_anew)
        windowed.vector(Resources(check=count))
        assert least <= checks <= most


def test_extended_windows_can_be_stopped_and_cut_as_others() -> None:
    """Windows that are looked at with a margin are gone through anew, some at a time, and come out the same."""
    checks = 0

    def count() -> None:
        nonlocal checks
        checks += 1

    samples = plain([{time: float(time * 7 % 10) for time in range(0, 100, 3)}])
    for function, margin in (
        ("increase", Margin(20, 20)),
        ("rate", Margin(20)),
        ("changes", Margin(20)),
        ("", Margin(9, 9)),
    ):
        windowed, checks = extended.windowed(samples, Instants(0, 1, 120), 10 if function else 0, margin, function), 0
        vector = windowed.vector(Resources(check=count))
        assert 50 <= checks <= 1_000
        at_once = replace(windowed, is_anew=False).vector(Resources())
        np.testing.assert_array_equal(vector.values, at_once.values)
        np.testing.assert_array_equal(vector.present, at_once.present)


def test_folding_can_be_stopped_between_blocks() -> None:
    """Whatever the check raises ends the work, though more blocks wait."""
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise QueryTimeout("enough")

    windowed = Windowed(plain([{0: 1.0}] * 40), Instants(0, 1, 12), 5, OVER_WINDOW["rate"].kernel, (True, True))
    with pytest.raises(QueryTimeout, match="enough"):
        windowed.folded(np.zeros(40, np.int64), 1, reduce.SUM, Resources(check=stop))
    assert calls == 4
