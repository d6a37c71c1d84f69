"""What a piece of a history file holds, whatever its format: samples in columns, and what could not be read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.recent import Recent
from sightline.adapters.wire.remote_write_encode import label_fields
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, Index, Values, WriteBatch

MAX_CACHED_BYTES: Final = 256 << 20
"""Memory for series seen lately: some 300,000."""
NAMED: Final = 20
"""Of the lines of a piece that cannot be read, how many are told one by one."""

_ENTRY_BYTES: Final = 800
NOTHING_ADDED: Final = Labels()


@dataclass(frozen=True, slots=True)
class Unread:
    """A line, from 1, that could not be read, and why."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """Samples that stand together in a source.

    names: of each label set of the batch its fields in remote write. unread: the first lines that could not be read; wrong:
    how many samples could not. histograms: native histograms that the format cannot bring whole, and are left out.
    """

    batch: WriteBatch
    names: Sequence[bytes]
    unread: Sequence[Unread] = ()
    wrong: int = 0
    histograms: int = 0

    def only(self, kept: NDArray[np.bool_]) -> "Excerpt":
        """Without some of the samples, bool (n,)."""
        batch = self.batch
        some = WriteBatch(batch.labels, batch.series[kept], batch.times[kept], batch.values[kept])
        return replace(self, batch=some)

    def parts(self, size: int) -> Iterable["Excerpt"]:
        """Pieces of at most that many samples, with the series that each needs."""
        batch = self.batch
        for first in range(0, len(batch), size):
            rows = slice(first, first + size)
            if first == 0 and len(batch) <= size:
                yield self
                return
            used, series = np.unique(batch.series[rows], return_inverse=True)
            numbers = used.tolist()
            labels = [batch.labels[one] for one in numbers]
            part = WriteBatch(labels, series.astype(np.uint32), batch.times[rows], batch.values[rows])
            yield Excerpt(part, [self.names[one] for one in numbers])


@dataclass(frozen=True, slots=True)
class Named:
    """A label set and its fields in remote write."""

    labels: Labels
    fields: bytes


class Names:
    """Label sets by what names them in a source, each read once; those not met for long are forgotten."""

    def __init__(
        self, read: Callable[[bytes], Labels], added: Labels = NOTHING_ADDED, max_bytes: int = MAX_CACHED_BYTES
    ) -> None:
        """`read` makes a label set of a text or raises ValueError; `added` labels go before those of the source."""
        self._read = read
        self._added = added
        self._half = max_bytes // 2
        self._known: Recent[bytes, Named] = Recent()

    def __getitem__(self, text: bytes) -> Named:
        """The label set of a text.

        Raises:
            ValueError: it names none; the message says why.
        """
        cost = len(text) + _ENTRY_BYTES
        found = self._known.find(text, cost)
        if found is None:
            labels = self._read(text)
            if self._added:
                labels = Labels.of(labels, **dict(self._added))
            found = Named(labels, label_fields(labels))
            if self._known.weight > self._half:
                self._known.turn()
            self._known.put(text, found, cost)
        return found


def distinct(named: Sequence[Named]) -> tuple[list[Named], Index]:
    """Label sets once each, and which of them each is, uint32 (k,)."""
    places: dict[Labels, int] = {}
    found: list[Named] = []
    index = np.empty(len(named), np.uint32)
    for row, one in enumerate(named):
        place = places.setdefault(one.labels, len(found))
        if place == len(found):
            found.append(one)
        index[row] = place
    return found, index


def ended(values: Values) -> Values:
    """Values in which every NaN is the stale marker: dumps do not tell them apart, and nearly all are."""
    return np.where(np.isnan(values), STALE, values)
