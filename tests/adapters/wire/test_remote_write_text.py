"""Canonical bytes straight from label fields."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.wire.messages import field, label

from sightline.adapters.wire import remote_write_text as text
from sightline.domain.labels import Labels
from sightline.domain.metrics.span_table import Spans

NAME = st.sampled_from(["__name__", "a", "b", "", "é", "a\0"])
VALUE = st.sampled_from(["x", "", "y" * 200, "ü", "z" * 20_000])
LABELS = st.lists(st.tuples(NAME, VALUE), max_size=4)
ODD = st.sampled_from([b"", b"\x0a", b"\x0a\x05\x0a\x01a", field(1, field(2, b"v") + field(1, b"n")), b"\x12\x00"])


def canonical(fields: list[bytes], body: object) -> list[bytes | None]:
    """The canonical bytes of label sets, None for one that was left out."""
    spans = Spans.of(fields)
    out, bounds = np.empty(len(spans.data), np.uint8), np.empty(len(fields) + 1, np.int64)
    plain = np.empty(len(fields), np.bool_)
    assert callable(body)
    body(*spans, out, bounds, plain)
    texts = Spans(out.tobytes(), bounds[:-1], bounds[1:]).texts()
    return [one if is_plain else None for one, is_plain in zip(texts, plain.tolist(), strict=True)]


def expected(pairs: list[tuple[str, str]]) -> bytes | None:
    """What a label set is, when it is written plainly."""
    names = [name for name, _ in pairs]
    good = names and names == sorted(set(names)) and all(name and value for name, value in pairs)
    good = good and all(part.isascii() and "\0" not in part and len(part) < 16_000 for pair in pairs for part in pair)
    return Labels(pairs).canonical() if good else None


@pytest.mark.parametrize("is_compiled", [True, False])
@given(sets=st.lists(LABELS, max_size=4), odd=ODD)
def test_plain_label_sets_become_canonical(
    compiled_decoders: None, sets: list[list[tuple[str, str]]], odd: bytes, *, is_compiled: bool
) -> None:
    """Sets with ascending ASCII names and no empty part give their bytes; every other, and what is no label, is left out."""
    body = text.canonical if is_compiled else text.canonical_in_python
    assert text.canonical.is_compiled
    fields = [b"".join(label(name, value) for name, value in pairs) for pairs in sets]
    wanted = [expected(pairs) for pairs in sets]
    assert canonical(fields, body) == wanted
    mixed = [one + odd for one in fields]
    if odd:
        assert canonical(mixed, body) == [None] * len(mixed)


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_alike(compiled_decoders: None, data: bytes) -> None:
    """Machine code and Python agree on bytes that are no labels, and neither reads beyond them."""
    assert canonical([data, data], text.canonical) == canonical([data, data], text.canonical_in_python)
