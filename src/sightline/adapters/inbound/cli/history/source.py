"""What an import reads from: pieces of samples, one after another, and places where it may begin again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from sightline.adapters.wire.history_excerpt import Excerpt
from sightline.adapters.wire.remote_read_answer import Written


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a source. part: a file or a stretch of time, from 0. offset, line: of the first byte that is not read yet.

    checksum: CRC-32 of the part's bytes before the offset, None where nobody knows.
    """

    part: int = 0
    offset: int = 0
    line: int = 1
    checksum: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Samples, where a source goes on after them, and how far it is by then, in its own unit. where: the name of the part."""

    content: Excerpt | Written
    after: Mark
    reached: int
    where: str


class Source(Protocol):
    """Somewhere with history.

    key: what tells it from every other source, the same at every run. total: how far `reached` goes, None where nobody knows.
    unit: of these, `B` or `ms`.
    """

    key: str
    total: int | None
    unit: str

    def pieces(self, since: Mark) -> Iterator[Piece]:
        """What comes after a mark that an earlier run was given, in the same order.

        Raises:
            Ended: it cannot be read; what came before is good.
        """
        ...
