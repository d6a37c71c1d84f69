"""What became of what was read: counts, and the first of each kind of trouble."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sightline.adapters.wire.history_excerpt import NAMED, Excerpt, Unread
from sightline.adapters.wire.remote_read_answer import Written

_FIRST_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one request: samples stored, and refused ones with the server's code and words."""

    stored: int
    refused: int = 0
    code: str = ""
    message: str = ""


@dataclass(slots=True)
class Refused:
    """Samples refused for one reason, and the first words about it."""

    samples: int
    message: str


@dataclass(slots=True)
class Tally:
    """Sums of an import.

    first, last: of the samples read, ms, None before there is one. shown: the first series, when they are counted.
    """

    read: int = 0
    stored: int = 0
    before: int = 0
    refused: dict[str, Refused] = field(default_factory=dict)
    wrong: int = 0
    unread: list[tuple[str, Unread]] = field(default_factory=list)
    histograms: int = 0
    too_old: int = 0
    outside: int = 0
    first: int | None = None
    last: int | None = None
    shown: list[str] = field(default_factory=list)
    _series: set[int] | None = None
    _bare: set[int] = field(default_factory=set)
    _full: set[int] = field(default_factory=set)

    @property
    def series(self) -> int | None:
        """How many series, where they are counted."""
        return None if self._series is None else len(self._series)

    @property
    def bare(self) -> int:
        """How many series a source named again and again without a sample: native histograms that it does not tell."""
        return len(self._bare - self._full)

    @property
    def is_empty(self) -> bool:
        """Whether the source held nothing at all, nor did it earlier."""
        return self.is_whole and not (self.read or self.before or self.too_old or self.outside)

    @property
    def is_whole(self) -> bool:
        """Whether everything that was read was stored."""
        return not (self.refused or self.wrong or self.histograms or self.bare)

    def count_series(self) -> None:
        """Count distinct series from now on, at 8 bytes and some each."""
        self._series = set()

    def note_unread(self, excerpt: Excerpt, where: str) -> None:
        """What could not be read of a piece."""
        self.wrong += excerpt.wrong
        self.histograms += excerpt.histograms
        self.unread += [(where, one) for one in excerpt.unread[: NAMED - len(self.unread)]]

    def note_read(self, content: Excerpt | Written) -> None:
        """What is to be stored of a piece."""
        if isinstance(content, Written):
            count, names = content.samples + content.histograms, content.series
            first, last = content.first, content.last
            self._bare.update(map(hash, content.bare))
            self._full.update(map(hash, names))
        else:
            times = content.batch.times
            count, names = len(times), content.names
            first, last = (int(times.min()), int(times.max())) if count else (0, 0)
        if not count:
            return
        self.read += count
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)
        if self._series is not None:
            if not self.shown and isinstance(content, Excerpt):
                self._show(content)
            self._series.update(map(hash, names))

    def note_sent(self, outcome: Outcome) -> None:
        """What the server made of a request."""
        self.stored += outcome.stored
        if outcome.refused:
            known = self.refused.setdefault(outcome.code, Refused(0, outcome.message))
            known.samples += outcome.refused

    def _show(self, content: Excerpt) -> None:
        batch = content.batch
        for number, labels in enumerate(batch.labels[:_FIRST_SHOWN]):
            row = int(np.argmax(batch.series == number))
            self.shown.append(f"{labels} {float(batch.values[row])!r} at {int(batch.times[row])} ms")
