import numpy as np
import pytest

from sightline.domain.labels import Labels
from sightline.domain.metrics.digest import Digest, Statistic, Windows, parted, undigested
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import STALE, SeriesColumns, stale_mask

SERIES = [Labels.of(__name__="m", n=f"{n:02}") for n in range(16)]
KNOWN = KnownSeries.of(SERIES, [7 * (n + 3) % 17 for n in range(16)])
WINDOWS = Windows(100, 10, 4)


@pytest.mark.parametrize(("instant", "count"), [(0, 0), (110, 0), (111, 1), (120, 1), (121, 2), (141, 4), (10**6, 4)])
def test_windows_before_an_instant_end_before_it(instant: int, count: int) -> None:
    """A window's end belongs to it."""
    assert WINDOWS.before(instant) == Windows(100, 10, count)
    assert (WINDOWS.within.start, WINDOWS.within.end, WINDOWS.end) == (101, 140, 140)


@pytest.mark.parametrize(
    ("statistic", "values"),
    [(Statistic.COUNT, [2, 3, 1]), (Statistic.LEAST, [0.5, 1, 9]), (Statistic.GREATEST, [4, np.nan, 9])],
)
def test_a_digest_as_samples_stands_at_the_ends_of_windows(statistic: Statistic, values: list[float]) -> None:
    """Windows without a sample have none, and neither have series that hold none or are not wanted."""
    found = Digest.empty(16, 4)
    found.counts[[1, 1, 3, 5], [0, 2, 3, 0]] = [2, 3, 1, 8]
    found.least[[1, 1, 3, 5], [0, 2, 3, 0]] = [0.5, 1, 9, 0]
    found.greatest[[1, 1, 3, 5], [0, 2, 3, 0]] = [4, np.nan, 9, 0]
    columns = found.columns(KNOWN, WINDOWS, statistic, np.arange(16) != 5)
    assert columns.labels == (SERIES[1], SERIES[3])
    assert columns.ids.tolist() == KNOWN.ids[[1, 3]].tolist()
    assert columns.offsets.tolist() == [0, 2, 3]
    assert columns.times.tolist() == [110, 130, 140]
    assert np.array_equal(columns.values, values, equal_nan=True)


def test_samples_beside_a_digest_count_one_each() -> None:
    """Their values are their least and greatest; where numbers are added up they are 1, and stale markers stay no samples."""
    columns = SeriesColumns.of([(SERIES[0], [1, 2, 3], [5.0, float(STALE), -1.0])])
    counted = undigested(columns, Statistic.COUNT)
    assert counted.values[[0, 2]].tolist() == [1.0, 1.0]
    assert stale_mask(counted.values).tolist() == [False, True, False]
    assert undigested(columns, Statistic.LEAST) is columns


def newer(*samples: tuple[int, int]) -> Run:
    """Samples by the number of their series and their time."""
    pairs = sorted((int(KNOWN.ids[number]), time) for number, time in samples)
    ids = np.array([number for number, _ in pairs], np.uint64)
    return Run.of_rows(ids, np.array([time for _, time in pairs]), np.zeros(len(pairs)))


@pytest.mark.parametrize(
    ("samples", "count", "late"),
    [
        ([(3, 105), (9, 131)], 4, [3, 9]),
        ([(n, 135) for n in range(16)], 3, []),
        ([(5, 101), *((n, time) for n in range(16) for time in (121, 140))], 2, [5]),
        ([(n, 110) for n in range(3)], 0, []),
    ],
)
def test_windows_that_many_series_touch_are_not_told(
    samples: list[tuple[int, int]], count: int, late: list[int]
) -> None:
    """A digest goes up to the first window in which an eighth of the series have newer samples; before, few are late."""
    early, found = parted(newer(*samples), WINDOWS, KNOWN)
    assert early == Windows(100, 10, count)
    assert np.flatnonzero(found).tolist() == late


def test_without_newer_samples_all_is_told() -> None:
    """No window is left out, and no series is late."""
    early, late = parted(None, WINDOWS, KNOWN)
    assert early == WINDOWS
    assert not late.any()
