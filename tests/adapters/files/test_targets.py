"""Target files: what they hold, and what happens when they change or break."""

import os
from pathlib import Path

import pytest

from sightline.adapters.outbound.files import targets
from sightline.adapters.outbound.files.targets import TargetFiles, read_target_files
from sightline.domain.scrape.job import TargetGroup

JSON = '[{"targets": ["a:1", "b:2"], "labels": {"rack": "r"}}, {"targets": ["c:3"]}]'
YAML = "- targets: ['a:1', b:2]\n  labels:\n    rack: r\n- targets: [c:3]\n  labels:\n"


def write(path: Path, text: str) -> str:
    """Put a text into a file, as a program would that writes it anew and moves it there."""
    fresh = path.with_name("fresh")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return str(path)


@pytest.mark.parametrize(("name", "text"), [("t.json", JSON), ("t.yml", YAML), ("t.yaml", YAML), ("j.yml", JSON)])
def test_both_forms_say_the_same(name: str, text: str, tmp_path: Path) -> None:
    """JSON and YAML give the same groups, each with the file that it came from."""
    path = write(tmp_path / name, text)
    origin = {"__meta_filepath": path}
    found = read_target_files([path])
    assert found.groups == (TargetGroup(("a:1", "b:2"), {"rack": "r", **origin}), TargetGroup(("c:3",), origin))
    assert found.problems == ()


def test_yaml_labels_are_texts(tmp_path: Path) -> None:
    """A label value that looks like a number or a truth is the text that stands there."""
    path = write(tmp_path / "t.yml", "- targets: [a]\n  labels: {rack: 012, up: yes, at: 2026-01-01}\n")
    labels = read_target_files([path]).groups[0].labels
    assert labels == {"rack": "012", "up": "yes", "at": "2026-01-01", "__meta_filepath": path}


def test_yaml_may_refer_to_itself(tmp_path: Path) -> None:
    """By anchors and merge keys, within a bound that is told."""
    text = "- &g {targets: [a], labels: &l {rack: r}}\n- {<<: *g, targets: [b]}\n- {targets: [c], labels: {<<: *l, up: '1'}}\n"
    groups = read_target_files([write(tmp_path / "t.yml", text)]).groups
    assert [group.targets for group in groups] == [("a",), ("b",), ("c",)]
    assert [group.labels.get("rack") for group in groups] == ["r", "r", "r"]
    text = f"- &g {{targets: [{'a, ' * 2_000}]}}\n" + "- *g\n" * 2_000
    problem = "51:3: aliases repeat more than 100000 values: split the file, or use fewer of them"
    path = write(tmp_path / "t.yml", text)
    assert read_target_files([path]).problems == (f"{path}: not YAML: {problem}",)


@pytest.mark.parametrize(("name", "text"), [("e.json", "[]"), ("e.yml", ""), ("e.yml", "[]"), ("e.yml", "# nothing\n")])
def test_an_empty_file_is_no_problem(name: str, text: str, tmp_path: Path) -> None:
    """No groups are no groups."""
    found = read_target_files([write(tmp_path / name, text)])
    assert (found.groups, found.problems) == ((), ())


def test_globs_find_files_as_they_come_and_go(tmp_path: Path) -> None:
    """New files are found, in order of their names and each once; those that are gone take their groups along."""
    files = TargetFiles([str(tmp_path / "*.json"), str(tmp_path / "b.*")])
    assert files.read().problems == ()
    write(tmp_path / "b.json", '[{"targets": ["b"]}]')
    assert [group.targets for group in files.read().groups] == [("b",)]
    write(tmp_path / "a.json", '[{"targets": ["a"]}]')
    assert [group.targets for group in files.read().groups] == [("a",), ("b",)]
    (tmp_path / "b.json").unlink()
    assert [group.targets for group in files.read().groups] == [("a",)]


def test_an_unchanged_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as time, size and file are the same, so are the groups, object for object, and nothing is opened."""
    files = TargetFiles([write(tmp_path / "t.json", JSON)])
    first = files.read()
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read again"))
    assert files.read().groups is first.groups


@pytest.mark.parametrize("keep_time", [False, True])
def test_a_change_is_seen(keep_time: bool, tmp_path: Path) -> None:  # noqa: FBT001 - pytest gives it by name
    """A file that was replaced or written again is read again, even when its time is the old one."""
    path = write(tmp_path / "t.json", '[{"targets": ["old:1"]}]')
    files = TargetFiles([path])
    files.read()
    before = Path(path).stat().st_mtime_ns
    write(tmp_path / "t.json", '[{"targets": ["new:1"]}]')
    if keep_time:
        os.utime(path, ns=(before, before))
    assert files.read().groups[0].targets == ("new:1",)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.json", "[{", "not JSON"),
        ("t.json", '{"targets": []}', "not a list of groups"),
        ("t.json", '[{"targets": ["a"], "label": {}}]', "unknown field `label`"),
        ("t.json", '[{"targets": "a"}]', "group 1: targets is a list of addresses"),
        ("t.json", '[{"targets": [1]}]', "not a list of groups"),
        ("t.json", '[{"labels": {"a": 1}}]', "not a list of groups"),
        ("t.json", '[{"targets": []}, {"labels": {"": "x"}}]', "group 2: a label name is empty"),
        ("t.yml", "a: [", "not YAML"),
        ("t.yml", "- targets: a", "group 1: targets is a list of addresses"),
        ("t.yml", "- targets: [a]\n  labels: x", "group 1: labels are names with values"),
        ("t.yml", "\x00", "not YAML"),
        ("t.yml", "[" * 5_000, "not YAML"),
        ("t.yml", "words", "not a list of groups"),
    ],
)
def test_a_broken_file_keeps_the_groups_it_had(name: str, text: str, said: str, tmp_path: Path) -> None:
    """What is wrong is told with the path, the old targets stay, and a mended file counts at once."""
    path = write(tmp_path / name, '[{"targets": ["a:1"]}]')
    files = TargetFiles([path])
    before = files.read()
    write(tmp_path / name, text)
    broken = files.read()
    assert broken.groups is before.groups
    assert len(broken.problems) == 1
    assert broken.problems[0].startswith(f"{path}: ")
    assert said in broken.problems[0]
    assert files.read().problems == broken.problems
    write(tmp_path / name, '[{"targets": ["b:2"]}]')
    mended = files.read()
    assert ([group.targets for group in mended.groups], mended.problems) == ([("b:2",)], ())


def test_a_path_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    """A file that was named and is not there is told; a glob that finds nothing yet is not."""
    named = str(tmp_path / "gone.json")
    found = read_target_files([named, str(tmp_path / "*.yml")])
    assert (found.groups, found.problems) == ((), (f"{named}: no such file",))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """What cannot be read is told in the system's words."""
    (tmp_path / "d.json").mkdir()
    assert read_target_files([str(tmp_path / "*.json")]).problems == (
        f"{tmp_path / 'd.json'}: cannot be read: Is a directory",
    )


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the bound is not read, and the message says what to do."""
    monkeypatch.setattr(targets, "MAX_FILE_BYTES", 10)
    found = read_target_files([write(tmp_path / "t.json", JSON)])
    assert "split it into several files" in found.problems[0]
