"""Values summed up by series, beside sums made one by one."""

import bisect
from collections import defaultdict
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch, stale_mask
from sightline.domain.statsd import banks
from sightline.domain.statsd.aggregates import Aggregates, Unsummed
from sightline.domain.statsd.measured import Head, Kind, Measured

BOUNDS = (0.1, 1.0)
NAMES = st.sampled_from([Labels.of(__name__=name) for name in "abcd"])
HEADS = st.builds(Head, st.sampled_from(Kind), NAMES, st.sampled_from([1.0, 10.0]))
VALUES = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0, -2.0])
ONE = st.tuples(HEADS, VALUES, st.booleans(), st.sampled_from([b"x", b"y", b"z"]))


def measured(values: list[tuple[Head, float, bool, bytes]]) -> Measured:
    """As a decoder gives them."""
    heads = list(dict.fromkeys(head for head, _, _, _ in values))
    return Measured(
        heads,
        np.array([heads.index(head) for head, _, _, _ in values], np.uint32),
        np.array([value for _, value, _, _ in values], np.float64),
        np.array([signed for _, _, signed, _ in values], np.bool_),
        [member for head, _, _, member in values if head.kind is Kind.SET],
    )


def content(batch: WriteBatch) -> dict[str, float | str]:
    """Values by series, `end` for a marker; without the zeros before."""
    assert len(set(batch.labels)) == len(batch.labels)
    last = batch.only(batch.times == batch.times.max(initial=-(2**62)))
    assert len(last) == len(batch.labels)
    shown = zip(last.series.tolist(), last.values.tolist(), stale_mask(last.values).tolist(), strict=True)
    return {str(last.labels[series]): "end" if stale else value for series, value, stale in shown}


def zeros(batch: WriteBatch) -> dict[str, int]:
    """The series that begin, and when."""
    before = batch.only(batch.times < batch.times.max(initial=-(2**62)))
    assert not before.values.any()
    return {str(batch.labels[series]): time for series, time in zip(before.series, before.times.tolist(), strict=True)}


class OneByOne:
    """The slow and obvious twin."""

    def __init__(self, idle: float) -> None:
        self.idle = idle
        self.rows: dict[tuple[Labels, bool], tuple[Kind, Any]] = {}
        self.touched: dict[tuple[Labels, bool], float] = {}

    def add(self, values: list[tuple[Head, float, bool, bytes]], now: float) -> int:
        """Gives how many were of another kind than their series."""
        left_out = 0
        for head, value, signed, member in values:
            empty: Any = {Kind.TIMER: [], Kind.SET: set()}.get(head.kind, 0.0)
            key = head.labels, head.kind is Kind.TIMER  # which shows series of other names
            kind, state = self.rows.setdefault(key, (head.kind, empty))
            if kind is not head.kind:
                left_out += 1
                continue
            self.touched[key] = now
            if kind is Kind.COUNTER:
                state += value * head.weight
            elif kind is Kind.GAUGE:
                state = state + value if signed else value
            elif kind is Kind.TIMER:
                state.append((value, head.weight))
            else:
                state.add(member)
            self.rows[key] = kind, state
        return left_out

    def is_total(self, name: str) -> bool:
        """Whether a series begins with a zero."""
        return "_" in name or self.rows[Labels.of(__name__=name), False][0] is Kind.COUNTER

    def flush(self, now: float) -> dict[str, float | str]:
        """What is stored."""
        found: dict[str, float | str] = {}
        for key, (kind, state) in list(self.rows.items()):
            labels, is_over = key[0], self.touched[key] <= now - self.idle
            name = labels.name
            if kind is Kind.TIMER:
                counts: dict[int, float] = defaultdict(float)
                for value, weight in state:
                    counts[bisect.bisect_left(BOUNDS, value)] += weight
                for place, text in enumerate(["0.1", "1.0", "+Inf"]):
                    found[f'{name}_bucket{{le="{text}"}}'] = sum(counts[at] for at in range(place + 1))
                found[f"{name}_sum"] = sum(value * weight for value, weight in state)
                found[f"{name}_count"] = sum(counts.values())
                shown = [one for one in found if one.startswith(f"{name}_")]
            else:
                found[name] = float(len(state)) if kind is Kind.SET else state
                shown = [name]
            if kind is Kind.SET:
                self.rows[key] = kind, set()
            if is_over:
                found |= dict.fromkeys(shown, "end")
                del self.rows[key], self.touched[key]
        return found


