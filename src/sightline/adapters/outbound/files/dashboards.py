"""Dashboards in YAML and JSON files, read again when they change."""

import asyncio
import glob
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typing_extensions import override

from sightline.adapters.wire.dashboard import MAX_BYTES, from_json, from_yaml
from sightline.domain.dashboards.dashboard import Dashboard, check
from sightline.domain.errors import MalformedBody, SightlineError
from sightline.ports.shelf import Shelf, ShelfRead, Shelved

MAX_FILES: Final = 1000
"""Files that the patterns may match together."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file was when it was read last, what came of it, and what is wrong with it now."""

    stamp: tuple[int, int]
    dashboard: Dashboard | None
    problem: str


class DashboardFiles(Shelf):
    """The files that some patterns match, such as `dashboards/*.yaml`."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        self._seen: dict[str, _Seen] = {}

    @override
    async def read(self) -> ShelfRead:
        return await asyncio.to_thread(self._read) if self._patterns else ShelfRead((), ())

    def _read(self) -> ShelfRead:
        matched = (glob.iglob(pattern, recursive=True) for pattern in self._patterns)  # noqa: PTH207 - Path.glob takes no absolute ones
        paths = sorted(set(itertools.chain.from_iterable(matched)))
        problems = [problem for pattern in self._patterns for problem in _nowhere(pattern)]
        if len(paths) > MAX_FILES:
            problems.append(f"{len(paths)} files are more than the {MAX_FILES} that are read")
        # Put in its place at once: two readings may run side by side.
        self._seen = seen = {path: self._look(path) for path in paths[:MAX_FILES]}
        found: dict[str, Shelved] = {}
        for path, one in seen.items():
            if one.problem:
                problems.append(f"{path}: {one.problem}")
            if one.dashboard is None:
                continue
            first = found.setdefault(one.dashboard.name, Shelved(one.dashboard, path))
            if first.origin != path:
                problems.append(f"{path}: {first.origin} has a dashboard named {one.dashboard.name!r} already")
        return ShelfRead(tuple(found[name] for name in sorted(found)), tuple(problems))

    def _look(self, path: str) -> _Seen:
        before = self._seen.get(path)
        kept = None if before is None else before.dashboard
        stamp = (-1, -1)
        try:
            status = Path(path).stat()
            stamp = status.st_mtime_ns, status.st_size
            if before is not None and before.stamp == stamp:
                return before
            return _Seen(stamp, _dashboard(Path(path), status.st_size), "")
        except OSError as error:
            return _Seen(stamp, kept, f"cannot be read: {error.strerror}")
        except SightlineError as error:
            return _Seen(stamp, kept, error.message)


def _nowhere(pattern: str) -> Iterator[str]:
    """The objection to a pattern that can match nothing: its folder, or the one file that it names, is not there."""
    named = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
    if not named.exists():
        yield f"dashboards.files: {pattern}: there is no {named.absolute()}"


def _dashboard(path: Path, size: int) -> Dashboard:
    if size > MAX_BYTES:
        raise MalformedBody(f"{size} bytes are more than the {MAX_BYTES} that a dashboard may have")
    text = path.read_bytes()
    dashboard = from_json(text) if path.suffix == ".json" else from_yaml(text)
    check(dashboard)
    return dashboard
