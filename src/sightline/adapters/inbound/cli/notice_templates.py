"""Templates of notices for commands: files are read where they are, and one template is filled as `amtool template render` does."""

import glob
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sightline.adapters.inbound.cli.program import Ended, Exit

if TYPE_CHECKING:
    from sightline.domain.alerts.notice_templates import TemplatesRead

MAX_FILE_BYTES: Final = 4 << 20
"""Size of one file of templates, or of data for one."""


def read_files(patterns: Sequence[str], folder: Path) -> "TemplatesRead":
    """The templates of the files that patterns lead to, those that are relative from a folder, with all that is wrong."""
    from sightline.domain.alerts.notice_templates import TemplateFile, TemplatesRead, read_templates

    files, unread = list[TemplateFile](), list[str]()
    paths = (path for one in patterns for path in sorted(glob.glob(str(folder / one), recursive=True)))  # noqa: PTH207 - Path.glob refuses absolute patterns, and its * takes dotfiles too
    for path in dict.fromkeys(paths):
        try:
            files.append(TemplateFile(path, _bytes(Path(path)).decode()))
        except OSError as error:
            unread.append(f"{path}: cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            unread.append(f"{path}: byte {error.start} is no UTF-8: write the file in that encoding")
    templates, problems = read_templates(files)
    return TemplatesRead(templates, (*unread, *problems))


def rendered(globs: Sequence[str], text: str, *, data: Path | None, as_html: bool) -> str:
    """A template, filled with the data of a file, or with a sample."""
    from sightline.adapters.wire.notice_json import read_notice, sample_notice
    from sightline.domain.alerts.go_time import Moment
    from sightline.domain.errors import BadData, Unprocessable

    read = read_files(globs, Path())
    if read.problems:
        raise Ended(Exit.REFUSED, "\n".join(read.problems))
    now = Moment(time.time_ns())
    try:
        notice = sample_notice(now) if data is None else read_notice(_bytes(data), now)
    except OSError as error:
        raise Ended(Exit.USAGE, f"{data} cannot be read: {error.strerror}") from None
    except BadData as error:
        raise Ended(Exit.USAGE, f"{data}: {error.message}") from None
    try:
        return read.templates.fill(text, notice, as_html=as_html)
    except (BadData, Unprocessable) as error:
        raise Ended(Exit.REFUSED, error.message) from None


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Ended(Exit.REFUSED, f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB: split it into several files")
    return path.read_bytes()
