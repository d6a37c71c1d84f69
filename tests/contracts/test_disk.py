"""What every disk promises (ports/disk.py)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.adapters.outbound.memory.disk import MemoryDisk
from sightline.adapters.outbound.system.disk import SystemDisk
from sightline.ports.disk import Disk

ADAPTERS: dict[str, Callable[[Path], Disk]] = {"memory": lambda _: MemoryDisk(), "system": SystemDisk}


@pytest.fixture(params=ADAPTERS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return ADAPTERS[request.param](tmp_path)


def test_a_disk_tells_its_room_in_bytes(disk: Disk) -> None:
    """There is room where tests can write, told as a whole number."""
    assert isinstance(disk.free(), int)
    assert disk.free() > 0


def test_a_file_system_that_cannot_be_read_has_no_room(tmp_path: Path) -> None:
    """What cannot be read is full, and no error."""
    assert SystemDisk(tmp_path / "gone").free() == 0
