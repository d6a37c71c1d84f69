"""The disk as the operating system reports it."""

import os
from pathlib import Path

from typing_extensions import override

from sightline.ports.disk import Disk


class SystemDisk(Disk):
    """The file system under one folder."""

    def __init__(self, folder: Path) -> None:
        """Watch the file system of `folder`."""
        self._folder = folder

    @override
    def free(self) -> int:
        try:
            found = os.statvfs(self._folder)
        except OSError:
            return 0
        return found.f_bavail * found.f_frsize
