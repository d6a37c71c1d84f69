"""Which series there are, in memory: label sets by id, and for each label value the series that have it.

Series are numbered within their tenant in the order in which they were learnt, so that postings, the numbers of the series that
have a label value, ascend by themselves. A regex is evaluated once per distinct value, and remembered.
"""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.labels import Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import NO_SERIES, KnownSeries
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.samples import Ids, Times
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import HOUR, MAX_TIME, MIN_TIME, TimeRange

Numbers = NDArray[np.uint32]

DEFAULT_BYTES: Final = 512 << 20
# Measured: what a series and each of its labels take besides the text of the values.
_SERIES_BYTES: Final = 350
_LABEL_BYTES: Final = 200
_NOBODY: Final = np.empty(0, np.uint32)
_REMEMBERED_ANSWERS: Final = 16
_REMEMBERED_SERIES: Final = 20_000  # of one answer; a larger one is found anew
_REMEMBERED_REGEXES: Final = 64
_FEWEST: Final = 64
_FRESH_FOR_ONE: Final = 4


class LabelIndex:
    """All tenants' series. Changed and asked from one thread; only `Regex.evaluate` may run in others.

    A tenant whose series do not fit into the bound is given up: `covers` is false for it from then on.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        """Knows nothing, and says so, until `complete` is called."""
        self._max_bytes = max_bytes
        self._tenants: dict[Tenant, _TenantIndex] = {}
        self._given_up: set[Tenant] = set()
        self._is_complete = False
        self._weight = 0

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        return self._weight

    @property
    def given_up(self) -> int:
        """How many tenants have more series than the bound allows."""
        return len(self._given_up)

    @property
    def is_complete(self) -> bool:
        """Whether what was stored before the start is known."""
        return self._is_complete

    def covers(self, tenant: Tenant) -> bool:
        """Whether every series of the tenant is known here."""
        return self._is_complete and tenant not in self._given_up

    def complete(self) -> None:
        """All that was stored before is known by now."""
        self._is_complete = True

    def learn(self, tenant: Tenant, one: int, labels: Labels) -> None:
        """Know a series, by its id; one that is known already stays as it is."""
        held = self._tenants.get(tenant)
        if held is None:
            if tenant in self._given_up:
                return
            held = self._tenants[tenant] = _TenantIndex()
        if one in held.numbers:
            return
        held.learn(one, labels)
        weight = _weight(labels)
        held.weight += weight
        self._weight += weight
        while self._weight > self._max_bytes:
            largest = max(self._tenants, key=lambda name: self._tenants[name].weight)
            self._given_up.add(largest)
            self._weight -= self._tenants.pop(largest).weight

    def see(self, tenant: Tenant, one: int, labels: Labels, first: int, last: int) -> None:
        """Know a series, and that the store says it was seen from `first` to `last` (ms)."""
        self.learn(tenant, one, labels)
        held = self._tenants.get(tenant)
        if held is not None:
            held.see(held.numbers[one], first, last)

    def take(self, batch: SealedRange, series: slice) -> None:
        """See what a range says of some of its series."""
        bounds = np.searchsorted(batch.series_tenant[series], np.arange(len(batch.tenants) + 1)).tolist()
        ids, labels = batch.series_id[series].tolist(), batch.labels[series]
        first, last = batch.first_seen[series], batch.last_seen[series]
        for tenant, start, end in zip(batch.tenants, bounds, bounds[1:], strict=False):
            self._see_all(tenant, ids[start:end], labels[start:end], first[start:end], last[start:end])

    def _see_all(self, tenant: Tenant, ids: list[int], labels: Sequence[Labels], first: Times, last: Times) -> None:
        for one, its in zip(ids, labels, strict=True):
            self.learn(tenant, one, its)
        held = self._tenants.get(tenant)
        if held is not None:
            held.see_all(np.array([held.numbers[one] for one in ids], np.uint32), first, last)

    def regexes(self, tenant: Tenant, matcher_sets: Iterable[Matchers]) -> list["Regex"]:
        """What is to be evaluated, in any thread, so that `find` and `seen` do not have to."""
        held = self._tenants.get(tenant)
        return [] if held is None else held.regexes(matcher_sets)

    def find(self, tenant: Tenant, matchers: Matchers) -> KnownSeries:
        """The series that satisfy all matchers, whenever they were seen."""
        held = self._tenants.get(tenant)
        return NO_SERIES if held is None else held.find(matchers)

    def seen(self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange) -> list[Labels]:
        """The label sets that satisfy any of the sets (all when there is none) and were seen in the range, give or take an hour."""
        held = self._tenants.get(tenant)
        return [] if held is None else held.seen(matcher_sets, within)


@dataclass(slots=True, eq=False)
class _Asked:
    """A regex matcher, how many of a label's values it was asked about, and those of them that it matches."""

    matcher: Matcher
    done: int = 0
    matching: list[str] = field(default_factory=list)


