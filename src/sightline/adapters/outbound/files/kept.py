"""Files that are read again when they change, and keep what they last held while they are broken."""

import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from sightline.domain.errors import SightlineError

Content = TypeVar("Content")

_Stamp = tuple[int, int, int]
"""What tells one content of a file from the next: when it was written, its size, and which file it is."""
_NO_STAMP: _Stamp = (-1, -1, -1)


@dataclass(frozen=True, slots=True)
class Kept(Generic[Content]):
    """What a file held when it was last whole, None if never, and what is wrong with it now."""

    stamp: _Stamp
    content: Content | None
    problem: str


class KeptFiles(Generic[Content]):
    """Remembers files by path. Not thread-safe: read by one thread at a time, or put up with one reading more."""

    def __init__(self, read: Callable[[str, bytes], Content], max_bytes: int, too_large: str) -> None:
        """read: what the bytes of the file at a path mean; raises SightlineError. too_large: what to say beyond `max_bytes`."""
        self._read = read
        self._max_bytes = max_bytes
        self._too_large = too_large
        self._files: Mapping[str, Kept[Content]] = {}

    def look(self, paths: Sequence[str]) -> Mapping[str, Kept[Content]]:
        """What these files hold now, in their order; only those that changed are read. Others are forgotten."""
        # Put in its place at once: two readings may run side by side.
        self._files = files = {path: self._look(path, self._files.get(path)) for path in paths}
        return files

    def _look(self, path: str, before: Kept[Content] | None) -> Kept[Content]:
        kept = None if before is None else before.content
        stamp = _NO_STAMP
        try:
            status = Path(path).stat()
            stamp = status.st_mtime_ns, status.st_size, status.st_ino
            if before is not None and before.stamp == stamp:
                return before
            if status.st_size > self._max_bytes:
                return Kept(stamp, kept, self._too_large)
            return Kept(stamp, self._read(path, Path(path).read_bytes()), "")
        except OSError as error:
            return Kept(stamp, kept, f"cannot be read: {error.strerror or error}")
        except SightlineError as error:
            return Kept(stamp, kept, error.message)


def matching(patterns: Sequence[str], missing: list[str]) -> list[str]:
    """The files that paths and patterns lead to, each once; a path without wildcards that leads to none is added to `missing`."""
    found: dict[str, None] = {}
    for pattern in patterns:
        paths = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns, and its * takes dotfiles too
        if not paths and not glob.has_magic(pattern):
            missing.append(pattern)
        found.update(dict.fromkeys(paths))
    return list(found)
