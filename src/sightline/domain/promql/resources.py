"""What an evaluation may use: threads, time and memory, all given from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sightline.domain.errors import TooManySamples, TooMuchMemory


class Spread(Protocol):
    """Runs work over parts of a range of rows, perhaps several at once; returns when all are done."""

    def __call__(self, rows: int, work: Callable[[int, int], None], *, fewest: int = 64) -> None:
        """Call work(first, after) for parts that together make 0 <= row < rows, in any order. What work raises is raised here.

        fewest: rows that a part shall have at least, where there are so many.
        """
        ...


_BLOCK = 512
_VALUE_BYTES = 16
_HISTOGRAM_BYTES = 58
_BUCKET_BYTES = 12


def in_turn(rows: int, work: Callable[[int, int], None], *, fewest: int = 64) -> None:
    """A Spread that uses the calling thread alone, block by block."""
    block = max(_BLOCK, fewest)
    for first in range(0, rows, block):
        work(first, min(first + block, rows))


def never() -> None:
    """A check that always lets the evaluation go on."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The means of one evaluation.

    spread: how loops over rows are divided. check: called between nodes and blocks of rows; it raises to end the evaluation.
    max_values: how many values one intermediate result may hold, series times instants. max_bytes: how much memory the labels may
    take that functions make.
    """

    spread: Spread = in_turn
    check: Callable[[], None] = never
    max_values: int = 50_000_000
    max_bytes: int = 1 << 30

    def run(self, rows: int, work: Callable[[int, int], None], *, fewest: int = 64) -> None:
        """Spread the work, checking before each part; see `Spread`."""

        def part(first: int, after: int) -> None:
            self.check()
            work(first, after)

        self.spread(rows, part, fewest=fewest)

    def allow(self, rows: int, points: int) -> None:
        """Refuse an intermediate result that is too large.

        Raises:
            TooManySamples: more than `max_values` values.
        """
        if rows * points > self.max_values:
            message = (
                f"query processing would hold {rows} series at {points} instants in memory:"
                f" query.max_samples allows {self.max_values} values; select fewer series or take a larger step"
            )
            raise TooManySamples(message, limit=self.max_values)

    def allow_histograms(self, count: int, buckets: int) -> None:
        """Refuse an intermediate result of native histograms that is too large; each counts as many values as its size makes.

        Raises:
            TooManySamples: more than `max_values` values.
        """
        if (count * _HISTOGRAM_BYTES + buckets * _BUCKET_BYTES) // _VALUE_BYTES > self.max_values:
            message = (
                f"query processing would hold {count} native histograms with {buckets} buckets in memory:"
                f" query.max_samples allows as much as {self.max_values} values take; select fewer series or take a larger step"
            )
            raise TooManySamples(message, limit=self.max_values)


class MadeLabels:
    """The labels that the functions of one evaluation make of others, and how much memory they take, bytes.

    They can double with each function: without a limit a line of text could fill any memory.
    """

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, size: int, resources: Resources) -> None:
        """Count labels of so many bytes, before they are there.

        Raises:
            TooMuchMemory: with these it would be more than `max_bytes`.
        """
        self._bytes += size
        if self._bytes > resources.max_bytes:
            message = (
                f"the query would make labels of {self._bytes >> 20} MiB:"
                f" query.memory allows {resources.max_bytes >> 20} MiB; select fewer series or make shorter labels"
            )
            raise TooMuchMemory(message, limit=resources.max_bytes, bytes=self._bytes)
