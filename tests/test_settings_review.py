"""All that is wrong with the settings at once, as `check-config` shows it."""

from pathlib import Path

import pytest

from sightline.domain.errors import SettingsInvalid
from sightline.settings.sources import load, review

FILE = """
retenton = "1d"
[wal]
fsync = "sometimes"
max_bytes = "1GiB"
[[scrape]]
job = "node"
targets = ["a:9100"]
intervall = "5s"
[[scrape]]
targets = ["b:9100"]
"""


def test_every_problem_is_found_with_its_place(tmp_path: Path) -> None:
    """Of a file, an environment and flags with several mistakes, each is named with where it stands; load names the first."""
    file = tmp_path / "sightline.toml"
    file.write_text(FILE)
    environment = {"SIGHTLINE_NOPE": "1", "SIGHTLINE_LISTN": "x"}
    found = review({"flush.rows": 1}, environment, tmp_path)
    texts = [problem.message for problem in found.problems]
    for said in (
        f"{file}: scrape job node: intervall",
        f"{file}: [[scrape]] 2: job",
        "the environment: SIGHTLINE_NOPE is not a setting",
        "the environment: SIGHTLINE_LISTN is not a setting",
        f"{file}: retenton is not a setting; did you mean retention?",
        f"{file}: wal.fsync = 'sometimes' does not fit",
        "the command line: flush.rows = 1 does not fit",
    ):
        assert len([text for text in texts if text.startswith(said)]) == 1, said
    assert len(texts) == 7
    with pytest.raises(SettingsInvalid) as caught:
        load({"flush.rows": 1}, environment, tmp_path)
    assert caught.value.message == texts[0]


def test_what_can_be_used_is_kept(tmp_path: Path) -> None:
    """Beside a mistake the other settings count, so that the doctor can look where they say."""
    (tmp_path / "sightline.toml").write_text('data = "/d"\nretenton = "1d"\n')
    found = review({}, {}, tmp_path)
    assert (found.settings.data, found.file) == (Path("/d"), tmp_path / "sightline.toml")


def test_two_jobs_of_one_name_are_one_problem(tmp_path: Path) -> None:
    """What only the whole list shows is told when each table is well by itself."""
    (tmp_path / "sightline.toml").write_text('[[scrape]]\njob = "a"\ntargets = ["x:1"]\n' * 2)
    [problem] = review({}, {}, tmp_path).problems
    assert "same name" in problem.message


def test_settings_are_shown_as_people_write_them(tmp_path: Path) -> None:
    """What the support bundle shows has every key, with durations and sizes as text."""
    shown = review({"retention": "30d"}, {}, tmp_path).shown()
    assert (shown["retention"], shown["wal.max_bytes"], shown["scrape"]) == ("30d", "1GiB", ())


def test_no_settings_are_no_problem(tmp_path: Path) -> None:
    """Without a file, an environment and flags everything is as by default."""
    assert review({}, {}, tmp_path).problems == ()