@given(st.lists(st.lists(ONE, max_size=8), max_size=8), st.sampled_from([1.5, 100.0]))
def test_sums_are_those_made_one_by_one(blocks: list[list[tuple[Head, float, bool, bytes]]], idle: float) -> None:
    """Counters add up, gauges last, timers fall into buckets, sets count members; what is idle ends, and begins anew."""
    ours, theirs = Aggregates(idle=idle, most=1000, began=-1000, bounds=BOUNDS), OneByOne(idle)
    before: set[str] = set()
    for now, block in enumerate(blocks):
        left_out = ours.add(measured(block), now)
        assert sum(left_out.values()) == left_out.get(Unsummed.CONFLICT, 0) == theirs.add(block, now)
        flushed, expected = ours.flush(now, 1000 * now), theirs.flush(now)
        ours.stored()
        stored = content(flushed)
        live = {name for name, value in stored.items() if value != "end"}
        begun = zeros(flushed)
        assert set(begun.values()) <= {1000 * (now - 1)}
        assert set(begun) == {name for name in live - before if theirs.is_total(name)}
        before = live
        assert set(stored) == set(expected)
        for name, value in expected.items():
            assert stored[name] == value if isinstance(value, str) else abs(float(stored[name]) - value) < 1e-9


def test_series_are_bounded() -> None:
    """Beyond the bound new series are left out, old ones go on, and what ends makes room."""
    sums = Aggregates(idle=5, most=6, began=0, bounds=BOUNDS)
    a, b, t = (Labels.of(__name__=name) for name in "abt")
    assert not sums.add(measured([(Head(Kind.TIMER, t), 0.5, False, b"")]), 0)
    assert not sums.add(measured([(Head(Kind.COUNTER, a), 1, False, b"")]), 4)
    left_out = sums.add(measured([(Head(Kind.COUNTER, one), 1, False, b"") for one in (b, a, b)]), 4)
    assert (left_out, len(sums)) == ({Unsummed.SERIES: 2}, 6)
    assert content(sums.flush(6, 0))["a"] == 2
    assert not sums.add(measured([(Head(Kind.COUNTER, b), 1, False, b"")]), 6)
    assert content(sums.flush(6, 0)) == {"a": 2, "b": 1}


def test_names_of_a_timer_are_its_own() -> None:
    """A series that another metric shows already is not shown twice."""
    sums = Aggregates(idle=5, most=100, began=0, bounds=BOUNDS)
    count = Head(Kind.COUNTER, Labels.of(__name__="t_count"))
    timer = Head(Kind.TIMER, Labels.of(__name__="t"))
    left_out = sums.add(measured([(count, 1, False, b""), (timer, 1, False, b"")]), 0)
    assert left_out == {Unsummed.CONFLICT: 1}


def test_sets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """All together take so many members between two flushes, and none more."""
    monkeypatch.setattr(banks, "MAX_MEMBERS", 1_000)
    sums = Aggregates(idle=5, most=100, began=0)
    head = Head(Kind.SET, Labels.of(__name__="s"))
    values = [(head, 0.0, False, b"%d" % number) for number in range(1_003)]
    assert sums.add(measured(values), 0) == {Unsummed.MEMBERS: 3}
    assert content(sums.flush(0, 0)) == {"s": 1_000}
    assert content(sums.flush(1, 0)) == {"s": 0}
