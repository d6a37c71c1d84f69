"""What recording rules would have stored, worked out over history piece by piece and written by remote write.

Every piece is a range query; what it yields is what evaluations at each of its instants would have, stale markers included. Nothing
but the series of the last instant is remembered from one piece to the next, so memory does not grow with the length of the history.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from sightline.adapters.inbound.cli.asking import Answer, Asking, post, post_form, succeed
from sightline.adapters.inbound.cli.program import Ended, Exit
from sightline.adapters.network.statuses import is_success
from sightline.adapters.wire.remote_write import encode
from sightline.domain.alerts.group import RuleGroup
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.promql.parse import parse
from sightline.domain.promql.reach import reach
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.timerange import MINUTE

SAMPLES: Final = 200_000
"""Samples that one piece is to yield: some 10 MB of JSON."""
FIRST: Final = 100
"""Instants of the first piece at most, for how many series a rule yields is not known before."""
MOST: Final = 10_000
"""Instants of one piece at most."""
GROWTH: Final = 4
"""How many times as long as the piece before a piece may be: series may come that were not there."""
FAILURES: Final = 10_000
"""Instants at which a rule may fail before it is given up."""
PATIENCE: Final = 120
"""How often a write that the server cannot take now is sent again."""

_EXECUTION: Final = 422
_LATER: Final = frozenset({429, 503})
_LONGEST_PAUSE: Final = 30.0
_TOO_MUCH: Final = frozenset({"query_points_limit", "query_samples_limit", "query_memory_limit", "query_timeout"})
_TOO_OLD: Final = "sample_out_of_bounds"


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = []
    histograms: list[msgspec.Raw] = []


class _Data(msgspec.Struct):
    resultType: str  # noqa: N815 - as the API writes it
    result: list[_Series]


class _Matrix(msgspec.Struct):
    data: _Data


@dataclass(slots=True, eq=False)
class Progress:
    """What became of a rule so far. failures: instants at which it failed; problem: why the last time."""

    group: RuleGroup
    rule: RecordingRule
    samples: int = 0
    markers: int = 0
    failures: int = 0
    problem: str = ""
    before: frozenset[Labels] = frozenset()


@dataclass(frozen=True, slots=True)
class Stretch:
    """The instants of a group that lie in a range of history: `count` of them from `first`, ms, an interval apart."""

    group: RuleGroup
    rules: tuple[RecordingRule, ...]
    first: int
    count: int

    @classmethod
    def of(cls, group: RuleGroup, rules: Sequence[RecordingRule], start: int, end: int) -> "Stretch":
        """The instants from start to end, ms, both included; those at which a running program evaluates the group."""
        first = group.slot(start + group.interval - 1)
        return cls(group, tuple(rules), first, max(0, (end - first) // group.interval + 1))

    @property
    def last(self) -> int:
        """The last instant, ms; before the first when there is none."""
        return self.first + (self.count - 1) * self.group.interval


@dataclass(frozen=True, slots=True, eq=False)
class _Yield:
    """What a rule yields over c instants: k series, values float64 (k, c), there bool (k, c), and good bool (c,).

    good: at which instants it could be evaluated; nothing is there at the others.
    """

    labels: list[Labels]
    values: NDArray[np.float64]
    there: NDArray[np.bool_]
    good: NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Backfill:
    """Fills stretches of history one after another. tell: is called with what has been reached, ms, again and again."""

    asking: Asking
    tell: Callable[[Stretch, int], None]
    pause: Callable[[float], None]
    progress: list[Progress] = field(default_factory=list)

    def run(self, stretch: Stretch) -> None:
        """Work through all of a stretch.

        Raises:
            Ended: a rule fails again and again, the server cannot be asked, or it does not keep what is so old.
        """
        rules = [Progress(stretch.group, rule) for rule in stretch.rules]
        self.progress += rules
        if not stretch.count:
            return
        whole = not any(_is_bounded(rule.expr) for rule in stretch.rules)
        for one in rules:
            one.before = self._present_before(one, stretch)
        most = max(len(one.before) for one in rules)
        at, largest = 0, FIRST
        while at < stretch.count:
            steps = max(1, min(largest, SAMPLES // max(1, most))) if whole else 1
            count = min(steps, stretch.count - at)
            first = stretch.first + at * stretch.group.interval
            most = self._piece(rules, first, count)
            at, largest = at + count, min(MOST, GROWTH * count)
            self.tell(stretch, first + (count - 1) * stretch.group.interval)

    def _piece(self, rules: Sequence[Progress], first: int, count: int) -> int:
        """Evaluate and store some instants of all rules; gives the most series that one of them has."""
        written: dict[Labels, NDArray[np.bool_]] = {}
        most = 0
        for one in rules:
            found = self._limited(one, self._evaluated(one, first, count))
            ended, one.before = _ended(found, one.before)
            for labels, at in ended.items():
                if labels in written:  # another rule of that name goes on with the series
                    at &= ~written[labels]  # noqa: PLW2901 - in place
            self._store(one, found, ended, first)
            for row, labels in enumerate(found.labels):
                written[labels] = found.there[row] | written.get(labels, False)
            most = max(most, len(found.labels))
        return most

    def _present_before(self, one: Progress, stretch: Stretch) -> frozenset[Labels]:
        """The series that a rule yields at the instant before the first, so that those which end at the first are marked."""
        found = self._limited(one, self._evaluated(one, stretch.first - stretch.group.interval, 1))
        one.failures = 0
        return frozenset(found.labels)

    def _limited(self, one: Progress, found: _Yield) -> _Yield:
        """Without the instants at which a rule yields more than its group allows, or one series twice."""
        limit = one.group.limit
        over = found.there.sum(axis=0) > limit if limit else np.zeros(len(found.good), np.bool_)
        if over.any():
            self._failed(one, int(over.sum()), f"exceeded limit of {limit}")
        named = one.rule.named(found.labels)
        places = {labels: row for row, labels in enumerate(dict.fromkeys(named))}
        if len(places) == len(named):
            there = found.there & ~over
            return _Yield(named, found.values, there, found.good & ~over)
        times = np.zeros((len(places), len(found.good)), np.int64)
        values = np.zeros(times.shape)
        for row, labels in enumerate(named):
            at, there = places[labels], found.there[row]
            times[at] += there
            values[at, there] = found.values[row, there]
        twice = (times > 1).any(axis=0)
        if twice.any():
            problem = "vector contains metrics with the same labelset after applying rule labels"
            self._failed(one, int(twice.sum()), problem)
        good = ~(over | twice)
        return _Yield(list(places), values, (times == 1) & good, found.good & good)

    def _evaluated(self, one: Progress, first: int, count: int) -> _Yield:
        """The value of a rule's expression at instants; where it cannot be evaluated at once, half by half."""
        answer = self._ask(one, first, count)
        if is_success(answer.status):
            return _read(answer, one, first - one.group.query_offset, count)
        refusal = _refusal(answer)
        if answer.status != _EXECUTION and refusal.get("code") not in _TOO_MUCH:
            raise Ended(Exit.REFUSED, f"{_where(one)}: {refusal.get('error', f'HTTP {answer.status}')}")
        if count == 1:
            self._failed(one, 1, str(refusal.get("error", "")))
            return _Yield([], np.empty((0, 1)), np.empty((0, 1), np.bool_), np.zeros(1, np.bool_))
        half = count // 2
        earlier = self._evaluated(one, first, half)
        later = self._evaluated(one, first + half * one.group.interval, count - half)
        return _joined(earlier, later)

    def _ask(self, one: Progress, first: int, count: int) -> Answer:
        begin = first - one.group.query_offset
        fields = {
            "query": one.rule.expr,
            "start": f"{begin / 1000:.3f}",
            "end": f"{(begin + (count - 1) * one.group.interval) / 1000:.3f}",
            "step": f"{one.group.interval / 1000:.3f}",
            "nocache": "1",
        }
        return self._patiently(
            lambda: post_form(self.asking, "/api/v1/query_range", fields), "query_concurrency_limit", "unavailable"
        )

    def _failed(self, one: Progress, instants: int, problem: str) -> None:
        one.failures += instants
        one.problem = problem
        if one.failures > FAILURES:
            raise Ended(
                Exit.REFUSED,
                f"{_where(one)} fails at more than {FAILURES} instants: {problem}\n"
                "Correct it, or name the rules to fill in with --group and --rule.",
            )

    def _store(self, one: Progress, found: _Yield, ended: dict[Labels, NDArray[np.bool_]], first: int) -> None:
        batch, markers = _batch(found, ended, first - one.group.query_offset, one.group.interval)
        if not len(batch):
            return
        headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        body = encode(batch)
        answer = self._patiently(lambda: post(self.asking, "/api/v1/write", body, headers))
        if _refusal(answer).get("code") == _TOO_OLD:
            raise Ended(
                Exit.REFUSED,
                f"{_refusal(answer).get('error')}\nGive a later --start, or raise `retention` and start the server again.",
            )
        succeed(self.asking, answer)
        one.samples += len(batch) - markers
        one.markers += markers

    def _patiently(self, send: Callable[[], Answer], *codes: str) -> Answer:
        """An answer that is not `later`; a request that can be taken later is sent again when it can. codes: only these, if any."""
        answer = send()
        for _ in range(PATIENCE):
            if answer.status not in _LATER or (codes and _refusal(answer).get("code") not in codes):
                break
            after = answer.headers.get("retry-after", "")
            self.pause(min(_LONGEST_PAUSE, float(after) if after.isdecimal() else 1.0))
            answer = send()
        return answer


