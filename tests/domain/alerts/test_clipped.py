"""Texts that are no longer than a service takes."""

import json

import hypothesis.strategies as st
from hypothesis import given

from sightline.domain.alerts.clipped import ELLIPSIS, clipped, clipped_bytes, clipped_json

TEXTS = st.text(st.characters(codec="utf-8"))


@given(TEXTS, st.integers(1, 30))
def test_a_text_is_cut_between_characters(text: str, most: int) -> None:
    """What is short enough stays, of the rest as much is left as has room beside the ellipsis."""
    found = clipped(text, most)
    assert found == (text if len(text) <= most else text[: most - 1] + ELLIPSIS)
    assert len(found) <= most


@given(TEXTS, st.integers(5, 60))
def test_a_text_is_cut_to_bytes_of_json(text: str, most: int) -> None:
    """What is short enough stays, of the rest as much is left as has room, escapes and quotes counted."""

    def size(one: str) -> int:
        return len(json.dumps(one, ensure_ascii=False).encode())

    found = clipped_json(text, most)
    assert size(found) <= most
    if size(text) <= most:
        assert found == text
    else:
        kept = found.removesuffix(ELLIPSIS)
        assert text.startswith(kept)
        assert size(text[: len(kept) + 1] + ELLIPSIS) > most


@given(st.text(), st.integers(3, 100))
def test_bytes_are_counted_in_utf8(text: str, most: int) -> None:
    """As many bytes as fit, whole characters, and an ellipsis where there were more."""
    cut = clipped_bytes(text, most)
    size = len(text.encode("utf-8", "replace"))
    assert (cut == text) is (size <= most)
    if size > most:
        assert cut[-1] == "…"
        assert most - 4 < len(cut.encode()) <= most
        assert text.encode("utf-8", "replace").startswith(cut[:-1].encode())
