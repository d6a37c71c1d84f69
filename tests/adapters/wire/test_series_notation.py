"""Series and values as tests write them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import Native, natives

from sightline.adapters.wire.series_notation import read_histogram, read_labels, read_values
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import stale_mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("1 2.5 -3e2", [1.0, 2.5, -300.0]),
        ("-2+4x3", [-2.0, 2.0, 6.0, 10.0]),
        ("1-2x2 _ 7", [1.0, -1.0, -3.0, None, 7.0]),
        ("1x2 _x3", [1.0, 1.0, 1.0, None, None, None]),
        ("0x2", [0.0, 0.0, 0.0]),
        ("Inf -inf", [math.inf, -math.inf]),
    ],
)
def test_values_expand(text: str, expected: list[float | None]) -> None:
    """Each item stands for as many values as it says."""
    found = read_values(text)
    assert [v if there else None for v, there in zip(found.values.tolist(), found.there, strict=True)] == expected


def test_the_end_of_a_series_is_the_marker() -> None:
    """Bit for bit, and no other NaN."""
    assert stale_mask(read_values("1 stale NaN").values).tolist() == [False, True, False]


def test_histograms_expand_as_numbers_do() -> None:
    """Each has one step more than the one before, and says of resets what the first one says."""
    found = read_values("{{count:1 sum:1 buckets:[1] counter_reset_hint:gauge}}+{{count:2 sum:3 buckets:[1 1]}}x2")
    assert [(one.count, one.sum, dict(one.positive)) for one in natives(found.histograms)] == [
        (1.0, 1.0, {0: 1.0}),
        (3.0, 4.0, {0: 2.0, 1: 1.0}),
        (5.0, 7.0, {0: 3.0, 1: 2.0}),
    ]
    assert len(set(found.histograms.reset.tolist())) == 1


def test_a_histogram_alone_is_read() -> None:
    """With what is not said being 0."""
    assert natives(read_histogram("{{schema:1 n_offset:-1 n_buckets:[2]}}")) == [Native(schema=1, negative={-1: 2.0})]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 x", "character 3: 'x' is no value"),
        ("1+2", "is no value"),
        ("stalex3", "is no value"),
        ("1x99999999999999999999", "more than 1000000 values"),
        ("_x600000 _x600000", "more than 1000000 values"),
        ("{{count:1 many:2}}", "is no field of a histogram"),
        ("{{count:1 count:2}}", "given twice"),
        ("{{offset:1.5}}", "not a whole number"),
        ("{{schema:1000}}", "is no schema"),
        ("{{counter_reset_hint:maybe}}", "is none of unknown"),
    ],
)
def test_what_is_no_value_is_refused(text: str, said: str) -> None:
    """With its place, or what may stand there."""
    with pytest.raises(BadData, match=said):
        read_values(text)


def test_labels_are_read() -> None:
    """As PromQL writes them, with names in quotes, empty values and none at all."""
    assert read_labels('up{job="a"}') == Labels.of(__name__="up", job="a")
    assert read_labels('{"a.b",c="d"}') == Labels.of({"__name__": "a.b", "c": "d"})
    assert read_labels('{a=""}') == read_labels("{}") == read_labels("") == Labels()
    for wrong in ('up{job=~"a"}', 'up{a="1",a="2"}', "up{", "sum(up)"):
        with pytest.raises(BadData):
            read_labels(wrong)


@given(st.text(alphabet="0123456789+-x_. stale{}:[]countINFNaN", max_size=40))
def test_any_text_is_values_or_refused(text: str) -> None:
    """Nothing else comes of it, and what is there has one value each."""
    try:
        found = read_values(text, 1000)
    except BadData:
        return
    assert len(found.values) == len(found.there) <= 1000


@given(st.integers(-50, 50), st.integers(-9, 9), st.integers(0, 99))
def test_a_run_is_an_arithmetic_progression(start: int, step: int, more: int) -> None:
    """From the start, so many more."""
    found = read_values(f"{start}{step:+d}x{more}")
    assert np.array_equal(found.values, start + step * np.arange(more + 1.0))
