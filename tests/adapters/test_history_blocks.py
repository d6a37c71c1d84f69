"""Files as blocks of whole lines: whatever their size and packing, and from every place on."""

import gzip
import io
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.inbound.cli.history import blocks
from sightline.adapters.inbound.cli.history.blocks import Changed, Content, opened
from sightline.adapters.inbound.cli.program import Ended

_TEXTS = st.binary(max_size=80).map(lambda data: bytes(b"\n"[0] if one < 60 else one for one in data))


def content(data: bytes, *, seekable: bool) -> Content:
    """What is read, of a file or of a pipe."""
    stream = io.BytesIO(data)
    return Content(stream, stream, seekable=seekable)


@given(_TEXTS, st.integers(1, 20), st.integers(1, 20), st.booleans())
def test_blocks_are_whole_lines(data: bytes, size: int, head: int, seekable: bool) -> None:  # noqa: FBT001 - drawn
    """Together they are the file; each ends with a line but the last; from the place of each the rest is read."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(blocks, "SIZE", size)
        patched.setattr(blocks, "HEAD", head)
        found = list(content(data, seekable=seekable).blocks())
        assert b"".join(one.data for one in found) == data
        assert all(one.data.endswith(b"\n") for one in found[:-1])
        for one in found:
            assert data[one.offset :].startswith(one.data)
            assert one.line == data[: one.offset].count(b"\n") + 1
            known = zlib.crc32(data[: one.offset])
            again = list(content(data, seekable=seekable).blocks(one.offset, one.line, known))
            assert b"".join(block.data for block in again) == data[one.offset :]
            assert again[0].line == one.line


@pytest.mark.parametrize("seekable", [True, False])
def test_a_place_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, *, seekable: bool) -> None:
    """What has become shorter than what was read is nothing to go on with; its very end is, with nothing after it."""
    monkeypatch.setattr(blocks, "HEAD", 4)
    with pytest.raises(Changed, match="it is shorter than what an earlier run read"):
        list(content(b"a\nb\nc\n", seekable=seekable).blocks(7, 4))
    assert not list(content(b"a\nb\nc\n", seekable=seekable).blocks(6, 4))


@pytest.mark.parametrize("data", [b"x\nb\nc\nd\n", b"a\nb\nx\nd\n"])
def test_a_pipe_with_other_bytes_is_told(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Wherever they stand before the place that was reached."""
    monkeypatch.setattr(blocks, "HEAD", 4)
    with pytest.raises(Changed, match="it differs from what an earlier run read"):
        list(content(data, seekable=False).blocks(6, 4, zlib.crc32(b"a\nb\nc\n")))


def test_a_line_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, whatever comes."""
    monkeypatch.setattr(blocks, "SIZE", 10)
    monkeypatch.setattr(blocks, "LONGEST", 50)
    with pytest.raises(Ended, match="line 1 is longer than"):
        list(content(b"x" * blocks.HEAD, seekable=True).blocks())


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 255))
def test_damaged_packings_are_told(tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, byte: int) -> None:
    """Cut off or changed anywhere, a packed file is read or the message names it."""
    packed = bytearray(gzip.compress(data))
    packed[at % len(packed)] = byte
    file = Path(tmp_path_factory.getbasetemp()) / "damaged.gz"
    file.write_bytes(bytes(packed[: max(2, at)]))
    try:
        with opened(file) as one:
            list(one.blocks())
    except Ended as end:
        message = str(end)
        assert "damaged.gz" in message