class Regex:
    """A regex matcher over the values of a label that it has not been asked about."""

    def __init__(self, asked: _Asked, values: Sequence[str]) -> None:
        self._asked = asked
        self._start = asked.done
        self._matching: list[str] = []
        self.values = values

    def evaluate(self) -> None:
        """Ask about each value; in any thread."""
        self._matching = [value for value in self.values if self._asked.matcher.matches(value)]

    def remember(self) -> None:
        """Keep the outcome, unless another query has brought it meanwhile; in the index's own thread."""
        if self._asked.done == self._start:
            self._asked.matching += self._matching
            self._asked.done += len(self.values)


class _Label:
    """One label name: its values in the order in which they came, and their postings."""

    __slots__ = ("_regexes", "postings", "values")

    def __init__(self) -> None:
        self.values: list[str] = []
        self.postings: dict[str, array[int]] = {}
        self._regexes: OrderedDict[Matcher, _Asked] = OrderedDict()

    def add(self, value: str, number: int) -> None:
        """A series has this value."""
        posting = self.postings.get(value)
        if posting is None:
            posting = self.postings[value] = array("I")
            self.values.append(value)
        posting.append(number)

    def regex(self, matcher: Matcher) -> Regex:
        """What a regex still has to be asked about."""
        asked = self._asked(matcher)
        return Regex(asked, self.values[asked.done :])

    def _asked(self, matcher: Matcher) -> _Asked:
        found = self._regexes.pop(matcher, None) or _Asked(matcher)
        self._regexes[matcher] = found
        if len(self._regexes) > _REMEMBERED_REGEXES:
            self._regexes.popitem(last=False)
        return found

    def _matching(self, matcher: Matcher) -> list[str]:
        rest = self.regex(matcher)
        rest.evaluate()
        rest.remember()
        return self._asked(matcher).matching

    def having(self, matcher: Matcher) -> Numbers:
        """The series whose value, which is not empty, satisfies the matcher; ascending."""
        if matcher.op is MatchOp.EQUAL:
            return self._union([matcher.value])
        if matcher.op is MatchOp.NOT_EQUAL:
            return self._union([value for value in self.values if value != matcher.value])
        return self._union(self._matching(matcher))

    def lacking(self, matcher: Matcher) -> Numbers:
        """The series whose value, which is not empty, does not satisfy the matcher; ascending."""
        if matcher.op is MatchOp.NOT_EQUAL:
            return self._union([matcher.value])
        if matcher.op is MatchOp.EQUAL:  # of the empty value
            return self._union(self.values)
        matching = set(self._matching(matcher))
        return self._union([value for value in self.values if value not in matching])

    def _union(self, values: Sequence[str]) -> Numbers:
        parts = [np.array(self.postings[value], np.uint32) for value in values if value in self.postings]
        if len(parts) == 1:
            return parts[0]
        return np.sort(np.concatenate(parts)) if parts else _NOBODY


