"""Small documents of BSON."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.bson import decode_document, encode_document
from sightline.domain.errors import BadData

NAMES = st.text(min_size=1, max_size=10).filter(lambda text: "\0" not in text and text.isprintable())
NUMBERS = st.integers(-(2**31), 2**31 - 1)
TEXTS = st.text(max_size=20)


@given(st.dictionaries(NAMES, NUMBERS | TEXTS))
def test_what_is_written_is_read(fields: dict[str, int | str]) -> None:
    """Whole numbers and texts survive."""
    assert decode_document(encode_document(fields)) == fields


@given(st.binary(max_size=200))
def test_nonsense_is_refused(data: bytes) -> None:
    """Whatever comes is a document or refused, and nothing else happens."""
    try:
        decode_document(data)
    except BadData as error:
        assert "BSON" in error.message  # noqa: PT017 - most of what comes is refused, not all


def test_documents_may_not_be_deep_without_end() -> None:
    """A document in a document in a document."""
    found = b"\x05\0\0\0\0"
    for _ in range(50):
        body = b"\x03a\0" + found + b"\0"
        found = struct.pack("<i", len(body) + 4) + body
    with pytest.raises(BadData):
        decode_document(found)


def test_values_of_all_kinds_are_read_or_passed_over() -> None:
    """What is of no use is None, and what comes behind it is read."""
    elements = (
        b"\x01a\0" + struct.pack("<d", 1.5),
        b"\x05b\0" + struct.pack("<i", 2) + b"\0hi",
        b"\x06c\0",
        b"\x07d\0" + bytes(12),
        b"\x08e\0\x01",
        b"\x0af\0",
        b"\x11g\0" + struct.pack("<Q", 7),
        b"\x12h\0" + struct.pack("<q", -7),
        b"\x13i\0" + bytes(16),
    )
    body = b"".join(elements) + b"\0"
    read = decode_document(struct.pack("<i", len(body) + 4) + body)
    assert read == {"a": 1.5, "b": b"hi", "c": None, "d": None, "e": True, "f": None, "g": 7, "h": -7, "i": None}
