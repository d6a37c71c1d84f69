"""Files of history in formats of lines, whose format is seen by how they begin."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from typing_extensions import override

from sightline.adapters.inbound.cli.history.blocks import HEAD, Content, opened, shown
from sightline.adapters.inbound.cli.history.flags import Format
from sightline.adapters.inbound.cli.history.source import Mark, Piece, Source
from sightline.adapters.inbound.cli.program import Ended, Exit, say
from sightline.adapters.wire.history_excerpt import Excerpt
from sightline.adapters.wire.history_json import JsonReader
from sightline.adapters.wire.history_text import Lines, TextReader
from sightline.domain.labels import Labels

HOPELESS: Final = 1_000
"""Lines that cannot be read, one after another from the beginning, after which a file is taken for something else."""

_SAMPLE: Final = re.compile(
    rb"[A-Za-z_:{][^\n]*?[\s}][ \t]*+(?:[-+.0-9eE]+|NaN|[-+]?Inf)[ \t]+([0-9.eE+]+)[ \t]*(?:#|\r?$)"
)
_QUOTED_NAME: Final = re.compile(rb'\{[ \t]*"(?:[^"\\]|\\.)*+"[ \t]*[,}]')
"""How a line of the exposition formats begins whose metric has a name beyond the old characters."""
_SECONDS_UNTIL: Final = 1e11
_END_BYTES: Final = 100


class Reader(Protocol):
    """Makes samples of whole lines."""

    def read(self, data: bytes, line: int) -> Excerpt:
        """The samples of lines, the first of which has a number."""
        ...


def reader(kind: Format, added: Labels, *, keep_nan: bool) -> Reader:
    """The reader of a format."""
    if kind is Format.VICTORIAMETRICS:
        return JsonReader(added=added, keep_nan=keep_nan)
    return TextReader(Lines(kind.value), added=added, keep_nan=keep_nan)


class Files(Source):
    """Files one after another, packed or not; `-` is standard input."""

    unit = "B"

    def __init__(self, files: Sequence[Path], kind: Format, added: Labels, *, keep_nan: bool) -> None:
        """`kind` may be AUTO: each file is looked at.

        Raises:
            Ended: a file is missing.
        """
        self._files = files
        self._kind = kind
        self._added = added
        self._keep_nan = keep_nan
        sizes = [_size(file) for file in files]
        self._sizes = [size or 0 for size in sizes]
        self.total = None if None in sizes else sum(self._sizes)
        self._heads: dict[int, str] = {}
        self.key = "\n".join([kind, str(added), str(keep_nan), *(self._known(file) for file in files)])

    @override
    def pieces(self, since: Mark) -> Iterator[Piece]:
        for part, file in enumerate(self._files):
            if part < since.part:
                continue
            begin = since if part == since.part else Mark(part)
            before = sum(self._sizes[:part])
            with opened(file) as content:
                reads, kind, top = self._reader(content, file)
                good = begin.offset > 0
                begin = max(
                    begin, Mark(part, top.offset, top.line)
                )  # of two that are alike the first, with its checksum
                wrong, end = 0, b""
                for block in content.blocks(begin.offset, begin.line, begin.checksum):
                    excerpt = reads.read(block.data, block.line)
                    good = good or bool(len(excerpt.batch) or excerpt.histograms)
                    wrong += excerpt.wrong
                    if not good and wrong >= HOPELESS:
                        first = excerpt.unread[0]
                        raise Ended(
                            Exit.REFUSED,
                            f"{shown(file)} is not {kind}: line {first.line}: {first.message}\nSay what it is with --format.",
                        )
                    lines = block.data.count(b"\n")
                    after = Mark(part, block.offset + len(block.data), block.line + lines, content.checksum)
                    yield Piece(excerpt, after, before + content.reached, shown(file))
                    end = block.data[-_END_BYTES:]
                if kind == Format.OPENMETRICS and not end.rstrip().endswith(b"# EOF"):
                    say(f"{shown(file)} does not end in # EOF, as OpenMetrics does: perhaps it is cut off")

    def _reader(self, content: Content, file: Path) -> tuple[Reader, str, Mark]:
        """What reads a file, what that reads, and where the first sample may stand."""
        kind = guessed(content.head, shown(file)) if self._kind is Format.AUTO else self._kind
        return reader(kind, self._added, keep_nan=self._keep_nan), kind, Mark()

    def _known(self, file: Path) -> str:
        """What tells a file from another of its name; standard input is known by its command alone."""
        if not file.is_file():
            return str(file)
        try:
            with file.open("rb") as raw:
                head = raw.read(HEAD)
        except OSError as error:
            raise Ended(Exit.USAGE, f"{file} cannot be read: {error.strerror}") from None
        return f"{file.resolve()} {hashlib.sha256(head).hexdigest()}"


def guessed(head: bytes, name: str) -> Format:
    """The format of a file by its beginning.

    Raises:
        Ended: it cannot be told.
    """
    first = next(
        (line.strip() for line in head.splitlines() if line.strip() and not line.lstrip().startswith(b"#")), b""
    )
    if first.startswith(b'{"metric"') or (first.startswith(b"{") and b'"timestamps"' in first):
        return Format.VICTORIAMETRICS
    if first.startswith(b"{") and not _QUOTED_NAME.match(first):
        return Format.TSDB_DUMP
    found = _SAMPLE.match(first)
    if found is not None:
        try:
            return Format.OPENMETRICS if abs(float(found[1])) < _SECONDS_UNTIL else Format.PROMETHEUS
        except ValueError:
            pass
    if not first or re.match(rb"[A-Za-z_:][\w:]*(?:\{|\s)", first):
        return Format.OPENMETRICS if b"# EOF" in head else Format.PROMETHEUS
    hint = "\nIf it is CSV, use `sightline import csv`." if b"," in first or b";" in first else ""
    raise Ended(Exit.USAGE, f"{name}: what it holds cannot be told by its beginning; say --format{hint}")


def _size(file: Path) -> int | None:
    if str(file) == "-":
        return None
    try:
        return file.stat().st_size if file.is_file() else None
    except OSError as error:
        raise Ended(Exit.USAGE, f"{file} cannot be read: {error.strerror}") from None
