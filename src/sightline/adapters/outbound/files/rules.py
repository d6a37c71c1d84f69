"""Rule files in Prometheus' format, read again when they change."""

import asyncio
from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from sightline.adapters.outbound.files.kept import KeptFiles, matching
from sightline.adapters.wire.rule_file import read_rules
from sightline.domain.alerts.group import Defaults, RuleGroup
from sightline.domain.errors import MalformedBody
from sightline.ports.rulebook import Rulebook, RulesRead

MAX_FILE_BYTES: Final = 16 << 20
"""Size of one rule file."""


class RuleFiles(Rulebook):
    """The files that some paths and patterns lead to, such as `rules/*.yml`."""

    def __init__(self, patterns: Sequence[str], defaults: Defaults) -> None:
        self._patterns = tuple(patterns)
        self._defaults = defaults
        too_large = f"larger than {MAX_FILE_BYTES >> 20} MiB: split it into several files"
        self._files = KeptFiles(self._groups, MAX_FILE_BYTES, too_large)

    @override
    async def read(self) -> RulesRead:
        return await asyncio.to_thread(self.read_now) if self._patterns else RulesRead()

    def read_now(self) -> RulesRead:
        """The same, while the caller waits."""
        missing: list[str] = []
        files = self._files.look(sorted(matching(self._patterns, missing)))
        groups = tuple(group for file in files.values() for group in file.content or ())
        problems = [
            f"{path}:{problem}" if problem[:1].isdigit() else f"{path}: {problem}"
            for path, file in files.items()
            for problem in file.problem.splitlines()
        ]
        return RulesRead(groups, (*(f"rules.files: {path}: no such file" for path in missing), *problems))

    def _groups(self, path: str, text: bytes) -> tuple[RuleGroup, ...]:
        found = read_rules(text, path, self._defaults)
        if found.problems:
            raise MalformedBody("\n".join(" ".join(problem.split()) for problem in found.problems))
        return found.groups
