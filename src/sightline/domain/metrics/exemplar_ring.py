"""The newest exemplars of all series in a ring of fixed size: one that is added takes the place of the oldest.

Which ones are taken follows Prometheus' tsdb/exemplar.go. Where that compares hashes of label sets, the label sets themselves are
compared here: either only keeps two exemplars of one time and value from taking turns.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import MAX_CHARACTERS, Exemplar
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange

DEFAULT_MOST: Final = 100_000
"""Exemplars that are kept by default, as in Prometheus."""

_NONE: Final = -1
# An exemplar takes 125 bytes, and 360 more where it is the only one of its series. So much each bounds what long labels take.
_BYTES_EACH: Final = 1024
_ENTRY_BYTES: Final = 80
_CHAIN_BYTES: Final = 250
_SEPARATOR: Final = b"\xff"


class Verdict(StrEnum):
    """What became of an exemplar. A duplicate is expected: a target shows an exemplar until it has another."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    TOO_LONG = "labels_too_long"


class Row(NamedTuple):
    """One exemplar to be added. labels: its own, as canonical bytes. time: ms. timed: whether the time came with the exemplar."""

    labels: bytes
    value: float
    time: int
    timed: bool


@dataclass(slots=True, eq=False)
class Chain:
    """The exemplars of one series; oldest, newest: their places in the ring, which link to each other, or -1 once all are gone."""

    tenant: Tenant
    series: bytes
    name: str
    oldest: int = _NONE
    newest: int = _NONE

    @property
    def labels(self) -> Labels:
        """The label set of the series."""
        return Labels.from_canonical(self.series)


