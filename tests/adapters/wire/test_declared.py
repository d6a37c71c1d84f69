"""Documents that declare: any shape is read or refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire import declared
from sightline.adapters.wire.declared import of_document, read_documents, write_documents
from sightline.adapters.wire.plain_yaml import read_plain, write_plain
from sightline.domain.errors import BadData, SightlineError

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "name",
    "slug",
    "title",
    "expr",
    "for",
    "type",
    "url",
    "scope",
    "cron",
    "duration",
    "panels",
    "groups",
    "labels",
]
THINGS = st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=5)
READERS = [
    declared.read_check,
    declared.read_rule,
    declared.read_window,
    declared.read_dashboard,
    declared.read_page,
]


@given(st.sampled_from(READERS), THINGS | ANYTHING)
def test_any_thing_of_any_kind_is_read_or_refused(read: Any, value: Any) -> None:
    """And the place stands in front of what is said."""
    try:
        read(value, None, "things[3]")
    except SightlineError as error:
        assert error.message.startswith("things[3]")  # noqa: PT017 - most are refused, and some may not be


@given(st.binary(max_size=60) | st.text("abc:-[]{}\"'&*#\n |>!?,0", max_size=60).map(str.encode))
def test_any_bytes_are_documents_or_are_refused(text: bytes) -> None:
    """Nothing that is sent is taken for a defect of the program."""
    try:
        found = read_documents({"": text})
    except BadData:
        return
    assert {one.kind for one in found.declared} <= found.mentioned


@given(ANYTHING)
def test_any_json_is_a_document_or_is_refused(tree: Any) -> None:
    """Likewise."""
    try:
        of_document(tree)
    except BadData:
        return


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), max_size=20)


@given(st.dictionaries(st.text("abc_", min_size=1, max_size=4), TEXTS | st.lists(TEXTS, max_size=3), max_size=4))
def test_texts_come_back_from_yaml(tree: dict[str, Any]) -> None:
    """Whatever they look like: numbers, flags, dates, several lines."""
    assert (read_plain(write_plain(tree).encode()) or {}) == tree


@pytest.mark.parametrize("text", ["yes", "1.10", "2026-01-01", "null", "0x10", "a\nb\n", " a\n", "# x", "---", "a: b"])
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    """They are written so that they are read as they were."""
    assert read_plain(write_documents({"checks": [{"name": text}]}).encode()) == {"checks": [{"name": text}]}


def test_there_are_not_endlessly_many_documents() -> None:
    """More than are read are refused where they begin."""
    with pytest.raises(BadData, match="more than 10000 documents"):
        read_documents({"": b"---\n" * 10_002})
