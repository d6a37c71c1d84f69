"""Whatever expression meets native histograms among its samples, a range query is its instant queries, and nothing breaks."""

import math
from functools import cache
from itertools import zip_longest
from typing import Final

import numpy as np
import pytest
from tests.conformance.expressions import questions
from tests.conformance.material import BASE, recorded
from tests.conformance.script import Sample, Samples
from tests.conformance.test_scripts import fetched, flat
from tests.oracles.native_histogram import Native, natives

from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import Fetch, plan
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import Grid, TimeRange


def _made(value: float, number: int) -> Sample:
    """A histogram that grows as the value does, of one of several layouts."""
    if not math.isfinite(value) or np.float64(value).view(np.uint64) == np.float64(STALE).view(np.uint64):
        return value
    size = abs(value)
    if number % 5 == 4:
        return Native(
            schema=-53, count=3 * size, sum=value, custom=(1.0, 5.0 + number % 2), positive={0: size, 2: 2 * size}
        )
    return Native(
        schema=number % 4,
        count=4 * size,
        sum=value,
        zero_threshold=0.001,
        zero_count=size,
        positive={1: size, 3: size},
        negative={2: size},
    )


@cache
def _data() -> Samples:
    """The series of material.py, of which some are histograms, and some become such or cease to be."""
    found: Samples = {}
    for number, (labels, own) in enumerate(recorded().items()):
        turns = BASE + 100_000 * (number % 15)
        found[labels] = {
            time: _made(value, number) if number % 3 == 0 or (number % 3 == 1 and time > turns) else value
            for time, value in own.items()
        }
    return found


@cache
def _found(matchers: Matchers, within: TimeRange) -> SeriesColumns:
    return fetched(_data(), Fetch(matchers, within))


_NOTHING: Final[dict[Labels, Sample]] = {}


def _evaluated(text: str, grid: Grid) -> list[dict[Labels, Sample]]:
    """The elements at each instant, whatever the grid evaluated as a range query."""
    planned = plan(parse(text), grid, is_range=True)
    value = evaluate(planned, [_found(fetch.matchers, fetch.within) for fetch in planned.fetches]).value
    if not isinstance(value, Vector):
        return [_NOTHING] * grid.points
    which = [] if value.histograms is None else natives(value.histograms.pool)
    steps: list[dict[Labels, Sample]] = [{} for _ in range(grid.points)]
    for row, instant in zip(*np.nonzero(value.present), strict=True):
        index = -1 if value.histograms is None else value.histograms.index[row, instant]
        steps[instant][value.labels[row]] = which[index] if index >= 0 else float(value.values[row, instant])
    return steps


def _same(one: Sample, other: Sample) -> bool:
    if isinstance(one, Native) and isinstance(other, Native):
        return flat(one) == pytest.approx(flat(other), rel=1e-9, abs=1e-6, nan_ok=True)
    return (
        not isinstance(one, Native)
        and not isinstance(other, Native)
        and one == pytest.approx(other, rel=1e-9, nan_ok=True)
    )


def _differs(text: str, grid: Grid) -> bool:
    try:
        whole = _evaluated(text, grid)
    except SightlineError:
        whole = None
    for at, step in zip_longest(grid.times().tolist(), whole or ()):
        try:
            there = _evaluated(text, Grid.instant(at))[0]
        except SightlineError:
            if whole is not None:
                return True
            continue
        if step is not None and (step.keys() != there.keys() or not all(_same(step[key], there[key]) for key in step)):
            return True
    return False


@pytest.mark.parametrize(("count", "seed"), [(150, 5), pytest.param(4_000, 50, marks=pytest.mark.nightly)])
def test_a_range_is_its_instants(count: int, seed: int) -> None:
    """Every step gives what an instant query there gives, with histograms, floats and both in one series."""
    assert not [one for one in questions(seed, count, 3) if _differs(*one)]
