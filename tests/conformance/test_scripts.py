import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.conformance.script import Case, Sample, cases, numbers, series
from tests.oracles.native_histogram import Native, columns, natives, told

from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.native_histograms import MARK
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import Fetch, plan
from sightline.domain.promql.values import Answer, Scalar, Value, Vector
from sightline.domain.timerange import Grid

CASES = [case for path in sorted(Path(__file__).parent.glob("*.test")) for case in cases(path)]

Rows = dict[Labels, list[Sample | None]]


def fetched(samples: Mapping[Labels, Mapping[int, Sample]], fetch: Fetch) -> SeriesColumns:
    """What a store would answer."""
    found = []
    for labels, own in sorted(samples.items()):
        times = [time for time in sorted(own) if fetch.within.start <= time <= fetch.within.end]
        if times and satisfies(labels, fetch.matchers):
            found.append((labels, times, [own[time] for time in times]))
    natives = [value for _, _, values in found for value in values if isinstance(value, Native)]
    numbers_only = [
        (labels, times, [float(MARK) if isinstance(value, Native) else value for value in values])
        for labels, times, values in found
    ]
    return replace(SeriesColumns.of(numbers_only), histograms=columns(natives))


def answer(case: Case, grid: Grid) -> Answer:
    """What a case's expression gives on a grid."""
    planned = plan(parse(case.text), grid, is_range=case.is_range)
    return evaluate(planned, [fetched(case.samples, fetch) for fetch in planned.fetches])


def rows(value: Value) -> Rows | list[Sample] | str:
    """A value as a script writes it."""
    if isinstance(value, Vector):
        shown = value.values.astype(object)
        if value.histograms is not None:
            at, which = np.nonzero(value.histograms.index >= 0), natives(value.histograms.pool)
            for row, instant in zip(*at, strict=True):
                shown[row, instant] = which[value.histograms.index[row, instant]]
        cells = zip(value.labels, shown.tolist(), value.present.tolist(), strict=True)
        return {labels: [v if p else None for v, p in zip(vs, ps, strict=True)] for labels, vs, ps in cells}
    if isinstance(value, SeriesColumns):
        ends = zip(value.labels, value.offsets[:-1].tolist(), value.offsets[1:].tolist(), strict=True)
        samples = told(value.values, value.histograms)
        return {labels: [*samples[a:b]] for labels, a, b in ends}
    return value.values.tolist() if isinstance(value, Scalar) else value.text


def expected(case: Case) -> Rows | list[Sample] | str:
    """What the script says."""
    if len(case.lines) == 1 and case.lines[0].startswith('"'):
        return case.lines[0][1:-1]
    if len(case.lines) == 1 and re.match(r"[-+0-9.NI]", case.lines[0]):
        return [one for one in numbers(case.lines[0]) if one is not None]
    return dict(series(line) for line in case.lines)


def same(found: Rows | list[Sample] | str, wanted: Rows | list[Sample] | str) -> bool:
    """Whether two results agree to 12 digits."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_close(found[labels], wanted[labels]) for labels in found)
    if isinstance(found, list) and isinstance(wanted, list):
        return _close([*found], [*wanted])
    return found == wanted


def _close(found: list[Sample | None], wanted: list[Sample | None]) -> bool:
    return len(found) == len(wanted) and all(_alike(a, b) for a, b in zip(found, wanted, strict=True))


def _alike(a: Sample | None, b: Sample | None) -> bool:
    if isinstance(a, Native) and isinstance(b, Native):
        return (a.schema, a.custom, a.reset) == (b.schema, b.custom, b.reset) and flat(a) == pytest.approx(
            flat(b), rel=1e-12, abs=1e-12, nan_ok=True
        )
    if a is None or b is None or isinstance(a, Native) or isinstance(b, Native):
        return a is b
    return bool(a == pytest.approx(b, rel=1e-12, abs=1e-12, nan_ok=True))


def flat(one: Native) -> dict[object, float]:
    """The numbers of a histogram."""
    scalars: dict[object, float] = {
        "count": one.count,
        "sum": one.sum,
        "zero": one.zero_count,
        "width": one.zero_threshold,
    }
    return {
        **scalars,
        **{("positive", index): count for index, count in one.positive.items()},
        **{("negative", index): count for index, count in one.negative.items()},
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_script(case: Case) -> None:
    """The expression gives what the script says."""
    if case.lines and case.lines[0].startswith("fails with "):
        code, _, words = case.lines[0].removeprefix("fails with ").partition(": ")
        with pytest.raises(SightlineError, match=re.escape(words)) as failure:
            answer(case, case.grid)
        assert failure.value.code == code
        return
    given = answer(case, case.grid)
    found, wanted = rows(given.value), expected(case)
    assert same(found, wanted), f"{case.text} gave {found}"
    assert case.remarks is None or [*given.warnings, *given.infos] == case.remarks
    assert given.ordered == case.in_order
    assert list(found) == (list(wanted) if case.in_order else sorted(found) if isinstance(found, dict) else list(found))


_OF_GRID = re.compile(r"(?i:start|end|step|range)\(\)")
STEPWISE = [case for case in CASES if case.is_range and not (case.lines and case.lines[0].startswith("fails"))]


@pytest.mark.parametrize("case", STEPWISE, ids=lambda case: case.name)
def test_a_range_query_is_its_instants(case: Case) -> None:
    """At every step a range query gives what an instant query there gives, unless it looks at the range itself."""
    whole = answer(case, case.grid).value
    if not isinstance(whole, Vector) or _OF_GRID.search(case.text):
        return
    for k, at in enumerate(case.grid.times().tolist()):
        there = np.flatnonzero(whole.present[:, k])
        every = rows(whole)
        assert isinstance(every, dict)
        column = {whole.labels[row]: [every[whole.labels[row]][k]] for row in there}
        assert same(rows(answer(case, Grid.instant(at)).value), column), at


def test_there_are_scripts() -> None:
    """The scripts are found and hold what they are meant to hold."""
    assert len(CASES) > 300
    assert len(STEPWISE) > 50
