"""Target files: who is to be scraped, written by other programs and read again when they change.

Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config. A file is JSON or YAML:

    [{"targets": ["10.0.0.1:9100", "10.0.0.2:9100"], "labels": {"rack": "a"}}]
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sightline.adapters.outbound.files.kept import KeptFiles, matching
from sightline.adapters.wire.yaml_tree import Leaf, Leaves, Tree, read_tree
from sightline.domain.errors import BadData, MalformedBody
from sightline.domain.scrape.job import FILE_LABEL, TargetGroup, TargetsRead

MAX_FILE_BYTES: Final = 16 << 20
"""Size of one target file: some 200,000 targets. A larger one is to be split."""


class TargetFiles:
    """The target files of one job, paths or globs. Remembers what each held: one that is broken keeps the groups it had.

    A file that is gone takes its groups along. Not thread-safe: read by one thread at a time.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        too_large = f"larger than {MAX_FILE_BYTES >> 20} MiB: split it into several files"
        self._files = KeptFiles(_groups, MAX_FILE_BYTES, too_large)
        self._last = TargetsRead()

    def read(self) -> TargetsRead:
        """What the files hold now; only those that changed are read. Blocks for as long as the disk does."""
        missing: list[str] = []
        files = self._files.look(matching(self._patterns, missing))
        groups = tuple(group for file in files.values() for group in file.content or ())
        if groups == self._last.groups:
            groups = self._last.groups
        problems = [f"{path}: {file.problem}" for path, file in files.items() if file.problem]
        self._last = TargetsRead(groups, (*(f"{path}: no such file" for path in missing), *problems))
        return self._last


def read_target_files(patterns: Sequence[str]) -> TargetsRead:
    """What target files hold now, nothing remembered; see TargetFiles."""
    return TargetFiles(patterns).read()


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A group as files write it; YAML gives an empty text for a key without a value."""

    targets: list[str] | str | None = None
    labels: dict[str, str] | str | None = None


def _groups(path: str, content: bytes) -> tuple[TargetGroup, ...]:
    try:
        entries = msgspec.convert(_json(content) if path.endswith(".json") else _yaml(content), list[_Entry])
    except msgspec.ValidationError as error:
        raise MalformedBody(f"not a list of groups with targets and labels: {error}") from None
    return tuple(_group(path, number, entry) for number, entry in enumerate(entries, 1))


def _group(path: str, number: int, entry: _Entry) -> TargetGroup:
    if isinstance(entry.targets, str) and entry.targets:
        raise MalformedBody(f"group {number}: targets is a list of addresses")
    if isinstance(entry.labels, str) and entry.labels:
        raise MalformedBody(f"group {number}: labels are names with values")
    labels = dict(entry.labels) if entry.labels else {}
    if "" in labels:
        raise MalformedBody(f"group {number}: a label name is empty")
    return TargetGroup(tuple(entry.targets or ()), {**labels, FILE_LABEL: path})


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"not JSON: {error}") from None


def _yaml(content: bytes) -> Any:
    try:
        tree = read_tree(content)
    except BadData as error:
        raise MalformedBody(f"not YAML: {error.message.replace('not YAML: ', '')}") from None
    return [] if tree is None else _plain(tree)


def _plain(tree: Tree) -> Any:
    """Texts, lists and dicts: a label value of 12 is a text, as for Prometheus."""
    if isinstance(tree, Leaf):
        return tree.text
    if isinstance(tree, Leaves):
        return [_plain(one) for one in tree.items]
    return {name: _plain(one) for name, one in tree.fields.items()}
