"""What every shelf of dashboards promises, proven on files."""

import os
from pathlib import Path

import pytest

from sightline.adapters.outbound.files.dashboards import DashboardFiles
from sightline.ports.shelf import Shelf

pytestmark = pytest.mark.anyio

TEXT = """
name: {name}
title: {title}
panels:
  - title: Load
    queries:
      - expr: node_load1
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """The YAML and JSON files of a folder."""
    return DashboardFiles([str(tmp_path / "*.yaml"), str(tmp_path / "*.json")])


def write(path: Path, text: str, *, at: int = 0) -> None:
    """A file, changed at a moment of its own."""
    path.write_text(text)
    os.utime(path, (at, at))


async def test_dashboards_come_in_order_of_their_names(shelf: Shelf, tmp_path: Path) -> None:
    """Whatever the files are called, dashboards are in ascending order of name, with the file they stand in."""
    write(tmp_path / "a.yaml", TEXT.format(name="second", title="B"))
    write(tmp_path / "b.json", '{"name":"first","title":"A","panels":[]}')
    found = await shelf.read()
    assert [(one.dashboard.name, Path(one.origin).name) for one in found.dashboards] == [
        ("first", "b.json"),
        ("second", "a.yaml"),
    ]
    assert found.problems == ()


async def test_a_change_is_seen_and_a_broken_file_keeps_what_it_had(shelf: Shelf, tmp_path: Path) -> None:
    """The next reading has the new text; text that is no dashboard is a problem that names the file and costs nothing else."""
    write(tmp_path / "a.yaml", TEXT.format(name="a", title="Old"), at=1)
    write(tmp_path / "z.yaml", TEXT.format(name="z", title="Other"), at=1)
    await shelf.read()
    write(tmp_path / "a.yaml", TEXT.format(name="a", title="New"), at=2)
    assert (await shelf.read()).dashboards[0].dashboard.title == "New"
    write(tmp_path / "a.yaml", "title: [", at=3)
    found = await shelf.read()
    assert [one.dashboard.title for one in found.dashboards] == ["New", "Other"]
    assert len(found.problems) == 1
    assert "a.yaml" in found.problems[0]
    (tmp_path / "a.yaml").unlink()
    assert [one.dashboard.name for one in (await shelf.read()).dashboards] == ["z"]


async def test_of_two_files_with_one_name_the_first_counts(shelf: Shelf, tmp_path: Path) -> None:
    """The other is a problem that names both."""
    write(tmp_path / "a.yaml", TEXT.format(name="same", title="First"))
    write(tmp_path / "b.yaml", TEXT.format(name="same", title="Second"))
    found = await shelf.read()
    assert [one.dashboard.title for one in found.dashboards] == ["First"]
    assert "a.yaml" in found.problems[0]
    assert "b.yaml" in found.problems[0]


async def test_a_file_that_is_gone_while_it_is_read_is_a_problem(shelf: Shelf, tmp_path: Path) -> None:
    """A name without a file behind it is told and costs nothing else."""
    (tmp_path / "a.yaml").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "b.yaml", TEXT.format(name="b", title="B"))
    found = await shelf.read()
    assert [one.dashboard.name for one in found.dashboards] == ["b"]
    assert "a.yaml" in found.problems[0]
