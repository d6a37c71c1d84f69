"""Which series there are, in memory: for each label, a name with a value, the series that have it.

Series are numbered within their tenant in the order in which they were learnt, so that postings, the numbers of the series that
have a label, ascend by themselves. Everything that there is one of for each series lies in columns; objects are made for those that
a query finds. A regex is evaluated once per distinct value, and remembered.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels import postings
from sightline.domain.kernels.spans import ABSENT
from sightline.domain.labels import Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.cardinality import LabelCounts
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import NO_SERIES, KnownSeries
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.roster import Named, Roster, Rosters
from sightline.domain.metrics.samples import Ids, Times
from sightline.domain.metrics.span_table import Spans, SpanTable
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME, MIN_TIME

Numbers = NDArray[np.uint32]

DEFAULT_BYTES: Final = 1 << 30
"""Enough for a million series with six labels, one or two of them their own."""
# What a series, each of its labels and each new label take besides their text.
_SERIES_BYTES: Final = 130
_ENTRY_BYTES: Final = 12
_PAIR_BYTES: Final = 350
_NOBODY: Final = np.empty(0, np.uint32)
_REMEMBERED_ANSWERS: Final = 5_000
_REMEMBERED_SERIES: Final = 200_000  # of all answers together
_REMEMBERED_REGEXES: Final = 64
_FEWEST: Final = 64
# When hidden series were seen: outside of every range, that of all time too.
_AT_NO_TIME: Final = (int(np.iinfo(np.int64).max), int(np.iinfo(np.int64).min))
_FRESH_FOR_ONE: Final = 4


class LabelIndex:
    """All tenants' series. Changed and asked from one thread; only `Regex.evaluate` may run in others.

    A tenant whose series do not fit into the bound is given up: `covers` is false for it from then on.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES, rosters: Rosters | None = None) -> None:
        """Knows nothing, and says so, until `complete` is called. Series are best named in the roster of their tenant."""
        self._max_bytes = max_bytes
        self._rosters = rosters or Rosters()
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

    def learn(self, tenant: Tenant, ids: Ids, labels: Sequence[Labels]) -> None:
        """Know series (k,), by their ids; those that are known already stay as they are."""
        self._learn(tenant, ids, labels)

    def _learn(self, tenant: Tenant, ids: Ids, labels: Sequence[Labels]) -> Numbers:
        """Their numbers in the roster of the tenant's index; none when the tenant is given up."""
        held = self._tenants.get(tenant)
        if held is None:
            if tenant in self._given_up:
                return _NOBODY
            held = self._tenants[tenant] = _TenantIndex(self._rosters.of(tenant))
        before, numbers = held.weight, held.roster.numbers(labels)
        held.learn(ids, numbers)
        self._weight += held.weight - before
        while self._weight > self._max_bytes:
            largest = max(self._tenants, key=lambda name: self._tenants[name].weight)
            self._given_up.add(largest)
            self._weight -= self._tenants.pop(largest).weight
        return numbers

    def see(self, tenant: Tenant, ids: Ids, labels: Sequence[Labels], first: Times, last: Times) -> None:
        """Know distinct series (k,), and that the store says they were seen from `first` to `last` (k,), ms."""
        numbers = self._learn(tenant, ids, labels)
        held = self._tenants.get(tenant)
        if held is not None:
            held.see(numbers, first, last)

    def take(self, batch: SealedRange, series: slice) -> None:
        """See what a range says of some of its series."""
        bounds = np.searchsorted(batch.series_tenant[series], np.arange(len(batch.tenants) + 1)).tolist()
        ids, labels = batch.series_id[series], batch.labels[series]
        first, last = batch.first_seen[series], batch.last_seen[series]
        for tenant, start, end in zip(batch.tenants, bounds, bounds[1:], strict=False):
            if start < end:
                self.see(tenant, ids[start:end], labels[start:end], first[start:end], last[start:end])

    def hide(self, tenant: Tenant, ids: Ids) -> None:
        """Some series have no sample left: the store saw them at no time, until `reveal`."""
        held = self._tenants.get(tenant)
        if held is not None and len(ids):
            held.hide(ids)

    def reveal(self, batch: SealedRange) -> None:
        """A range has samples of series that may be hidden."""
        for number, tenant in enumerate(batch.tenants):
            held = self._tenants.get(tenant)
            if held is not None and held.hides:
                held.reveal(batch.run_id[batch.run_tenant == number])

    def regexes(self, tenant: Tenant, matcher_sets: Iterable[Matchers]) -> list["Regex"]:
        """What is to be evaluated, in any thread, so that `find` and `seen` do not have to."""
        held = self._tenants.get(tenant)
        return [] if held is None else held.regexes(matcher_sets)

    def find(self, tenant: Tenant, matchers: Matchers) -> KnownSeries:
        """The series that satisfy all matchers, whenever they were seen."""
        held = self._tenants.get(tenant)
        return NO_SERIES if held is None else held.find(matchers)

    def counts(self, tenant: Tenant) -> LabelCounts:
        """How many series have each label, at this moment."""
        held = self._tenants.get(tenant) or _TenantIndex(Roster())
        return held.label_counts()

    def match(self, tenant: Tenant, matcher_sets: Sequence[Matchers]) -> "Matched":
        """The series that satisfy any of the sets, all when there is none."""
        held = self._tenants.get(tenant) or _TenantIndex(Roster())
        return held.match(matcher_sets)


