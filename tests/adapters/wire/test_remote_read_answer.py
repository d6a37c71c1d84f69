"""Answers of remote read, as requests of remote write."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.protobuf import field
from sightline.adapters.wire.remote_read import decode as decode_read
from sightline.adapters.wire.remote_read_answer import Written, counted, halves, read_request, written
from sightline.adapters.wire.remote_write import decode
from sightline.adapters.wire.remote_write_encode import label_fields, message
from sightline.adapters.wire.snappy import compress
from sightline.domain.errors import MalformedBody
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.samples import WriteBatch


def series(sizes: list[int]) -> bytes:
    """A QueryResult of series with so many samples each."""
    total = sum(sizes)
    labels = [Labels.of(__name__="a", i=str(number)) for number in range(len(sizes))]
    index = np.repeat(np.arange(len(sizes)), sizes).astype(np.uint32)
    return message(
        WriteBatch(labels, index, 1_700_000_000_000 + np.arange(total), np.arange(total, dtype=np.float64)),
        [*map(label_fields, labels)],
    )


def samples(requests: list[Written]) -> list[tuple[str, int, float]]:
    """All samples of requests, in order."""
    found = []
    for one in requests:
        batch = decode(compress(one.message), max_decompressed=1 << 20)
        found += [
            (batch.labels[s].get("i"), t, v)
            for s, t, v in zip(batch.series.tolist(), batch.times.tolist(), batch.values.tolist(), strict=True)
        ]
    return found


@given(st.lists(st.integers(1, 30), max_size=8), st.integers(1, 40))
def test_requests_have_all_of_an_answer(sizes: list[int], most: int) -> None:
    """Every sample once, in order; no request is much longer than it may be unless one series is; counts and times are right."""
    answer = field(1, series(sizes))
    found = list(written(answer, most))
    assert samples(found) == samples([counted(series(sizes))])
    assert sum(one.samples for one in found) == sum(sizes)
    assert all(len(one.series) == 1 or one.samples <= most for one in found)
    assert all(one.last - one.first + 1 == one.samples for one in found)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_halves_have_all_of_a_request(sizes: list[int]) -> None:
    """A request can be shared out until a series is left."""
    whole = series(sizes)
    parts = halves(whole)
    assert b"".join(parts) == whole
    assert len(parts) == min(2, len(sizes))


def test_what_is_asked_is_understood() -> None:
    """A request says its selectors and its bounds as the reader of requests reads them."""
    matchers = (
        Matcher("__name__", MatchOp.MATCHES, "a|b"),
        Matcher("x", MatchOp.EQUAL, ""),
        Matcher("é", MatchOp.NOT_EQUAL, "y"),
    )
    body = compress(read_request(matchers, -5, 1_700_000_000_000))
    asked = decode_read(body, max_decompressed=1 << 20, max_queries=1).selections[0]
    assert [(one.name, one.op, one.value) for one in asked.matchers] == [
        (one.name, one.op, one.value) for one in matchers
    ]
    assert (asked.within.start, asked.within.end) == (-5, 1_700_000_000_000)


@given(st.binary(max_size=60), st.integers(0, 60))
def test_damaged_answers_are_told(damage: bytes, at: int) -> None:
    """Whatever comes is requests or an error that says so."""
    answer = field(1, series([2, 1]))
    with suppress(MalformedBody):
        assert all(one.message for one in written(answer[:at] + damage, 10))


def test_an_answer_of_something_else_is_told() -> None:
    """Text is no answer."""
    with pytest.raises(MalformedBody, match="no ReadResponse"):
        list(written(b"<html>", 10))


def test_series_get_further_labels() -> None:
    """In place of those of the same names, whatever else a series has."""
    answer = field(1, series([2, 1]))
    found = list(written(answer, 10, Labels.of(i="x", site="north")))
    batches = [decode(compress(one.message), max_decompressed=1 << 20) for one in found]
    assert [dict(labels) for batch in batches for labels in batch.labels] == [
        {"__name__": "a", "i": "x", "site": "north"}
    ]
    assert [time for batch in batches for time in batch.times.tolist()] == [1_700_000_000_000 + k for k in range(3)]
