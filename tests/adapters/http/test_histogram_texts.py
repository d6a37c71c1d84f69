"""Native histograms in answers, written as Prometheus writes them."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import native_arithmetic as oracle
from tests.oracles.native_histogram import NATIVES, Native, Value, columns, marked

from sightline.adapters.inbound.http import answers
from sightline.adapters.inbound.http.floats import sample_text
from sightline.adapters.inbound.http.histogram_texts import histogram_texts
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.values import Answer, Plane, Vector
from sightline.domain.timerange import Grid

ELEMENTS = st.one_of(st.none(), st.floats(-100, 100), NATIVES)


def told(one: Native) -> dict[str, Any]:
    """A histogram as JSON, bucket by bucket."""
    rows = []
    for each in oracle.buckets(one):
        is_zero = each.lower == -each.upper and each.count == one.zero_count and one.schema >= -4
        kind = 3 if is_zero and each.lower <= 0 <= each.upper else 1 if each.upper <= 0 and one.schema >= -4 else 0
        rows.append([kind, *(sample_text(number) for number in (each.lower, each.upper, each.count))])
    found = {"count": sample_text(one.count), "sum": sample_text(one.sum)}
    return {**found, "buckets": rows} if rows else found


def read(pieces: answers.Pieces) -> Any:
    """What JSON says."""
    return json.loads(b"".join(pieces))


@given(st.lists(NATIVES, max_size=5))
def test_objects(every: list[Native]) -> None:
    """Each histogram is an object with its count, its sum, and its buckets from the lowest to the highest."""
    found = [json.loads(str(one)) for one in histogram_texts(columns(every)).to_pylist()]
    for one, wanted in zip(found, map(told, every), strict=True):
        numbers = [[float(number) for number in row] for row in one.pop("buckets", [])]
        assert numbers == [pytest.approx(list(map(float, row)), rel=1e-14) for row in wanted.pop("buckets", [])]
        assert one == wanted


def test_an_object_word_by_word() -> None:
    """Numbers are strings, and the rule of a bucket says which of its bounds belong to it."""
    one = Native(
        schema=1,
        count=9.0,
        sum=18.4,
        zero_threshold=0.001,
        zero_count=1.0,
        positive={0: 3.0, 1: 2.5},
        negative={2: 2.5},
    )
    text = (
        '{"count":"9","sum":"18.4","buckets":[[1,"-2","-1.414213562373095","2.5"],[3,"-0.001","0.001","1"],'
        '[0,"0.7071067811865475","1","3"],[0,"1","1.414213562373095","2.5"]]}'
    )
    assert histogram_texts(columns([one])).to_pylist() == [text]
    assert histogram_texts(columns([Native(count=0.0, sum=0.0)])).to_pylist() == ['{"count":"0","sum":"0"}']
    assert histogram_texts(NO_HISTOGRAMS).to_pylist() == []


def vector(rows: list[list[Value | None]]) -> Vector:
    """A vector of floats and histograms."""
    cells = [[np.nan if one is None or isinstance(one, Native) else one for one in row] for row in rows]
    natives = [one for row in rows for one in row if isinstance(one, Native)]
    number = iter(range(len(natives)))
    index = [[next(number) if isinstance(one, Native) else -1 for one in row] for row in rows]
    labels = tuple(Labels.of({"n": str(n)}) for n in range(len(rows)))
    present = [[one is not None for one in row] for row in rows]
    return Vector(labels, np.array(cells), np.array(present), Plane(np.array(index), columns(natives)))


def flat(found: Any) -> Any:
    """JSON with texts of numbers as numbers."""
    if isinstance(found, dict):
        return {key: flat(one) for key, one in found.items()}
    return [flat(one) for one in found] if isinstance(found, list) else float(found)


def alike(found: Any, wanted: Any) -> bool:
    """Whether two histograms as JSON are the same but for the last digits of bounds."""
    a, b = flat(found), flat(wanted)
    same = [
        row == pytest.approx(other, rel=1e-14)
        for row, other in zip(a.pop("buckets", []), b.pop("buckets", []), strict=True)
    ]
    return all(same) and a == b


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(ELEMENTS, min_size=width, max_size=width), min_size=1, max_size=4)
    )
)
def test_a_matrix(rows: list[list[Value | None]]) -> None:
    """A series has its floats in one list and its histograms in another; a list that is empty is left out, so is the series."""
    grid = Grid(1000, 1000 + 500 * (len(rows[0]) - 1), 500)
    found = read(answers.matrix(Answer(grid, vector(rows))).pieces)["data"]["result"]
    filled = [(n, row) for n, row in enumerate(rows) if any(one is not None for one in row)]
    assert [one["metric"] for one in found] == [{"n": str(n)} for n, _ in filled]
    for one, (_, row) in zip(found, filled, strict=True):
        times = [at / 1000 for at in grid.times().tolist()]
        floats = [[at, cell] for at, cell in zip(times, row, strict=True) if isinstance(cell, float)]
        natives = [(at, told(cell)) for at, cell in zip(times, row, strict=True) if isinstance(cell, Native)]
        assert [[at, float(text)] for at, text in one.get("values", [])] == floats
        assert ("values" in one, "histograms" in one) == (bool(floats), bool(natives))
        assert [at for at, _ in one.get("histograms", [])] == [at for at, _ in natives]
        assert all(alike(a, b) for (_, a), (_, b) in zip(one.get("histograms", []), natives, strict=True))


@given(st.lists(ELEMENTS, min_size=1, max_size=5))
def test_an_instant(cells: list[Value | None]) -> None:
    """An element is a value or a histogram."""
    found = read(answers.instant(Answer(Grid.instant(1500), vector([[one] for one in cells]))).pieces)["data"]["result"]
    shown = [(n, one) for n, one in enumerate(cells) if one is not None]
    assert [one["metric"] for one in found] == [{"n": str(n)} for n, _ in shown]
    for one, (_, cell) in zip(found, shown, strict=True):
        if isinstance(cell, Native):
            assert one.keys() == {"metric", "histogram"}
            assert alike(one["histogram"][1], told(cell))
        else:
            assert one["value"] == [1.5, sample_text(float(cell))]


@given(
    st.lists(st.lists(st.one_of(st.floats(-9, 9), NATIVES), min_size=1, max_size=3), min_size=1, max_size=3),
    st.integers(1, 4),
)
def test_samples_of_a_range(series: list[list[Value]], block: int) -> None:
    """Samples of a range selector come likewise, whatever is made into text at a time."""
    values, histograms = marked([one for own in series for one in own])
    ends = np.cumsum([0, *map(len, series)])
    times = np.concatenate([np.arange(len(own), dtype=np.int64) for own in series])
    labels = tuple(Labels.of({"n": str(n)}) for n in range(len(series)))
    ranged = SeriesColumns(labels, np.zeros(len(series), np.uint64), ends, times, values, histograms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "BLOCK", block)
        found = read(answers.instant(Answer(Grid.instant(0), ranged)).pieces)["data"]["result"]
    for one, own in zip(found, series, strict=True):
        natives = [(at / 1000, told(cell)) for at, cell in enumerate(own) if isinstance(cell, Native)]
        assert [float(text) for _, text in one.get("values", [])] == [cell for cell in own if isinstance(cell, float)]
        assert all(a == b and alike(c, d) for (a, c), (b, d) in zip(one.get("histograms", []), natives, strict=True))
