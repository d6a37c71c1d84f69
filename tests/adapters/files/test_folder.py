"""The data folder: who holds it, and what its format says."""

import os
from pathlib import Path

import pytest

from sightline.adapters.outbound.files.folder import FORMAT, DataFolder
from sightline.domain.errors import DataFolderLocked, DataFolderTooNew, SettingsInvalid


def test_a_folder_is_created_and_opened_again(tmp_path: Path) -> None:
    """The format is noted once, durably, and the next start finds it."""
    path = tmp_path / "a" / "data"
    DataFolder.open(path, "1.0").close()
    written = (path / "format.json").read_bytes()
    DataFolder.open(path, "2.0").close()
    assert (path / "format.json").read_bytes() == written


def test_the_format_is_durable_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss of power leaves no empty file behind, with which nothing would start again."""
    synced = []
    real = os.fsync

    def noting(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        real(file)

    monkeypatch.setattr(os, "fsync", noting)
    DataFolder.open(tmp_path, "1.0").close()
    assert synced == ["format.new"]


def test_a_folder_in_use_names_who_holds_it(tmp_path: Path) -> None:
    """The second to come is told the pid, and may have it once the first has let go."""
    first = DataFolder.open(tmp_path, "1.0")
    with pytest.raises(DataFolderLocked, match=str(os.getpid())):
        DataFolder.open(tmp_path, "1.0")
    first.close()
    DataFolder.open(tmp_path, "1.0").close()


def test_a_newer_format_is_refused_with_its_version(tmp_path: Path) -> None:
    """Nothing is changed, and the folder is free for the version that can read it."""
    (tmp_path / "format.json").write_text(f'{{"format": {FORMAT + 1}, "written_by": "9.1"}}')
    for _ in range(2):
        with pytest.raises(DataFolderTooNew, match=r"9\.1"):
            DataFolder.open(tmp_path, "1.0")


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": "x"}'])
def test_a_format_that_cannot_be_read_is_told(content: bytes, tmp_path: Path) -> None:
    """The message names the file, and the file stays as it is."""
    (tmp_path / "format.json").write_bytes(content)
    with pytest.raises(SettingsInvalid, match=r"format\.json"):
        DataFolder.open(tmp_path, "1.0")
    assert (tmp_path / "format.json").read_bytes() == content


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    """The message names the setting."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsInvalid, match="data = "):
        DataFolder.open(tmp_path / "file", "1.0")
