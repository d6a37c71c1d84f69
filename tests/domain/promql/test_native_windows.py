"""Windows over floats and native histograms, held against going through them sample by sample."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.test_scripts import flat
from tests.oracles.native_histogram import NATIVES, Native, Value, marked, natives
from tests.oracles.native_windows import over

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.promql import native_changes, native_folds
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.leaves import leaves
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.sliced import Sliced
from sightline.domain.promql.values import Vector
from sightline.domain.promql.windows import kept
from sightline.domain.timerange import Grid

FUNCTIONS = (
    *("rate", "increase", "delta", "irate", "idelta", "sum_over_time", "avg_over_time", "changes", "resets"),
    *("count_over_time", "first_over_time", "last_over_time"),
)
SAMPLES = st.one_of(st.none(), st.integers(0, 20).map(float), NATIVES, NATIVES)


def series(every: list[list[Value | None]]) -> SeriesColumns:
    """Series with a sample each second; stale markers where there is none."""
    values, histograms = marked([float(STALE) if one is None else one for own in every for one in own])
    ends = np.cumsum([0, *map(len, every)])
    times = np.concatenate([np.arange(len(own), dtype=np.int64) * 1000 for own in every])
    labels = tuple(Labels.of({"__name__": "h", "n": str(n)}) for n in range(len(every)))
    return SeriesColumns(labels, np.arange(len(every), dtype=np.uint64), ends, times, values, histograms)


def asked(text: str, found: SeriesColumns, grid: Grid, resources: Resources | None = None) -> Vector:
    """What an expression gives."""
    planned = plan(parse(text), grid, is_range=True)
    value = evaluate(planned, [found] * len(planned.fetches), resources).value
    assert isinstance(value, Vector)
    return value


def cells(value: Vector) -> dict[tuple[str, int], Value]:
    """The elements by series and instant."""
    which = [] if value.histograms is None else natives(value.histograms.pool)
    found: dict[tuple[str, int], Value] = {}
    for row, instant in zip(*np.nonzero(value.present), strict=True):
        index = -1 if value.histograms is None else value.histograms.index[row, instant]
        key = value.labels[row].get("n"), int(instant)
        found[key] = which[index] if index >= 0 else float(value.values[row, instant])
    return found


def alike(found: Value, wanted: Value) -> bool:
    """Whether two elements are the same but for rounding, which may leave next to nothing in a bucket."""
    if not isinstance(found, Native) or not isinstance(wanted, Native):
        return bool(found == pytest.approx(wanted, rel=1e-9, abs=1e-9))
    a, b = flat(found), flat(wanted)
    near = all(a.get(key, 0.0) == pytest.approx(b.get(key, 0.0), rel=1e-9, abs=1e-3, nan_ok=True) for key in {*a, *b})
    return near and (found.schema, found.custom, found.reset) == (wanted.schema, wanted.custom, wanted.reset)


@settings(max_examples=2 * settings().max_examples)  # there are many functions
@given(
    function=st.sampled_from(FUNCTIONS),
    every=st.lists(st.lists(SAMPLES, min_size=1, max_size=7), min_size=1, max_size=3),
)
def test_functions(function: str, every: list[list[Value | None]]) -> None:
    """Each function gives what it gives of the samples of each window, looked at one by one."""
    grid = Grid(0, 8000, 2000)
    found = cells(asked(f"{function}(h[4s])", series(every), grid))
    wanted: dict[tuple[str, int], Value] = {}
    for n, own in enumerate(every):
        for instant, end in enumerate(grid.times().tolist()):
            window = [(k * 1000, one) for k, one in enumerate(own) if one is not None and end - 4000 < k * 1000 <= end]
            value = over(function, window, end - 4000, end)
            if value is not None:
                wanted[str(n), instant] = value
    assert found.keys() == wanted.keys()
    for key, value in found.items():
        assert alike(value, wanted[key]), (key, value, wanted[key])


@settings(max_examples=settings().max_examples // 2)  # each looks at fifty instants
@given(
    st.lists(st.lists(SAMPLES, min_size=40, max_size=40), min_size=1, max_size=3),
    st.sampled_from(["sum", "avg", "count"]),
)
def test_some_instants_at_a_time(every: list[list[Value | None]], operator: str) -> None:
    """An aggregation of windows is the same however many instants are looked at together."""
    found, grid = series(every), Grid(0, 49_000, 1000)
    text = f"{operator} by (nothing) (sum_over_time(h[4s]))"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_folds, "_BYTES", 1)
        parts = cells(asked(text, found, grid))
        patch.setattr(native_folds, "_FEWEST_INSTANTS", 1000)
        whole = cells(asked(text, found, grid))
    assert parts.keys() == whole.keys()
    assert all(alike(parts[key], whole[key]) for key in parts)


def test_windows_of_many_histograms(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are added up at a time, each window has its own sum."""
    every = series([[Native(count=float(n), positive={n % 3: float(n)}) for n in range(1, 30)]] * 2)
    whole = cells(asked("sum_over_time(h[7s])", every, Grid(0, 30_000, 1000)))
    monkeypatch.setattr(native_changes, "_TOGETHER", 10)
    assert cells(asked("sum_over_time(h[7s])", every, Grid(0, 30_000, 1000))) == whole


