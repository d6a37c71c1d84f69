"""The samples that differential tests ask about, the same in every run, and how they are sent.

Values are multiples of 1/8 and moderate, so that sums of them are exact in whatever order they are added up: what then differs is
no rounding. Series differ from one another at every instant, so that nothing hangs on which of equal values is taken. Samples lie
7 ms or more off the half second, queries on it: no window begins at a sample.
"""

import math
import random
from collections.abc import Iterator
from itertools import groupby
from typing import Final

import numpy as np

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch

BASE: Final = 1_700_000_000_000
"""Where the samples begin, ms."""
SPAN: Final = 1_800_000
"""How long they go on, ms."""
OFF_GRID: Final = 7
"""By how much a sample misses the half seconds at least, ms."""

Rows = dict[Labels, dict[int, float]]

_SPACING: Final = 15_000
_SAMPLES: Final = SPAN // _SPACING
_REQUEST: Final = 300_000  # ms of samples in one write


def recorded() -> Rows:
    """All series, by their labels: the values by time, ms."""
    rng = random.Random(42)
    return {
        **_counters(rng),
        **_gauges(rng),
        **_histograms(rng),
        **_joined(),
        **_extreme(),
        **_broken(rng),
        **_named_oddly(),
        **_precise(),
    }


def _every(spacing: int, start: int = 0, end: int = SPAN) -> Iterator[int]:
    return (BASE + OFF_GRID + at for at in range(start, end, spacing))


def _counters(rng: random.Random) -> Rows:
    """Counters far above zero that fall now and then, and miss samples; and one that is sampled fast and at odd moments."""
    data: Rows = {}
    for number, (host, code) in enumerate((host, code) for host in ("a", "b") for code in ("200", "404", "500")):
        level, falls, own = float(rng.randrange(10**6, 2 * 10**6)), rng.sample(range(_SAMPLES), 3), {}
        for k, at in enumerate(_every(_SPACING)):
            level = float(level * 3 // 10) if k in falls else level + rng.randrange(50)
            if rng.random() > 0.05:
                own[at] = level + number / 8
        data[Labels.of(__name__="requests_total", host=host, code=code)] = own
    for host in ("a", "b"):
        level, own = 500_000.0, {}
        for at in _every(1_000, 300_000, 700_000):
            level += rng.randrange(5)
            own[at + rng.randrange(480)] = level + (host == "b") / 2
        data[Labels.of(__name__="ticks_total", host=host)] = own
    return data


def _gauges(rng: random.Random) -> Rows:
    """Values that go up and down through zero, sampled at odd moments; and some that stay the same or are equal to others."""
    data: Rows = {}
    for number, host in enumerate(("a", "b", "c")):
        data[Labels.of(__name__="temperature", host=host, room=f"{number % 2}")] = {
            BASE + 1000 * (_SPACING * k // 1000 + rng.randrange(5)) + OFF_GRID: round(rng.gauss(0, 30)) + number / 8
            for k in range(_SAMPLES)
        }
    for number in range(4):
        data[Labels.of(__name__="replicas", app=f"app-{number}", zone="xyz"[number % 3])] = {
            at: float(number // 2 + (at // 120_000) % 3) for at in _every(30_000)
        }
    data[Labels.of(__name__="lonely")] = {BASE + 600_000 + OFF_GRID: 3.0}
    return data


def _histograms(rng: random.Random) -> Rows:
    """Buckets: of one host they fall from bound to bound now and then, one misses some, one has no end, one bound is no number."""
    data: Rows = {}
    for host in ("a", "b", "c"):
        counts = [20_000] * 5
        for k, at in enumerate(_every(_SPACING)):
            counts = [count + rng.randrange(5) for count in counts]
            for n, bound in enumerate(("-1", "0.1", "0.5", "2", "+Inf")):
                if (host == "c" and bound == "+Inf") or rng.random() < 0.03:
                    continue
                fallen = 100_000 if host == "b" and k % 40 == 7 and n == 2 else 0
                own = data.setdefault(Labels.of(__name__="latency_bucket", host=host, le=bound), {})
                own[at] = float(sum(counts[: n + 1]) - fallen)
    for bound in ("1", "1.0", "3e0", "+Inf", "wide"):
        data[Labels.of(__name__="size_bucket", le=bound)] = {at: len(bound) * 10.0 for at in _every(60_000)}
    return data


def _joined() -> Rows:
    """What joins meet: one series a host, one with more labels, one whose labels all other metrics lack."""
    data: Rows = {}
    for number, host in enumerate(("a", "b")):
        data[Labels.of(__name__="limit", host=host)] = dict.fromkeys(_every(60000), 10000.0 + number)
        data[Labels.of(__name__="owner", host=host, team=f"team-{host}")] = dict.fromkeys(_every(60000), 1.0)
    return data


def _extreme() -> Rows:
    """Values at the ends of float64 and beyond."""
    cycles = {
        "infinite": (1.0, math.nan, math.inf, -math.inf, 0.0),
        "signs": (0.0, -0.0, -1.5, 1.5),
        "tiny": (5e-324, -5e-324, 2.2250738585072014e-308, 0.0),
        "huge": (1.7e308, -1.7e308, 1e300, 4503599627370497.5),
    }
    return {
        Labels.of(__name__="extreme", kind=kind): {at: cycle[k % len(cycle)] for k, at in enumerate(_every(45_000))}
        for kind, cycle in cycles.items()
    }


def _broken(rng: random.Random) -> Rows:
    """Series that begin, end with a stale marker, come back and pause longer than the lookback."""
    data: Rows = {}
    for number, host in enumerate(("a", "b", "c")):
        own = {}
        for k, at in enumerate(_every(_SPACING, 120_000 * number, SPAN - 240_000)):
            if 40 <= k < 70 or rng.random() < 0.1:
                continue
            own[at] = float(STALE) if rng.random() < 0.06 else float(rng.randrange(100)) + number / 8
        data[Labels.of(__name__="flapping", host=host)] = own
    return data


def _named_oddly() -> Rows:
    """Labels with letters of all kinds, quotes and dollars."""
    return {
        Labels.of(__name__="odd:labels", path=path, kind=kind): dict.fromkeys(_every(60000), 1.0 + number / 8)
        for number, (path, kind) in enumerate(
            ((r"C:\x", "back$1"), ('say "hi"', "ünï"), ("a/b/c", "日本"), ("", "none"), ("$0", "A"), ("a.b", "a"))
        )
    }


def _precise() -> Rows:
    """What adds up to 2 if nothing is lost: of one series in time, of four at an instant."""
    values = (1.0, 1e100, 1.0, -1e100)
    at = BASE + 60_000 + OFF_GRID
    return {
        Labels.of(__name__="precise_in_time"): {at + 1000 * n: value for n, value in enumerate(values)},
        **{Labels.of(__name__="precise", n=f"{n}"): {at: value} for n, value in enumerate(values)},
    }


def batches(data: Rows) -> Iterator[WriteBatch]:
    """All samples in order of time, some minutes of them at a time, as a sender would have sent them."""
    found = sorted((at, number, value) for number, own in enumerate(data.values()) for at, value in own.items())
    names = tuple(data)
    for _, group in groupby(found, key=lambda sample: (sample[0] - BASE) // _REQUEST):
        times, series, values = zip(*group, strict=True)
        yield WriteBatch(names, np.array(series, np.uint32), np.array(times, np.int64), np.array(values, np.float64))