def _where(one: Progress) -> str:
    return f"group {one.group.name!r}, rule {one.rule.record!r}"


def _is_bounded(expr: str) -> bool:
    """Whether its value depends on where a query begins or ends, as `@ end()` has it: then each instant is a query of its own."""
    return reach(parse(expr), MINUTE) is None


def _refusal(answer: Answer) -> dict[str, Any]:
    try:
        found = None if is_success(answer.status) else msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(answer: Answer, of: Progress, begin: int, count: int) -> _Yield:
    """A range query's answer on its instants."""
    try:
        data = msgspec.json.decode(answer.body, type=_Matrix).data
    except msgspec.DecodeError:
        raise Ended(Exit.REFUSED, "something other than Sightline answers") from None
    if any(one.histograms for one in data.result):
        message = (
            f"{_where(of)} yields native histograms; answers do not tell all of them, so they cannot be filled in.\n"
            "Name the rules to fill in with --group and --rule."
        )
        raise Ended(Exit.REFUSED, message)
    values = np.zeros((len(data.result), count))
    there = np.zeros(values.shape, np.bool_)
    for row, one in enumerate(data.result):
        if one.values:
            seconds, texts = zip(*one.values, strict=True)
            at = (np.rint(np.array(seconds) * 1000).astype(np.int64) - begin) // of.group.interval
            values[row, at], there[row, at] = np.array(texts, np.float64), True
    return _Yield([Labels.of(one.metric) for one in data.result], values, there, np.ones(count, np.bool_))


