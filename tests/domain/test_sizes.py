"""Sizes: what is written is what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import BadData
from sightline.domain.sizes import format_size, parse_size


@given(st.integers(0, 1 << 50))
def test_a_size_comes_back(size: int) -> None:
    """A number of bytes is read as it was written."""
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", 512), ("1MiB", 1 << 20), ("1.5GiB", 3 << 29), ("10 MB", 10_000_000), ("2kB", 2000), ("0B", 0)],
)
def test_sizes_have_units(text: str, size: int) -> None:
    """Binary and decimal units are read, with a blank before them or none."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "big", "1.5", "1.5B", "-1", "1Mib", "1MiB2"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """Parts of a byte, signs and other units are none."""
    with pytest.raises(BadData, match="is not a size"):
        parse_size(text)
