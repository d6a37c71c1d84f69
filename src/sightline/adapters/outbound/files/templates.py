"""Files with templates of notices, which a configuration of Alertmanager names, read again when they change."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sightline.adapters.outbound.files.kept import KeptFiles, matching
from sightline.domain.alerts.notice_templates import TemplateFile, TemplatesRead, read_templates
from sightline.domain.errors import MalformedBody

MAX_FILE_BYTES: Final = 4 << 20
"""Size of one file of templates."""


class TemplateFiles:
    """The files that patterns such as `templates/*.tmpl` lead to, those that are relative from a folder."""

    def __init__(self, patterns: Sequence[str], folder: Path) -> None:
        """folder: that of the configuration file."""
        self._patterns = [str(folder / pattern) for pattern in patterns]
        too_large = f"larger than {MAX_FILE_BYTES >> 20} MiB: split it into several files"
        self._files = KeptFiles(_read, MAX_FILE_BYTES, too_large)

    def read_now(self) -> TemplatesRead:
        """The templates of all files, in their order, while the caller waits; of a file that is broken now, what it last held.

        As in Alertmanager, a pattern or path that leads to no file is no problem: one may come.
        """
        files = self._files.look(matching(self._patterns, []))
        held = [file.content for file in files.values() if file.content is not None]
        problems = [
            f"{path}:{file.problem}" if file.problem[:1].isdigit() else f"{path}: {file.problem}"
            for path, file in files.items()
            if file.problem
        ]
        return TemplatesRead(read_templates(held).templates, tuple(problems))


def _read(path: str, text: bytes) -> TemplateFile:
    """The file, which can be used.

    Raises:
        MalformedBody: it cannot.
    """
    try:
        file = TemplateFile(path, text.decode())
    except UnicodeDecodeError as error:
        raise MalformedBody(f"byte {error.start} is no UTF-8: write the file in that encoding") from None
    problems = read_templates([file]).problems
    if problems:
        raise MalformedBody(problems[0].removeprefix(f"{path}:"))
    return file
