"""The examples of the guide."""

import re
from pathlib import Path
from typing import Final

import pytest

from sightline.domain.promql.parse import parse

_GUIDE: Final = (Path(__file__).parents[3] / "docs" / "guide" / "queries.md").read_text()
_ROWS: Final = re.search(r"\| for example \|\n\|[-|]+\n(.+?)\n\n", _GUIDE, re.DOTALL)
_EXAMPLES: Final = (
    re.findall(r"`([^`]+)`", "\n".join(row.split("|", 2)[2] for row in _ROWS[1].splitlines())) if _ROWS else []
)


def test_the_guide_shows_all_kinds() -> None:
    """There are examples at all, of the fill modifier among them."""
    assert sum("fill" in one for one in _EXAMPLES) == 1
    assert len(_EXAMPLES) > 10


@pytest.mark.parametrize("example", _EXAMPLES)
def test_an_example_can_be_asked(example: str) -> None:
    """What the guide shows in its table of the language parses as it is printed."""
    parse(example)
