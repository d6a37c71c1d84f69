"""What every book of rules promises, proven on files."""

import os
from pathlib import Path

import pytest

from sightline.adapters.outbound.files.rules import MAX_FILE_BYTES, RuleFiles
from sightline.domain.alerts.group import Defaults
from sightline.ports.rulebook import Rulebook

pytestmark = pytest.mark.anyio

GROUP = "groups: [{{name: {name}, rules: [{{record: r, expr: {expr}}}]}}]"


@pytest.fixture
def book(tmp_path: Path) -> Rulebook:
    """The YAML files of a folder."""
    return RuleFiles([str(tmp_path / "*.yml")], Defaults(30_000, 1_000))


def write(path: Path, text: str, *, at: int = 0) -> None:
    """A file, changed at a moment of its own."""
    path.write_text(text)
    os.utime(path, (at, at))


async def expressions(book: Rulebook) -> dict[str, str]:
    """The expression of each group's rule."""
    return {group.name: group.rules[0].expr for group in (await book.read()).groups}


async def test_groups_come_in_order_of_their_files(book: Rulebook, tmp_path: Path) -> None:
    """And in their order in the file, with what the files do not say as the settings have it."""
    write(tmp_path / "b.yml", GROUP.format(name="x", expr="up"))
    write(tmp_path / "a.yml", "groups: [{name: z}, {name: y, interval: 5s}]")
    found = await book.read()
    assert [(Path(group.file).name, group.name, group.interval) for group in found.groups] == [
        ("a.yml", "z", 30_000),
        ("a.yml", "y", 5_000),
        ("b.yml", "x", 30_000),
    ]
    assert {group.query_offset for group in found.groups} == {1_000}
    assert found.problems == ()


async def test_a_change_is_seen_and_a_broken_file_keeps_what_it_had(book: Rulebook, tmp_path: Path) -> None:
    """It costs no other file; mended it counts again, and one that is gone takes its groups along."""
    write(tmp_path / "a.yml", GROUP.format(name="a", expr="old"), at=1)
    write(tmp_path / "b.yml", GROUP.format(name="b", expr="up"), at=1)
    before = await book.read()
    write(tmp_path / "a.yml", GROUP.format(name="a", expr="sum("), at=2)
    write(tmp_path / "b.yml", GROUP.format(name="b", expr="new"), at=2)
    found = await book.read()
    assert await expressions(book) == {"a": "old", "b": "new"}
    assert found.groups[0] is before.groups[0]
    assert found.problems == (
        f'{tmp_path}/a.yml:1:46: group "a", rule 1, "r": could not parse expression: 1:5: parse error: unclosed left parenthesis',
    )
    assert (await book.read()).problems == found.problems
    write(tmp_path / "a.yml", GROUP.format(name="a", expr="good"), at=3)
    assert (await book.read()).problems == ()
    assert await expressions(book) == {"a": "good", "b": "new"}
    (tmp_path / "a.yml").unlink()
    assert await expressions(book) == {"b": "new"}


async def test_a_file_that_was_never_whole_has_no_groups(book: Rulebook, tmp_path: Path) -> None:
    """Not even those of its groups that are right; every problem names the file."""
    write(tmp_path / "a.yml", "groups: [{name: a}, {name: a}, {nam: b}]")
    found = await book.read()
    assert found.groups == ()
    assert [problem.partition(": ")[0] for problem in found.problems] == [
        f"{tmp_path}/a.yml:1:21", f"{tmp_path}/a.yml:1:32", f"{tmp_path}/a.yml:1:38",
    ]  # fmt: skip


async def test_files_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    """A path that leads nowhere, a folder, and a file that is too large; a pattern may match nothing."""
    (tmp_path / "folder.yml").mkdir()
    with (tmp_path / "large.yml").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    names = ["gone.yml", "none/*.yml", "folder.yml", "large.yml"]
    found = await RuleFiles([str(tmp_path / name) for name in names], Defaults()).read()
    assert found.problems == (
        f"rules.files: {tmp_path}/gone.yml: no such file",
        f"{tmp_path}/folder.yml: cannot be read: Is a directory",
        f"{tmp_path}/large.yml: larger than 16 MiB: split it into several files",
    )