class _TenantIndex:
    """One tenant's series by number: labels, ids, and when the store says they were seen."""

    def __init__(self) -> None:
        self.weight = 0
        self.numbers: dict[int, int] = {}
        self._labels: list[Labels] = []
        self._names: dict[str, _Label] = {}
        self._ids: Ids = np.empty(0, np.uint64)
        self._first: Times = np.empty(0, np.int64)
        self._last: Times = np.empty(0, np.int64)
        self._ranks = _Ranks(self._labels)
        self._found: OrderedDict[Matchers, tuple[int, KnownSeries]] = OrderedDict()

    def learn(self, one: int, labels: Labels) -> None:
        """Number a new series."""
        number = len(self._labels)
        if number == len(self._ids):
            self._grow(max(_FEWEST, 2 * number))
        self.numbers[one] = number
        self._ids[number] = one
        self._labels.append(labels)
        for name, value in labels:
            label = self._names.get(name)
            if label is None:
                label = self._names[name] = _Label()
            label.add(value, number)

    def see(self, number: int, first: int, last: int) -> None:
        """Widen the time a series was seen."""
        self._first[number] = min(self._first[number], first)
        self._last[number] = max(self._last[number], last)

    def see_all(self, numbers: Numbers, first: Times, last: Times) -> None:
        """Widen the times that different series were seen."""
        self._first[numbers] = np.minimum(self._first[numbers], first)
        self._last[numbers] = np.maximum(self._last[numbers], last)

    def regexes(self, matcher_sets: Iterable[Matchers]) -> list[Regex]:
        """Regexes with values that they have not been asked about."""
        found = [
            self._names[one.name].regex(one)
            for matchers in matcher_sets
            for one in matchers
            if one.op in {MatchOp.MATCHES, MatchOp.NOT_MATCHES} and one.name in self._names
        ]
        return [one for one in found if one.values]

    def find(self, matchers: Matchers) -> KnownSeries:
        """The series that satisfy all matchers."""
        known = len(self._labels)
        remembered, found = self._found.get(matchers, (-1, NO_SERIES))
        if remembered == known:
            return found
        numbers = self._ranks.ordered(self._numbers(matchers))
        found = KnownSeries(self._ids[numbers], tuple([self._labels[number] for number in numbers.tolist()]))
        if len(found) <= _REMEMBERED_SERIES:
            self._found[matchers] = (known, found)
            if len(self._found) > _REMEMBERED_ANSWERS:
                self._found.popitem(last=False)
        return found

    def seen(self, matcher_sets: Sequence[Matchers], within: TimeRange) -> list[Labels]:
        """The label sets that satisfy any of the sets and were seen."""
        numbers = np.unique(np.concatenate([self._numbers(matchers) for matchers in matcher_sets or ((),)]))
        seen = (self._first[numbers] <= within.end) & (self._last[numbers] >= within.start - HOUR)
        return [self._labels[number] for number in numbers[seen].tolist()]

    def _numbers(self, matchers: Matchers) -> Numbers:
        """The series that satisfy all matchers, ascending."""
        wanted = [self._having(one) for one in matchers if not one.matches_empty]
        wanted.sort(key=len)
        found = wanted[0] if wanted else np.arange(len(self._labels), dtype=np.uint32)
        for other in wanted[1:]:
            found = found[_among(found, other)]
        for matcher in matchers:
            if matcher.matches_empty and matcher.name in self._names:
                found = found[~_among(found, self._names[matcher.name].lacking(matcher))]
        return found

    def _having(self, matcher: Matcher) -> Numbers:
        label = self._names.get(matcher.name)
        return _NOBODY if label is None else label.having(matcher)

    def _grow(self, size: int) -> None:
        self._ids = lengthened(self._ids, size)
        self._first = lengthened(self._first, size, MAX_TIME)
        self._last = lengthened(self._last, size, MIN_TIME)


class _Ranks:
    """The order of all label sets of a tenant, brought up to date when it is asked for."""

    def __init__(self, labels: Sequence[Labels]) -> None:
        self._labels = labels
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._rank: NDArray[np.int64] = np.empty(0, np.int64)

    def ordered(self, numbers: Numbers) -> Numbers:
        """The numbers in ascending order of their label sets."""
        fresh = len(self._labels) - len(self._order)
        if fresh > _FRESH_FOR_ONE * len(numbers):  # few of many: a small query does not wait until all are in order
            return np.array(sorted(numbers.tolist(), key=self._labels.__getitem__), np.uint32)
        if fresh:
            self._update()
        return numbers[np.argsort(self._rank[numbers])]

    def _update(self) -> None:
        known = len(self._order)
        fresh = sorted(range(known, len(self._labels)), key=self._labels.__getitem__)
        if known < len(fresh):
            order = sorted((*self._order.tolist(), *fresh), key=self._labels.__getitem__)
            self._order = np.array(order, np.int64)
        else:
            places = [bisect_left(self._order, self._labels[one], key=self._labels.__getitem__) for one in fresh]
            self._order = np.insert(self._order, places, fresh)
        self._rank = np.empty(len(self._order), np.int64)
        self._rank[self._order] = np.arange(len(self._order))


def _among(numbers: Numbers, others: Numbers) -> NDArray[np.bool_]:
    """Which of the numbers are among others, which ascend."""
    if not len(others):
        return np.zeros(len(numbers), np.bool_)
    found: NDArray[np.bool_] = others[np.minimum(np.searchsorted(others, numbers), len(others) - 1)] == numbers
    return found


def _weight(labels: Labels) -> int:
    return _SERIES_BYTES + _LABEL_BYTES * len(labels) + sum([len(value) for _, value in labels])
