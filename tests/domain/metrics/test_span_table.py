"""Numbers by bytes: a table in arrays against a dictionary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.kernels import spans
from sightline.domain.kernels.spans import ABSENT
from sightline.domain.metrics import span_table
from sightline.domain.metrics.span_table import Spans, SpanTable


@given(rounds=st.lists(st.lists(st.binary(max_size=12), max_size=30), max_size=6))
def test_what_was_put_in_is_found(rounds: list[list[bytes]]) -> None:
    """Stretches of any bytes and length, empty and repeated ones too, have the number they were first given, and give them back."""
    table = SpanTable()
    expected: dict[bytes, int] = {}
    for texts in rounds:
        assert table.find(Spans.of(texts)).tolist() == [expected.get(text, ABSENT) for text in texts]
        numbers = [expected.setdefault(text, len(expected)) for text in texts]
        assert table.put(Spans.of(texts)).tolist() == numbers
        assert table.find(Spans.of(texts)).tolist() == numbers
        assert [table.text(number) for number in numbers] == table.texts(np.array(numbers, np.int64)).texts() == texts
    assert len(table) == len(expected)


def test_a_table_grows() -> None:
    """Thousands of stretches are found after some growths, and what is nearly the same is not taken for them."""
    table = SpanTable()
    texts = [b"series-%d" % number * (1 + number % 9) for number in range(3_000)]
    for start in range(0, len(texts), 700):
        table.put(Spans.of(texts[start : start + 700]))
    assert table.find(Spans.of(texts)).tolist() == list(range(3_000))
    assert set(table.find(Spans.of([text + b"x" for text in texts])).tolist()) == {ABSENT}
    assert sum(map(len, texts)) < table.nbytes < 1_200_000


@pytest.mark.parametrize("is_crowded", [False, True])
def test_rows_of_numbers_come_back(monkeypatch: pytest.MonkeyPatch, *, is_crowded: bool) -> None:
    """Numbers that were put in, alone or in rows, are given back in the order of theirs, wherever they found a place."""
    if is_crowded:
        monkeypatch.setattr(spans, "digest", lambda *_: 7)
        for name in ("find", "put"):
            monkeypatch.setattr(span_table, name, getattr(spans, f"{name}_in_python"))
    for width in (1, 3):
        rows = np.arange(200 * width, dtype=np.uint64).reshape(-1, width)[::-1].copy()
        table = SpanTable()
        table.put(Spans.of_ids(rows))
        assert table.put(Spans.of_ids(rows[50:60])).tolist() == [*range(50, 60)]
        assert table.ids(width).tolist() == rows.tolist()
    assert SpanTable().ids(3).shape == (0, 3)


def test_stretches_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes are compared; those that collide more often than may be looked at are found all the same, after growths too."""
    monkeypatch.setattr(spans, "digest", lambda *_: 7)
    for name in ("find", "put"):
        monkeypatch.setattr(span_table, name, getattr(spans, f"{name}_in_python"))
    table = SpanTable()
    texts = [b"%04d" % number for number in range(100)]
    for _ in range(2):
        assert table.put(Spans.of(texts)).tolist() == [*range(100)]
    more = [b"%05d" % number for number in range(1_000)]
    assert table.put(Spans.of(more)).tolist() == [*range(100, 1_100)]
    assert table.find(Spans.of([*texts, *more, b"other"])).tolist() == [*range(1_100), ABSENT]
    assert table.texts(np.arange(1_100)).texts() == [*texts, *more]