class Matched:
    """k series of a tenant and what the store says of when they were seen.

    named: their label sets in a roster. first, last: int64 (k,), ms; first > last for one that the store does not know.
    """

    def __init__(self, index: "_TenantIndex", numbers: Numbers) -> None:
        self._index = index
        self._numbers = numbers
        self.named, self.first, self.last = index.spans(numbers)

    def __len__(self) -> int:
        """How many series."""
        return len(self._numbers)

    def labels(self, chosen: NDArray[np.bool_]) -> list[Labels]:
        """The label sets of the chosen ones."""
        return self._index.labels(self._numbers[chosen])

    def names(self, chosen: NDArray[np.bool_]) -> list[str]:
        """The label names that the chosen ones have."""
        return list({name for name, _ in self._index.pairs(self._numbers[chosen])})

    def values(self, name: str, chosen: NDArray[np.bool_]) -> list[str]:
        """The values that the chosen ones have of a label."""
        return [value for one, value in self._index.pairs(self._numbers[chosen]) if one == name]


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
    """One label name: its values in the order in which they came, and the number of each among all labels."""

    __slots__ = ("_index", "_regexes", "numbers", "values")

    def __init__(self, index: "_TenantIndex") -> None:
        self._index = index
        self.values: list[str] = []
        self.numbers: dict[str, int] = {}
        self._regexes: OrderedDict[Matcher, _Asked] = OrderedDict()

    def add(self, value: str, number: int) -> None:
        """There is this value."""
        self.numbers[value] = number
        self.values.append(value)

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
        numbers = [self.numbers[value] for value in values if value in self.numbers]
        found = self._index.having(np.array(numbers, np.int64))
        if len(numbers) > 1:
            found.sort()
        return found


