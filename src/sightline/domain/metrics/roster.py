"""Rosters: label sets by number, so that a series which comes again and again is an integer and not a text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import overload

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Index
from sightline.domain.metrics.span_table import Spans, SpanTable
from sightline.domain.tenancy import Tenant


class Roster:
    """Label sets, numbered from 0 in the order in which they were first named. A number never changes its meaning. Thread-safe.

    They are kept as their canonical bytes; objects are made when they are asked for.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._lock = Lock()
        self._texts = SpanTable()
        self._numbers: dict[Labels, int] = {}  # of those that came as objects

    def __len__(self) -> int:
        """How many label sets; numbers are less than that."""
        return len(self._texts)

    def __getitem__(self, number: int) -> Labels:
        """The label set of a number."""
        return Labels.from_canonical(self._texts.text(number))

    @property
    def nbytes(self) -> int:
        """About how many bytes of memory it takes."""
        return self._texts.nbytes

    def text(self, number: int) -> bytes:
        """The canonical bytes of a number."""
        return self._texts.text(number)

    def numbers(self, labels: Sequence[Labels]) -> Index:
        """The numbers of label sets, uint32 (k,); those not met before get the next ones. Label sets named here cost nothing."""
        if type(labels) is Named and labels.roster is self:  # isinstance costs a microsecond with an abstract class
            return labels.numbers
        if type(labels) is Named or type(labels) is Written:
            return self.numbers_of(texts_of(labels))
        sets = tuple(labels)
        found = [self._numbers.get(one, -1) for one in sets]
        if -1 in found:
            fresh = [one for one, number in zip(sets, found, strict=True) if number < 0]
            numbers = self.numbers_of(texts_of(fresh)).tolist()
            self._numbers.update(zip(fresh, numbers, strict=True))
            rest = iter(numbers)
            found = [next(rest) if number < 0 else number for number in found]
        return np.array(found, np.uint32)

    def numbers_of(self, texts: Spans) -> Index:
        """The numbers of label sets given as their canonical bytes, uint32 (k,)."""
        with self._lock:
            return self._texts.put(texts).astype(np.uint32)

    def texts(self, numbers: Index) -> Spans:
        """The canonical bytes of some numbers."""
        return self._texts.texts(numbers.astype(np.int64))

    def named(self, numbers: Index) -> "Named":
        """The label sets of some numbers, uint32 (k,)."""
        return Named(self, numbers)


class Rosters:
    """The roster of each tenant."""

    def __init__(self) -> None:
        """Start without any."""
        self._of: dict[Tenant, Roster] = {}

    @property
    def total(self) -> int:
        """How many label sets, all tenants together. No length: an empty object must not count as none."""
        return sum(map(len, self._of.values()))

    def of(self, tenant: Tenant) -> Roster:
        """The roster of a tenant."""
        return self._of.setdefault(tenant, Roster())

    def begin_anew(self) -> None:
        """Give every tenant a new roster. Who holds an old one may go on with it."""
        self._of = {}


@dataclass(frozen=True, slots=True, eq=False)
class Named(Sequence[Labels]):
    """k label sets that stand in a roster; numbers: uint32 (k,). Who knows the roster need not look at the label sets."""

    roster: Roster
    numbers: Index

    @override
    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> Labels: ...
    @overload
    def __getitem__(self, at: slice) -> "Named": ...
    @override
    def __getitem__(self, at: int | slice) -> "Labels | Named":
        if isinstance(at, slice):
            return Named(self.roster, self.numbers[at])
        return self.roster[int(self.numbers[at])]

    @override
    def __iter__(self) -> Iterator[Labels]:
        return map(self.roster.__getitem__, self.numbers.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Written(Sequence[Labels]):
    """k label sets as their canonical bytes."""

    texts: Spans

    @override
    def __len__(self) -> int:
        return len(self.texts.starts)

    @overload
    def __getitem__(self, at: int) -> Labels: ...
    @overload
    def __getitem__(self, at: slice) -> "Written": ...
    @override
    def __getitem__(self, at: int | slice) -> "Labels | Written":
        if isinstance(at, slice):
            return Written(Spans(self.texts.data, self.texts.starts[at], self.texts.ends[at]))
        return Labels.from_canonical(self.texts.data[self.texts.starts[at] : self.texts.ends[at]])

    @override
    def __iter__(self) -> Iterator[Labels]:
        return map(Labels.from_canonical, self.texts.texts())


def texts_of(labels: Sequence[Labels]) -> Spans:
    """The canonical bytes of label sets, without making objects of those that are not objects."""
    if type(labels) is Named:
        return labels.roster.texts(labels.numbers)
    if type(labels) is Written:
        return labels.texts
    return Spans.of([one.canonical() for one in labels])


def joined(parts: Sequence[Sequence[Labels]]) -> Named | Written:
    """The label sets of several sequences as one; by number where all of them are named in one roster."""
    named = [part for part in parts if isinstance(part, Named)]
    if parts and len(named) == len(parts) and len({id(part.roster) for part in named}) == 1:
        return Named(named[0].roster, np.concatenate([part.numbers for part in named]))
    texts = [texts_of(part) for part in parts]
    before = np.cumsum([0, *(len(one.data) for one in texts)]).tolist()
    starts = [one.starts + start for one, start in zip(texts, before, strict=False)]
    ends = [one.ends + start for one, start in zip(texts, before, strict=False)]
    none = np.empty(0, np.int64)
    return Written(
        Spans(b"".join([one.data for one in texts]), np.concatenate([none, *starts]), np.concatenate([none, *ends]))
    )


def taken(labels: Sequence[Labels], rows: NDArray[np.intp]) -> Named | Written:
    """Some of the label sets, by their places (r,)."""
    if isinstance(labels, Named):
        return Named(labels.roster, labels.numbers[rows])
    return Written(texts_of(labels).taken(rows))