class ExemplarRing:
    """At most `most` exemplars, of all tenants together, and 1 KiB of memory for each of them. Not thread-safe."""

    def __init__(self, most: int = DEFAULT_MOST) -> None:
        """Start empty; memory is taken as exemplars come."""
        self._most = most
        self._chains: dict[Tenant, dict[bytes, Chain]] = {}
        self._names: dict[Tenant, dict[str, dict[bytes, Chain]]] = {}
        self._oldest = 0
        self._count = 0
        self._bytes = 0
        self.evicted = 0
        self._nobody = Chain(Tenant(""), b"", "")  # who owns a place that is empty again
        # One row for each place of the ring.
        self._owners: list[Chain] = []
        self._labels: list[bytes] = []
        self._values = array("d")
        self._times = array("q")
        self._timed = bytearray()
        self._next = array("q")

    def __len__(self) -> int:
        """How many exemplars there are."""
        return self._count

    @property
    def most(self) -> int:
        """How many there can be; 0 keeps none."""
        return self._most

    def knows(self, tenant: Tenant, series: bytes) -> bool:
        """Whether a series, given by its canonical bytes, has an exemplar."""
        return series in self._chains.get(tenant, ())

    def add(self, tenant: Tenant, series: bytes, row: Row) -> Verdict:
        """Take an exemplar in, unless it is too long, the series' last once more, or before that one. `most` is above 0.

        series: canonical bytes. Of two exemplars without times of their own the times do not matter.
        """
        if is_too_long(row.labels):
            return Verdict.TOO_LONG
        chain = self._chains.get(tenant, {}).get(series)
        if chain is not None and (verdict := self._judged(chain.newest, row)) is not Verdict.KEPT:
            return verdict
        size = _ENTRY_BYTES + len(row.labels)
        self._make_room(size if chain is not None else size + _CHAIN_BYTES + 2 * len(series))
        if chain is None or chain.newest == _NONE:  # the last one of the series may just have gone
            chain = self._begun(tenant, series)
        place = self._place(chain, row)
        if chain.newest == _NONE:
            chain.oldest = place
        else:
            self._next[chain.newest] = place
        chain.newest = place
        return Verdict.KEPT

    def names(self, tenant: Tenant) -> list[str]:
        """The names of metrics that have exemplars."""
        return list(self._names.get(tenant, ()))

    def chains(self, tenant: Tenant, name: str) -> list[Chain]:
        """The series of a metric that have exemplars; they may lose them before they are looked at."""
        return list(self._names.get(tenant, {}).get(name, {}).values())

    def overlaps(self, chain: Chain, within: TimeRange) -> bool:
        """Whether a series may have exemplars in a range."""
        if chain.newest == _NONE:
            return False
        return self._times[chain.oldest] <= within.end and self._times[chain.newest] >= within.start

    def read(self, chain: Chain, within: TimeRange) -> Iterator[Exemplar]:
        """The exemplars of a series in a range, oldest first; the ring must not be changed meanwhile."""
        place = chain.oldest
        while place != _NONE and (time := self._times[place]) <= within.end:
            if time >= within.start:
                yield Exemplar(Labels.from_canonical(self._labels[place]), self._values[place], time)
            place = self._next[place]

    def _judged(self, newest: int, row: Row) -> Verdict:
        """What a further exemplar is beside the newest of its series."""
        time, value, labels = self._times[newest], self._values[newest], self._labels[newest]
        at_once = row.time == time or not (row.timed or self._timed[newest])
        if row.labels == labels and row.value == value and at_once:
            return Verdict.DUPLICATE
        if row.time != time:
            return Verdict.OUT_OF_ORDER if row.time < time else Verdict.KEPT
        is_before = row.value < value or (row.value == value and row.labels < labels)
        return Verdict.OUT_OF_ORDER if is_before else Verdict.KEPT

    def _begun(self, tenant: Tenant, series: bytes) -> Chain:
        chain = Chain(tenant, series, Labels.from_canonical(series).name)
        self._chains.setdefault(tenant, {})[series] = chain
        self._names.setdefault(tenant, {}).setdefault(chain.name, {})[series] = chain
        self._bytes += _CHAIN_BYTES + 2 * len(series)
        return chain

    def _make_room(self, size: int) -> None:
        while self._count and (self._count == self._most or self._bytes + size > self._most * _BYTES_EACH):
            self._evict()

    def _evict(self) -> None:
        """Give up the oldest of all, which is the oldest of its series too."""
        place = self._oldest
        chain = self._owners[place]
        chain.oldest = self._next[place]
        if chain.oldest == _NONE:
            self._end(chain)
        self._bytes -= _ENTRY_BYTES + len(self._labels[place])
        self._owners[place], self._labels[place] = self._nobody, b""
        self._oldest = (place + 1) % self._most
        self._count -= 1
        self.evicted += 1

    def _end(self, chain: Chain) -> None:
        chain.newest = _NONE
        del self._chains[chain.tenant][chain.series]
        names = self._names[chain.tenant]
        del names[chain.name][chain.series]
        if not names[chain.name]:
            del names[chain.name]
        if not names:
            del self._names[chain.tenant], self._chains[chain.tenant]
        self._bytes -= _CHAIN_BYTES + 2 * len(chain.series)

    def _place(self, chain: Chain, row: Row) -> int:
        """Put an exemplar behind the newest of all; returns its place."""
        place = (self._oldest + self._count) % self._most
        if place == len(self._times):
            self._owners.append(chain)
            self._labels.append(row.labels)
            self._values.append(row.value)
            self._times.append(row.time)
            self._timed.append(row.timed)
            self._next.append(_NONE)
        else:
            self._owners[place], self._labels[place] = chain, row.labels
            self._values[place], self._times[place] = row.value, row.time
            self._timed[place], self._next[place] = row.timed, _NONE
        self._bytes += _ENTRY_BYTES + len(row.labels)
        self._count += 1
        return place


def is_too_long(labels: bytes) -> bool:
    """Whether a label set, given by its canonical bytes, has more characters than an exemplar may have."""
    if len(labels) <= MAX_CHARACTERS:
        return False
    return len(labels.replace(_SEPARATOR, b"").decode()) > MAX_CHARACTERS