def _joined(earlier: _Yield, later: _Yield) -> _Yield:
    """Two pieces, one after the other."""
    rows = {labels: row for row, labels in enumerate(dict.fromkeys([*earlier.labels, *later.labels]))}
    good = np.concatenate([earlier.good, later.good])
    values, there = np.zeros((len(rows), len(good))), np.zeros((len(rows), len(good)), np.bool_)
    for piece, columns in ((earlier, slice(0, len(earlier.good))), (later, slice(len(earlier.good), None))):
        places = [rows[labels] for labels in piece.labels]
        values[places, columns], there[places, columns] = piece.values, piece.there
    return _Yield(list(rows), values, there, good)


def _ended(found: _Yield, before: frozenset[Labels]) -> tuple[dict[Labels, NDArray[np.bool_]], frozenset[Labels]]:
    """At which instants (c,) each series ends, and the series that are there at the last instant that says anything.

    before: those at the last such instant before the first.
    """
    good = np.flatnonzero(found.good)
    if not len(good):
        return {}, before
    ended: dict[Labels, NDArray[np.bool_]] = {}
    known = set(found.labels)
    for labels in before - known:
        ended[labels] = np.arange(len(found.good)) == good[0]
    for row, labels in enumerate(found.labels):
        there = found.there[row, good]
        earlier = np.concatenate([[labels in before], there[:-1]])
        if (gone := earlier & ~there).any():
            ended[labels] = np.zeros(len(found.good), np.bool_)
            ended[labels][good[gone]] = True
    last = found.there[:, good[-1]]
    return ended, frozenset(labels for labels, is_there in zip(found.labels, last, strict=True) if is_there)


def _batch(found: _Yield, ended: dict[Labels, NDArray[np.bool_]], begin: int, interval: int) -> tuple[WriteBatch, int]:
    """The samples and markers of a piece as one batch, and how many markers there are."""
    labels = list(dict.fromkeys([*found.labels, *ended]))
    places = {one: row for row, one in enumerate(labels)}
    rows, columns = np.nonzero(found.there)
    values = found.values[rows, columns]
    marks = [(places[one], column) for one, at in ended.items() for column in np.flatnonzero(at).tolist()]
    marked = np.array(marks, np.int64).reshape(-1, 2)
    series = np.concatenate([rows, marked[:, 0]])
    times = begin + interval * np.concatenate([columns, marked[:, 1]])
    order = np.lexsort((times, series))
    every = np.concatenate([values, np.full(len(marked), STALE)])
    return WriteBatch(labels, series[order].astype(np.uint32), times[order].astype(np.int64), every[order]), len(marked)


def stretches(groups: Sequence[RuleGroup], start: int, end: int) -> Iterator[Stretch]:
    """What is to be filled: the recording rules of groups between two instants, ms."""
    for group in groups:
        rules = [one for one in group.rules if isinstance(one, RecordingRule)]
        if rules:
            yield Stretch.of(group, rules, start, end)
