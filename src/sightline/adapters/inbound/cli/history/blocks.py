"""Files as blocks of whole lines, unpacked on the way, from any place on; a file of any length takes a block's memory."""

import io
import lzma
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

from sightline.adapters.inbound.cli.program import Ended, Exit

SIZE: Final = 8 << 20
"""Bytes of a block, about."""
LONGEST: Final = 512 << 20
"""Bytes of one line at most."""
HEAD: Final = 1 << 16
"""Bytes of the beginning by which a source is known again."""

_MAGIC: Final = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"))


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Whole lines. offset, line: where they begin, in bytes once unpacked and lines from 1."""

    data: bytes
    offset: int
    line: int


class Changed(Ended):
    """A source is not what an earlier run read, so that nobody knows where that ended."""

    def __init__(self, name: str, how: str) -> None:
        super().__init__(
            Exit.REFUSED,
            f"{name} {how} what an earlier run read, so it cannot go on where that ended; --again begins anew",
        )


class Content:
    """An opened source of bytes: unpacked, its beginning to be looked at before it is read. `raw` says how far it is itself.

    checksum: CRC-32 of all bytes of the blocks that were given, and of those before them.
    """

    def __init__(self, stream: IO[bytes], raw: IO[bytes], *, seekable: bool, name: str = "it") -> None:
        self._stream = stream
        self._raw = raw
        self._seekable = seekable
        self._name = name
        self.checksum = 0
        self.head = _filled(stream, HEAD)
        self._given = False

    @property
    def reached(self) -> int:
        """Bytes of the packed source that were read; 0 where that is not told."""
        try:
            return self._raw.tell()
        except (OSError, ValueError):
            return 0

    def read(self, size: int) -> bytes:
        """Some bytes, none at the end."""
        if not self._given:
            self._given = True
            return self.head
        return self._stream.read(size)

    def skip(self, offset: int, checksum: int | None = None) -> None:
        """Go to a place, once, before anything is read; in a pipe, what is passed over must have the checksum that is known.

        Raises:
            Changed: there is no such place, or other bytes are before it.
        """
        if not offset:
            return
        self._given = True
        if self._seekable:
            if self._stream.seek(0, io.SEEK_END) < offset:
                raise Changed(self._name, "is shorter than")
            self._stream.seek(offset)
            self.checksum = checksum or 0
            return
        left = offset - len(self.head)
        self.checksum = zlib.crc32(self.head[:offset])
        if left < 0:
            self._given, self.head = False, self.head[offset:]
        while left > 0:
            some = self._stream.read(min(left, SIZE))
            if not some:
                raise Changed(self._name, "is shorter than")
            self.checksum = zlib.crc32(some, self.checksum)
            left -= len(some)
        if checksum not in {None, self.checksum}:
            raise Changed(self._name, "differs from")

    def blocks(self, offset: int = 0, line: int = 1, checksum: int | None = None) -> Iterator[Block]:
        """What follows a place at which a line begins, that line's number being known, and maybe the checksum before it.

        Raises:
            Changed: there is no such place, or other bytes are before it.
            Ended: a line is too long.
        """
        self.skip(offset, checksum)
        rest: list[bytes] = []
        held = 0
        while some := self.read(SIZE):
            cut = some.rfind(b"\n") + 1
            if not cut:
                rest.append(some)
                held += len(some)
                if held > LONGEST:
                    raise Ended(
                        Exit.REFUSED,
                        f"line {line} is longer than {LONGEST >> 20} MiB; have the export write shorter ones",
                    )
                continue
            data = b"".join([*rest, memoryview(some)[:cut]])
            rest, held = [some[cut:]], len(some) - cut
            self.checksum = zlib.crc32(data, self.checksum)
            yield Block(data, offset, line)
            offset, line = offset + len(data), line + data.count(b"\n")
        if data := b"".join(rest):
            self.checksum = zlib.crc32(data, self.checksum)
            yield Block(data, offset, line)


@contextmanager
def opened(file: Path) -> Iterator[Content]:
    """A file, or standard input for `-`, unpacked when it is gzip, zstd, bzip2 or xz.

    Raises:
        Ended: it cannot be read, or its packing is damaged; while it is read, too.
    """
    name = shown(file)
    try:
        if str(file) == "-":
            yield _content(sys.stdin.buffer, name, seekable=False)
        else:
            with file.open("rb") as raw:
                yield _content(raw, name, seekable=raw.seekable())
    except EOFError:
        raise Ended(Exit.REFUSED, f"{name} is cut off: its packing has no end; what came before was taken") from None
    except OSError as error:
        code = (
            Exit.USAGE if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError) else Exit.REFUSED
        )
        raise Ended(code, f"{name} cannot be read: {error.strerror or error}") from None
    except (zlib.error, lzma.LZMAError) as error:
        raise Ended(Exit.REFUSED, f"{name} cannot be unpacked: {error}") from None


def shown(file: Path) -> str:
    """What a file is called in messages."""
    return "standard input" if str(file) == "-" else str(file)


def unpacked(raw: IO[bytes], magic: bytes) -> IO[bytes] | None:
    """A stream that unpacks another by how it begins; None when it is not packed."""
    kind = next((name for sign, name in _MAGIC if magic.startswith(sign)), None)
    if kind == "gzip":
        import gzip

        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb"))
    if kind == "bz2":
        import bz2

        return cast("IO[bytes]", bz2.BZ2File(raw))
    if kind == "xz":
        return cast("IO[bytes]", lzma.LZMAFile(raw))
    if kind == "zstd":
        import pyarrow as pa

        return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(cast("io.IOBase", raw), mode="r"), "zstd"))
    return None


class _Peeked:
    """A stream of which the first bytes were read already; what unpackers ask of a file."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    closed = False

    def read(self, size: int = -1) -> bytes:
        if self._head:
            some = self._head if size < 0 else self._head[:size]
            self._head = self._head[len(some) :]
            return some if size >= 0 else some + self._rest.read()
        return self._rest.read(size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self._rest.tell()


def _content(raw: IO[bytes], name: str, *, seekable: bool) -> Content:
    if seekable:
        magic = raw.read(6)
        raw.seek(0)
        stream = unpacked(raw, magic)
        return Content(stream or raw, raw, seekable=stream is None, name=name)
    head = _filled(raw, 6)
    peeked: Any = _Peeked(head, raw)
    return Content(unpacked(peeked, head) or peeked, raw, seekable=False, name=name)


def _filled(stream: IO[bytes], size: int) -> bytes:
    """That many bytes, or all there are; a pipe gives less at a time."""
    found: list[bytes] = []
    while size > 0 and (some := stream.read(size)):
        found.append(some)
        size -= len(some)
    return b"".join(found)
