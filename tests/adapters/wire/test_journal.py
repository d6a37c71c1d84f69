"""The bytes of the write-ahead log."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import NATIVES, columns, natives

from sightline.adapters.wire import journal as wire
from sightline.domain.labels import Labels
from sightline.domain.metrics.journal import Appended, Entry, Flushed, Sealed, SeriesSeen
from sightline.domain.tenancy import Tenant

_u64 = st.integers(0, 2**64 - 1)
_time = st.integers(-(2**53), 2**53)
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
_labels = st.dictionaries(_text, _text, max_size=4).map(Labels.of)


@st.composite
def _appended(draw: st.DrawFn) -> Appended:
    series = draw(st.lists(_u64, min_size=1, max_size=4, unique=True))
    samples = draw(st.integers(0, 6))
    seen = SeriesSeen.of(
        *(
            (one, draw(_labels), draw(_time), draw(_time), draw(st.booleans()))
            for one in draw(st.lists(st.sampled_from(series), unique=True))
        )
    )
    return Appended(
        Tenant(draw(st.sampled_from(["default", "a", "(team)*!"]))),
        draw(st.integers(0, 2**62)),
        seen,
        np.array(series, np.uint64),
        np.array(draw(st.lists(_u64, min_size=len(series), max_size=len(series))), np.uint64),
        np.array(
            draw(st.lists(st.integers(0, len(series) - 1), min_size=samples, max_size=samples)),
            np.uint32,
        ),
        np.array(draw(st.lists(_time, min_size=samples, max_size=samples)), np.int64),
        np.array(draw(st.lists(_u64, min_size=samples, max_size=samples)), np.uint64).view(np.float64),
        columns(draw(st.lists(NATIVES, max_size=3))),
    )


_entries = st.lists(
    _appended() | st.builds(Sealed, _u64, _u64, _u64) | st.builds(Flushed, _u64),
    max_size=5,
)


def _bytes(entries: list[Entry]) -> bytes:
    return b"".join(bytes(piece) for entry in entries for piece in wire.frame(entry))


def _comparable(entry: Entry) -> tuple[object, ...]:
    if isinstance(entry, Appended):
        seen = entry.seen
        described = [column.tobytes() for column in (seen.ids, seen.first, seen.last, seen.fresh)]
        of_samples = (entry.ids, entry.metrics, entry.index, entry.times, entry.values)
        histograms = natives(entry.histograms)
        return (
            entry.tenant,
            entry.first_seq,
            *seen.labels,
            *described,
            *(column.tobytes() for column in of_samples),
            *histograms,
        )
    return (entry,)


def _read(data: bytes) -> tuple[list[Entry], wire.Damage | None]:
    found: list[Entry] = []
    try:
        found.extend(entry for entry, _ in wire.entries(memoryview(data), 0))
    except wire.Damage as damage:
        return found, damage
    return found, None


@given(_entries)
def test_entries_survive_the_way_to_bytes_and_back_bit_for_bit(entries: list[Entry]) -> None:
    """Every entry is read as it was written, NaN payloads included, and its size is told beforehand."""
    data = _bytes(entries)
    found, damage = _read(data)
    assert damage is None
    assert [_comparable(entry) for entry in found] == [_comparable(entry) for entry in entries]
    has_histograms = any(isinstance(one, Appended) and len(one.histograms) for one in entries)
    assert sum(map(wire.size, entries)) >= len(data)
    assert has_histograms or sum(map(wire.size, entries)) == len(data)


@given(_entries.filter(bool), st.data())
def test_a_log_cut_anywhere_gives_the_whole_entries_before_the_cut(entries: list[Entry], data: st.DataObject) -> None:
    """Truncation loses only what it cut, and is told apart from damage."""
    whole = _bytes(entries)
    cut = data.draw(st.integers(0, len(whole) - 1))
    found, damage = _read(whole[:cut])
    kept = 0
    while kept < len(entries) and len(_bytes(entries[: kept + 1])) <= cut:
        kept += 1
    assert [_comparable(entry) for entry in found] == [_comparable(entry) for entry in entries[:kept]]
    ends_between_entries = len(_bytes(entries[:kept])) == cut
    assert (damage is None) is ends_between_entries
    assert damage is None or damage.torn


@given(_entries.filter(bool), st.data())
def test_a_changed_byte_never_gives_a_wrong_entry(entries: list[Entry], data: st.DataObject) -> None:
    """Whatever byte is damaged, the entries before it are read and nothing false behind it."""
    whole = bytearray(_bytes(entries))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    found, damage = _read(bytes(whole))
    assert damage is not None
    assert [_comparable(entry) for entry in found] == [_comparable(entry) for entry in entries[: len(found)]]
    assert damage.offset <= at


@pytest.mark.parametrize("kind", [0, 5, 255])
def test_an_unknown_kind_is_damage(kind: int) -> None:
    """A frame that a newer version may have written is not guessed at."""
    payload = bytes([kind, 1, 2, 3])
    data = wire.FRAME.pack(len(payload), wire.FORMATS[wire.FORMAT]([payload])) + payload
    found, damage = _read(data)
    assert found == []
    assert damage is not None
    assert "newer version" in str(damage)


def test_zeros_behind_the_last_frame_are_an_unfinished_write() -> None:
    """A file system that lost power may leave zeros; they are cut off like a torn write."""
    data = _bytes([Flushed(1)])
    found, damage = _read(data + bytes(64))
    assert len(found) == 1
    assert damage is not None
    assert damage.torn
