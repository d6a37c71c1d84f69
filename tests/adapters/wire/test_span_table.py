"""Numbers by bytes: a table in arrays against a dictionary."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sightline.adapters.wire import span_table
from sightline.adapters.wire.span_table import ABSENT, SpanTable

Bounds = tuple[bytes, NDArray[np.int64], NDArray[np.int64]]
Function = Callable[..., int]


def laid_out(texts: list[bytes]) -> Bounds:
    """Texts one after another, and their bounds."""
    ends = np.cumsum([0, *map(len, texts)])
    return b"".join(texts), ends[:-1], ends[1:]


@given(rounds=st.lists(st.lists(st.binary(max_size=12), max_size=30), max_size=6))
def test_what_was_put_in_is_found(rounds: list[list[bytes]]) -> None:
    """Stretches of any bytes and length, empty and repeated ones too, have the number they were last given."""
    table = SpanTable()
    expected: dict[bytes, int] = {}
    for texts in rounds:
        stretches = laid_out(texts)
        assert table.numbers(*stretches).tolist() == [expected.get(text, ABSENT) for text in texts]
        numbers = [expected.setdefault(text, len(expected)) for text in texts]
        table.put(*stretches, np.array(numbers, np.int64))
        assert table.numbers(*stretches).tolist() == numbers


def test_a_table_grows() -> None:
    """A hundred thousand stretches are found after many growths, and what is nearly the same is not taken for them."""
    table = SpanTable()
    texts = [b"series-%d" % number * (1 + number % 9) for number in range(100_000)]
    for start in range(0, len(texts), 7_000):
        part = texts[start : start + 7_000]
        table.put(*laid_out(part), np.arange(start, start + len(part)))
    assert table.numbers(*laid_out(texts)).tolist() == list(range(100_000))
    assert set(table.numbers(*laid_out([text + b"x" for text in texts])).tolist()) == {ABSENT}
    assert sum(map(len, texts)) < table.nbytes < 10_000_000


def test_stretches_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes are compared; of those that collide no more are remembered than may be looked at, and the others stay unknown."""
    monkeypatch.setattr(span_table, "digest", lambda *_: 7)
    for name in ("find", "put"):
        monkeypatch.setattr(span_table, name, getattr(span_table, f"{name}_in_python"))
    table = SpanTable()
    texts = [b"%04d" % number for number in range(100)]
    table.put(*laid_out(texts), np.arange(100))
    table.put(*laid_out(texts), np.arange(100))
    assert table.numbers(*laid_out(texts)).tolist() == [*range(64), *[ABSENT] * 36]


def test_machine_code_keeps_the_table_like_python(compiled_decoders: None) -> None:
    """Compiled and interpreted, a table is filled and searched alike, column by column."""
    assert all(one.is_compiled for one in (span_table.find, span_table.put, span_table.place_again))
    chance = np.random.default_rng(5)
    texts = [chance.bytes(size) for size in chance.integers(0, 40, 300).tolist()] + [b"\xff" * 13] * 2
    data, starts, ends = laid_out(texts)

    def filled(put: Function, find: Function, place_again: Function) -> list[list[int]]:
        slots, hashes = np.full(256, ABSENT, np.int32), np.zeros(400, np.int64)
        bounds, arena = np.zeros(401, np.int64), np.zeros(len(data), np.uint8)
        entries, found = np.empty(len(texts), np.int64), np.empty(len(texts), np.int64)
        count = put(data, starts, ends, 99, 0, slots, hashes, bounds, arena, entries)
        absent = find(data, starts, ends, 99, count, slots, hashes, bounds, arena, found)
        again = np.full(1024, ABSENT, np.int32)
        placed = place_again(hashes, count, again)
        columns = (slots, hashes, bounds, arena, entries, found, again)
        return [[count, absent, placed], *(column.tolist() for column in columns)]

    assert filled(span_table.put, span_table.find, span_table.place_again) == filled(
        span_table.put_in_python, span_table.find_in_python, span_table.place_again_in_python
    )