class _TenantIndex:
    """One tenant's series by number: ids, labels, and when the store says they were seen.

    An entry is one label of one series: entries bounds[n] to bounds[n + 1] are those of series n.
    """

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.weight = 0
        self._count = 0
        self._of_roster: NDArray[np.int64] = np.empty(0, np.int64)
        self._in_roster: Numbers = np.empty(0, np.uint32)
        self._ids: Ids = np.empty(0, np.uint64)
        self._first: Times = np.empty(0, np.int64)
        self._last: Times = np.empty(0, np.int64)
        self._bounds: NDArray[np.int64] = np.zeros(1, np.int64)
        self._series: Numbers = np.empty(0, np.uint32)  # of each entry, as the next two
        self._pairs: Numbers = np.empty(0, np.uint32)
        self._previous: postings.Links = np.empty(0, np.int32)
        self._heads: postings.Links = np.empty(0, np.int32)  # of each label, as the next
        self._counts: postings.Links = np.empty(0, np.int32)
        self._by_id = SpanTable()
        self._table = SpanTable()
        self._texts: list[tuple[str, str]] = []
        self._names: dict[str, _Label] = {}
        self._made: dict[int, Labels] = {}
        self._ranks = _Ranks(self)
        self._found: OrderedDict[Matchers, tuple[int, KnownSeries]] = OrderedDict()
        self._remembered = 0
        self._hidden: set[int] = set()  # ids

    def __len__(self) -> int:
        return self._count

    def learn(self, ids: Ids, numbers: Numbers) -> None:
        """Number the series that are new among some, given by their numbers in the roster."""
        if len(self.roster) > len(self._of_roster):
            self._of_roster = lengthened(self._of_roster, max(_FEWEST, len(self.roster) * 5 // 4), ABSENT)
        fresh = np.flatnonzero(self._of_roster[numbers] == ABSENT)
        if not len(fresh):
            return
        # Of two label sets with one id the first is the series.
        first, found = self._count, self._by_id.put(Spans.of_ids(ids[fresh]))
        _, rows = np.unique(found, return_index=True)
        fresh = fresh[rows[found[rows] >= first]]
        if not len(fresh):
            return
        numbers, after = numbers[fresh], len(self._by_id)
        if after > len(self._ids):
            self._grow(max(_FEWEST, 2 * after))
        self._of_roster[numbers] = np.arange(first, after)
        self._in_roster[first:after], self._ids[first:after] = numbers, ids[fresh]
        texts = self.roster.texts(numbers)
        entries = self._enter(texts, first)
        self._count = after
        self.weight += len(texts.data) + _SERIES_BYTES * len(fresh) + _ENTRY_BYTES * entries

    def _enter(self, texts: Spans, first: int) -> int:
        """Enter the labels of new series, the first of which has that number; returns how many labels they have."""
        most = (texts.data.count(b"\xff") + len(texts.starts)) // 2
        starts, ends, counts = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(len(texts.starts), np.int64)
        total = postings.cut(*texts, starts, ends, counts)
        pairs = self._table.put(Spans(texts.data, starts[:total], ends[:total])).astype(np.uint32)
        self._add_pairs()
        at = int(self._bounds[first])
        if at + total > len(self._pairs):
            size = max(_FEWEST, 3 * (at + total) // 2)
            self._series, self._pairs = lengthened(self._series, size), lengthened(self._pairs, size)
            self._previous = lengthened(self._previous, size)
        self._pairs[at : at + total] = pairs
        self._series[at : at + total] = np.repeat(np.arange(first, first + len(counts), dtype=np.uint32), counts)
        self._bounds[first + 1 : first + 1 + len(counts)] = at + np.cumsum(counts)
        postings.hang(pairs, at, self._heads, self._counts, self._previous)
        return total

    def _add_pairs(self) -> None:
        """Make names and values of labels that are new to the table."""
        known, count = len(self._texts), len(self._table)
        if count > len(self._heads):
            self._heads = lengthened(self._heads, max(_FEWEST, 2 * count), ABSENT)
            self._counts = lengthened(self._counts, max(_FEWEST, 2 * count))
        for number in range(known, count):
            text = self._table.text(number)
            name, value = (part.decode() for part in text.split(b"\xff"))
            label = self._names.get(name)
            if label is None:
                label = self._names[name] = _Label(self)
            label.add(value, number)
            self._texts.append((name, value))
            self.weight += _PAIR_BYTES + 2 * len(text)

    def see(self, numbers: Numbers, first: Times, last: Times) -> None:
        """Widen the times that different series, given by their numbers in the roster, were seen."""
        rows = self._of_roster[numbers]
        here = np.flatnonzero(rows != ABSENT)
        rows = rows[here]
        self._first[rows] = np.minimum(self._first[rows], first[here])
        self._last[rows] = np.maximum(self._last[rows], last[here])

    @property
    def hides(self) -> bool:
        """Whether some series are hidden."""
        return bool(self._hidden)

    def hide(self, ids: Ids) -> None:
        """Say of these series that they were seen at no time."""
        self._hidden.update(ids.tolist())

    def reveal(self, ids: Ids) -> None:
        """Say again of these series when they were seen."""
        self._hidden.difference_update(ids.tolist())

    def spans(self, numbers: Numbers) -> tuple[Named, Times, Times]:
        """The label sets of series in the roster, and from when to when they were seen."""
        first, last = self._first[numbers], self._last[numbers]
        if self._hidden:
            hidden = [one in self._hidden for one in self._ids[numbers].tolist()]
            first[hidden], last[hidden] = _AT_NO_TIME
        return self.roster.named(self._in_roster[numbers]), first, last

    def labels(self, numbers: Numbers) -> list[Labels]:
        """The label sets of series, made once."""
        made = self._made
        for number in numbers.tolist():
            if number not in made:
                entries = self._pairs[self._bounds[number] : self._bounds[number + 1]].tolist()
                made[number] = Labels([self._texts[pair] for pair in entries])
        return [made[number] for number in numbers.tolist()]

    def pairs(self, numbers: Numbers) -> list[tuple[str, str]]:
        """The labels that any of some series has, each once."""
        marked = np.zeros(len(self._texts), np.bool_)
        postings.mark(numbers, self._bounds, self._pairs, marked)
        return [self._texts[pair] for pair in np.flatnonzero(marked).tolist()]

    def key(self, number: int) -> bytes:
        """What series are put in order by: their labels, for a checked label has no zero byte."""
        return self.roster.text(int(self._in_roster[number])).replace(b"\xff", b"\0")

    def having(self, pairs: NDArray[np.int64]) -> Numbers:
        """The series of some labels, those of each label ascending."""
        found = np.empty(int(self._counts[pairs].sum()), np.uint32)
        postings.collect(pairs, self._heads, self._counts, self._previous, self._series, found)
        return found

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
        remembered, found = self._found.get(matchers, (-1, NO_SERIES))
        if remembered == self._count:
            return found
        numbers = self._ranks.ordered(self._numbers(matchers))
        found = KnownSeries(
            self._ids[numbers], tuple(self.labels(numbers)), self.roster.named(self._in_roster[numbers])
        )
        self._remember(matchers, found)
        return found

    def _remember(self, matchers: Matchers, found: KnownSeries) -> None:
        _, before = self._found.pop(matchers, (-1, NO_SERIES))
        self._remembered += len(found) - len(before)
        self._found[matchers] = (self._count, found)
        while self._remembered > _REMEMBERED_SERIES or len(self._found) > _REMEMBERED_ANSWERS:
            self._remembered -= len(self._found.popitem(last=False)[1][1])

    def label_counts(self) -> LabelCounts:
        """How many series that are not hidden have each label; the texts go on to grow."""
        first, last = self._first[: self._count], self._last[: self._count]
        counts, count = self._counts[: len(self._texts)].astype(np.int64), self._count
        if self._hidden:
            hidden = np.isin(self._ids[:count], np.fromiter(self._hidden, np.uint64))
            entries = int(self._bounds[count])
            counts -= np.bincount(self._pairs[:entries][hidden[self._series[:entries]]], minlength=len(counts))
            first, last, count = first[~hidden], last[~hidden], count - int(hidden.sum())
        return LabelCounts(
            self._texts,
            counts,
            count,
            int(first.min(initial=MAX_TIME)),
            int(last.max(initial=MIN_TIME)),
        )

    def match(self, matcher_sets: Sequence[Matchers]) -> Matched:
        """The series that satisfy any of the sets."""
        return Matched(self, np.unique(np.concatenate([self._numbers(matchers) for matchers in matcher_sets or ((),)])))

    def _numbers(self, matchers: Matchers) -> Numbers:
        """The series that satisfy all matchers, ascending."""
        wanted = [self._having(one) for one in matchers if not one.matches_empty]
        wanted.sort(key=len)
        found = wanted[0] if wanted else np.arange(self._count, dtype=np.uint32)
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
        self._in_roster = lengthened(self._in_roster, size)
        self._ids = lengthened(self._ids, size)
        self._first = lengthened(self._first, size, MAX_TIME)
        self._last = lengthened(self._last, size, MIN_TIME)
        self._bounds = lengthened(self._bounds, size + 1)


class _Ranks:
    """The order of all label sets of a tenant, brought up to date when it is asked for."""

    def __init__(self, index: _TenantIndex) -> None:
        self._index = index
        self._order: NDArray[np.int64] = np.empty(0, np.int64)
        self._rank: NDArray[np.int64] = np.empty(0, np.int64)

    def ordered(self, numbers: Numbers) -> Numbers:
        """The numbers in ascending order of their label sets."""
        fresh = len(self._index) - len(self._order)
        if fresh > _FRESH_FOR_ONE * len(numbers):  # few of many: a small query does not wait until all are in order
            return np.array(sorted(numbers.tolist(), key=self._index.key), np.uint32)
        if fresh:
            self._update()
        return numbers[np.argsort(self._rank[numbers])]

    def _update(self) -> None:
        known, key = len(self._order), self._index.key
        fresh = sorted(range(known, len(self._index)), key=key)
        if known < len(fresh):
            order = sorted((*self._order.tolist(), *fresh), key=key)
            self._order = np.array(order, np.int64)
        else:
            places = [bisect_left(self._order, key(one), key=key) for one in fresh]
            self._order = np.insert(self._order, places, fresh)
        self._rank = np.empty(len(self._order), np.int64)
        self._rank[self._order] = np.arange(len(self._order))


def _among(numbers: Numbers, others: Numbers) -> NDArray[np.bool_]:
    """Which of the numbers are among others, which ascend."""
    if not len(others):
        return np.zeros(len(numbers), np.bool_)
    found: NDArray[np.bool_] = others[np.minimum(np.searchsorted(others, numbers), len(others) - 1)] == numbers
    return found
