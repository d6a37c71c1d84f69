"""A range query is its instant queries: over generated expressions, step by step, to the last bit."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np
import pytest
from tests.conformance.expressions import questions
from tests.conformance.material import recorded
from tests.conformance.test_scripts import fetched

from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import Fetch, plan
from sightline.domain.promql.values import Scalar, Vector
from sightline.domain.timerange import Grid, TimeRange

_DATA: Final = recorded()
Rows = Mapping[Labels, Mapping[int, float]]


@cache
def _found(matchers: Matchers, within: TimeRange) -> SeriesColumns:
    return fetched(_DATA, Fetch(matchers, within))


def _evaluated(text: str, grid: Grid) -> Rows:
    """The rows of an expression on a grid, whatever the grid evaluated as a range query."""
    planned = plan(parse(text), grid, is_range=True)
    value = evaluate(planned, [_found(fetch.matchers, fetch.within) for fetch in planned.fetches]).value
    times = grid.times().tolist()
    if isinstance(value, Scalar):
        return {Labels(): dict(zip(times, value.values.tolist(), strict=True))}
    assert isinstance(value, Vector)
    cells = zip(value.labels, value.values.tolist(), value.present.tolist(), strict=True)
    return {labels: {t: v for t, v, p in zip(times, vs, ps, strict=True) if p} for labels, vs, ps in cells}


def _at(rows: Rows, at: int) -> dict[Labels, float]:
    return {labels: own[at] for labels, own in rows.items() if at in own}


def differs(text: str, grid: Grid) -> bool:
    """Whether a step of the range is not what an instant query gives there; an error of one must be an error of the whole."""
    try:
        whole = _evaluated(text, grid)
    except SightlineError:
        whole = None
    for at in grid.times().tolist():
        try:
            there = _at(_evaluated(text, Grid.instant(at)), at)
        except SightlineError:
            if whole is not None:
                return True
            continue
        if whole is not None:
            step = _at(whole, at)
            values = [there[labels] for labels in step if labels in there]
            if step.keys() != there.keys() or not np.array_equal([*step.values()], values, equal_nan=True):
                return True
    return False


@pytest.mark.parametrize(("count", "seed"), [(250, 3), pytest.param(4_000, 30, marks=pytest.mark.nightly)])
def test_a_range_is_its_instants(count: int, seed: int) -> None:
    """Every step of a range query gives what an instant query there gives, unless `@` looks at the range's own ends."""
    assert not [one for one in questions(seed, count, 5) if differs(*one)]
