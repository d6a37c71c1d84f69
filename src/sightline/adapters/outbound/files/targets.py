"""Target files: who is to be scraped, written by other programs and read again when they change.

Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config. A file is JSON or YAML:

    [{"targets": ["10.0.0.1:9100", "10.0.0.2:9100"], "labels": {"rack": "a"}}]
"""

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from sightline.domain.scrape.job import FILE_LABEL, TargetGroup, TargetsRead

MAX_FILE_BYTES: Final = 16 << 20
"""Size of one target file: some 200,000 targets. A larger one is to be split."""

_Stamp = tuple[int, int, int]
"""What tells one content of a file from the next: when it was written, its size, and which file it is."""


class TargetFiles:
    """The target files of one job, paths or globs. Remembers what each held: one that is broken keeps the groups it had.

    A file that is gone takes its groups along. Not thread-safe: read by one thread at a time.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        self._files: dict[str, _File] = {}
        self._last = TargetsRead()

    def read(self) -> TargetsRead:
        """What the files hold now; only those that changed are read. Blocks for as long as the disk does."""
        missing: list[str] = []
        files: dict[str, _File] = {}
        for path in self._paths(missing):
            files[path] = _read(path, self._files.get(path))
        self._files = files
        groups = tuple(group for file in files.values() for group in file.groups)
        if groups == self._last.groups:
            groups = self._last.groups
        problems = [f"{path}: {file.problem}" for path, file in files.items() if file.problem]
        self._last = TargetsRead(groups, (*missing, *problems))
        return self._last

    def _paths(self, missing: list[str]) -> list[str]:
        """The files that there are, each once; a path without wildcards that leads to none is a problem."""
        found: dict[str, None] = {}
        for pattern in self._patterns:
            paths = sorted(glob.glob(pattern))  # noqa: PTH207 - Path.glob takes no absolute pattern
            if not paths and not glob.has_magic(pattern):
                missing.append(f"{pattern}: no such file")
            found.update(dict.fromkeys(paths))
        return list(found)


def read_target_files(patterns: Sequence[str]) -> TargetsRead:
    """What target files hold now, nothing remembered; see TargetFiles."""
    return TargetFiles(patterns).read()


@dataclass(frozen=True, slots=True)
class _File:
    """What a file held when it was last whole, and what is wrong with it now."""

    stamp: _Stamp | None
    groups: tuple[TargetGroup, ...]
    problem: str


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A group as files write it; YAML gives an empty text for a key without a value."""

    targets: list[str] | str | None = None
    labels: dict[str, str] | str | None = None


class _BrokenError(ValueError):
    """A file that does not say what it should."""


def _read(path: str, known: _File | None) -> _File:
    kept = known.groups if known else ()
    try:
        status = Path(path).stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if known is not None and known.stamp == stamp:
            return known
        if status.st_size > MAX_FILE_BYTES:
            return _File(stamp, kept, f"larger than {MAX_FILE_BYTES >> 20} MiB: split it into several files")
        content = Path(path).read_bytes()
    except OSError as error:
        return _File(None, kept, error.strerror or str(error))
    try:
        return _File(stamp, _groups(path, content), "")
    except _BrokenError as error:
        return _File(stamp, kept, str(error))


def _groups(path: str, content: bytes) -> tuple[TargetGroup, ...]:
    try:
        entries = msgspec.convert(_json(content) if path.endswith(".json") else _yaml(content), list[_Entry])
    except msgspec.ValidationError as error:
        raise _BrokenError(f"not a list of groups with targets and labels: {error}") from None
    return tuple(_group(path, number, entry) for number, entry in enumerate(entries, 1))


def _group(path: str, number: int, entry: _Entry) -> TargetGroup:
    if isinstance(entry.targets, str) and entry.targets:
        raise _BrokenError(f"group {number}: targets is a list of addresses")
    if isinstance(entry.labels, str) and entry.labels:
        raise _BrokenError(f"group {number}: labels are names with values")
    labels = dict(entry.labels) if entry.labels else {}
    if "" in labels:
        raise _BrokenError(f"group {number}: a label name is empty")
    return TargetGroup(tuple(entry.targets or ()), {**labels, FILE_LABEL: path})


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _BrokenError(f"not JSON: {error}") from None


def _yaml(content: bytes) -> Any:
    import yaml

    try:
        # Every scalar is a text, so that a label value of 12 is one, as for Prometheus.
        return yaml.load(content, yaml.BaseLoader) or []  # noqa: S506 - it makes texts, lists and dicts and nothing else
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _BrokenError(f"not YAML: {' '.join(str(error).split())}") from None
