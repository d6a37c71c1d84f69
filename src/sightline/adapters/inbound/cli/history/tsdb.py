"""A data folder of Prometheus, read by promtool a stretch of time after another."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from typing_extensions import override

from sightline.adapters.inbound.cli.history.blocks import Content
from sightline.adapters.inbound.cli.history.source import Mark, Piece, Source
from sightline.adapters.inbound.cli.program import Ended, Exit
from sightline.adapters.wire.history_text import Lines, TextReader
from sightline.domain.labels import Labels
from sightline.domain.timerange import DAY, HOUR

SAMPLES: Final = 20_000_000
"""Samples that a stretch is to have, by what the blocks tell."""

_SHORTEST: Final = 2 * HOUR
_LONGEST: Final = 31 * DAY
_SAID_BYTES: Final = 2_000


class _Stats(msgspec.Struct):
    numSamples: int = 0  # noqa: N815 - as Prometheus writes it


class _Block(msgspec.Struct):
    minTime: int  # noqa: N815
    maxTime: int  # noqa: N815
    stats: _Stats = msgspec.field(default_factory=_Stats)


class TsdbFolder(Source):
    """What is in a folder from start to end, ms, both included. A mark's offset is the time that comes next."""

    unit = "ms"

    def __init__(
        self, folder: Path, selectors: Sequence[str], start: int, end: int, added: Labels, *, keep_nan: bool
    ) -> None:
        """`folder` is the one that holds the blocks and `wal`.

        Raises:
            Ended: it is no such folder, or there is no promtool.
        """
        program = shutil.which("promtool")
        if program is None:
            raise Ended(
                Exit.USAGE,
                "promtool is not installed, which reads Prometheus' files (Debian has it in `prometheus`); where it is, run\n"
                f"promtool tsdb dump {folder} | sightline import",
            )
        self._program = program
        self._folder = folder
        self._selectors = tuple(selectors)
        blocks = _blocks(folder)
        latest = max((one.maxTime for one in blocks), default=0)
        if (folder / "wal").is_dir():
            latest = max(latest, round(1000 * time.time()))
        self._start = max(start, min((one.minTime for one in blocks), default=latest - DAY))
        self._end = min(end, latest)
        samples = sum(one.stats.numSamples for one in blocks)
        self.total = max(0, self._end - self._start)
        self._width = min(_LONGEST, max(_SHORTEST, self.total * SAMPLES // max(1, samples)))
        self._reader = TextReader(Lines.DUMP, added=added, keep_nan=keep_nan)
        self.key = "\n".join(["tsdb", str(folder.resolve()), str(added), str(keep_nan), *self._selectors])

    @override
    def pieces(self, since: Mark) -> Iterator[Piece]:
        at = max(self._start, since.offset)
        while at <= self._end:
            until = min(self._end, at - at % self._width + self._width - 1)
            where = f"{self._folder} from {at} ms"
            for content, line, data in self._dumped(at, until):
                yield Piece(content.read(data, line), Mark(0, at), at - self._start, where)
            at = until + 1
            yield Piece(self._reader.read(b"", 1), Mark(0, at), at - self._start, where)

    def _dumped(self, start: int, end: int) -> Iterator[tuple[TextReader, int, bytes]]:
        """Blocks of lines of a stretch, with the number of the first line."""
        command = [self._program, "tsdb", "dump", f"--min-time={start}", f"--max-time={end}"]
        command += [f"--match={one}" for one in self._selectors]
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(  # noqa: S603 - promtool, with arguments of its own
                [*command, str(self._folder)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
            ) as process,
        ):
            try:
                assert process.stdout is not None  # noqa: S101 - a pipe, as asked for
                content = Content(process.stdout, process.stdout, seekable=False)
                for block in content.blocks():
                    yield self._reader, block.line, block.data
            except BaseException:
                process.kill()
                raise
            if process.wait():
                errors.seek(0)
                said = errors.read(_SAID_BYTES).decode(errors="replace").strip()
                hint = (
                    f"\nIf it is a snapshot, make the empty folder {self._folder / 'wal'} first."
                    if "wal" in said
                    else ""
                )
                raise Ended(Exit.REFUSED, f"promtool cannot read {self._folder}: {said}{hint}")


def _blocks(folder: Path) -> list[_Block]:
    """What the blocks of a folder say of themselves."""
    try:
        found = [msgspec.json.decode(file.read_bytes(), type=_Block) for file in sorted(folder.glob("*/meta.json"))]
        is_there = found or (folder / "wal").is_dir()
    except (OSError, msgspec.DecodeError) as error:
        raise Ended(Exit.USAGE, f"{folder} cannot be read: {error}") from None
    if not is_there:
        raise Ended(Exit.USAGE, f"{folder} is no data folder of Prometheus: it holds neither blocks nor wal")
    return found