@given(
    st.lists(st.lists(SAMPLES, min_size=4, max_size=4), min_size=2, max_size=4),
    st.sampled_from(["h", "rate(h[4s])", "histogram_count(rate(h[4s]))"]),
)
def test_slices_of_series(every: list[list[Value | None]], text: str) -> None:
    """Series that are looked at one slice after another give what they give together."""
    found, grid = series(every), Grid(0, 8000, 2000)
    planned = plan(parse(text), grid, is_range=True)
    (number, served), *_ = leaves(planned).items()
    known = KnownSeries.of(list(found.labels), found.ids.tolist())
    sliced = Sliced(planned, served, known, Resources())
    for row in range(len(every)):
        sliced.take(kept(found, np.repeat(np.arange(len(every)), np.diff(found.offsets)) == row))
    value = evaluate(planned, [SeriesColumns.empty()] * (number + 1), None, sliced.vectors()).value
    assert isinstance(value, Vector)
    apart, whole = cells(value), cells(asked(text, found, grid))
    assert apart.keys() == whole.keys()
    assert all(alike(apart[key], whole[key]) for key in apart)


def test_slices_are_counted_together() -> None:
    """Histograms of slices, each few enough, are refused when they are too many together."""
    one = Native(count=100.0, positive=dict.fromkeys(range(100), 1.0))
    found = series([[one] * 8] * 4)
    planned = plan(parse("sum_over_time(h[4s])"), Grid(0, 7000, 1000), is_range=True)
    ((_, served),) = leaves(planned).items()
    known = KnownSeries.of(list(found.labels), found.ids.tolist())
    sliced = Sliced(planned, served, known, Resources(max_values=1500))
    slices = [kept(found, np.repeat(np.arange(4), 8) == row) for row in range(4)]
    for part in slices[:2]:
        sliced.take(part)
    with pytest.raises(TooManySamples, match=r"query\.max_samples"):
        sliced.take(slices[2])


@pytest.mark.parametrize(
    "text",
    [
        "rate(h[10s])",
        "sum_over_time(h[10s])",
        "h * 2",
        "h - h",
        "h </ 5",
        "-h",
        "sum by (n) (h)",
        "last_over_time(h[9s:1s])",
    ],
)
def test_too_many_histograms(text: str) -> None:
    """A result is as large as its buckets are many, and refused by the setting that bounds it."""
    one = Native(count=100.0, positive=dict.fromkeys(range(100), 1.0))
    found = series([[one] * 50])
    with pytest.raises(TooManySamples, match=r"query\.max_samples"):
        asked(text, found, Grid(0, 49_000, 1000), Resources(max_values=500))


def test_floats_allocate_nothing() -> None:
    """Without histograms there is no plane."""
    assert asked("sum(rate(h[10s]))", series([[1.0, 2.0, 3.0]]), Grid(0, 5000, 1000)).histograms is None
