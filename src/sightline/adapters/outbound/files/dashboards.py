"""Dashboards in YAML and JSON files, read again when they change."""

import asyncio
import glob
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from typing_extensions import override

from sightline.adapters.outbound.files.kept import KeptFiles, matching
from sightline.adapters.wire.dashboard import MAX_BYTES, from_json, from_yaml
from sightline.domain.dashboards.dashboard import Dashboard, check
from sightline.ports.shelf import Shelf, ShelfRead, Shelved

MAX_FILES: Final = 1000
"""Files that the patterns may match together."""


class DashboardFiles(Shelf):
    """The files that some patterns match, such as `dashboards/*.yaml`."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        too_large = f"more than the {MAX_BYTES} bytes that a dashboard may have"
        self._files = KeptFiles(_dashboard, MAX_BYTES, too_large)

    @override
    async def read(self) -> ShelfRead:
        return await asyncio.to_thread(self._read) if self._patterns else ShelfRead((), ())

    def _read(self) -> ShelfRead:
        paths = sorted(matching(self._patterns, []))
        problems = [problem for pattern in self._patterns for problem in _nowhere(pattern)]
        if len(paths) > MAX_FILES:
            problems.append(f"{len(paths)} files are more than the {MAX_FILES} that are read")
        found: dict[str, Shelved] = {}
        for path, one in self._files.look(paths[:MAX_FILES]).items():
            if one.problem:
                problems.append(f"{path}: {one.problem}")
            if one.content is None:
                continue
            first = found.setdefault(one.content.name, Shelved(one.content, path))
            if first.origin != path:
                problems.append(f"{path}: {first.origin} has a dashboard named {one.content.name!r} already")
        return ShelfRead(tuple(found[name] for name in sorted(found)), tuple(problems))


def _nowhere(pattern: str) -> Iterator[str]:
    """The objection to a pattern that can match nothing: its folder, or the one file that it names, is not there."""
    named = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts))
    if not named.exists():
        yield f"dashboards.files: {pattern}: there is no {named.absolute()}"


def _dashboard(path: str, text: bytes) -> Dashboard:
    dashboard = from_json(text) if path.endswith(".json") else from_yaml(text)
    check(dashboard)
    return dashboard
