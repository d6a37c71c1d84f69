"""What the guide says of conditions and definitions is what the program reads."""

import re
from pathlib import Path

import pytest

from sightline.adapters.wire.check import KINDS
from sightline.adapters.wire.check_rules import RESERVED
from sightline.domain.probes.check import Definition
from sightline.domain.probes.condition import parse_condition
from sightline.domain.probes.subjects import SUBJECTS

GUIDE = (Path(__file__).parents[3] / "docs/guide/checks-conditions.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = GUIDE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell: str) -> set[str]:
    """What stands in code in a cell."""
    return set(re.findall(r"`([^`]+)`", cell))


def test_every_field_of_a_check_is_told() -> None:
    """And no other."""
    told = {name for row in rows("Fields of every check") for name in names(row[0])}
    assert told == {*Definition.__struct_fields__, "type"}


def test_every_type_is_told_with_its_fields() -> None:
    """And no other."""
    told = {next(iter(names(row[0]))): names(row[2]) for row in rows("Types")}
    assert set(told) == set(KINDS)
    within = {"send", "expect", "starttls"}
    for kind, fields in told.items():
        own = set(KINDS[kind].__struct_fields__) - {"ip_version"}
        assert own == (fields - within if kind == "tcp" else fields), kind


def test_everything_that_can_be_asked_is_told() -> None:
    """And no other."""
    told = {name for row in rows("Conditions") for name in names(row[0])}
    assert {name for name in told if "(" not in name} == set(SUBJECTS)


def test_names_that_tags_may_not_have_are_told() -> None:
    """All of them."""
    sentence = GUIDE.partition("Tags may not be called ")[2].partition(":")[0]
    assert names(sentence) == RESERVED


@pytest.mark.parametrize(
    "text",
    [
        one
        for line in GUIDE.partition("## Conditions")[2].partition("```\n")[2].partition("```")[0].splitlines()
        for one in re.split(r"\s{3,}", line.strip())
    ],
)
def test_examples_are_conditions(text: str) -> None:
    """Each can be read."""
    assert str(parse_condition(text))
