import re
from pathlib import Path

import numpy as np
import pytest
from tests.conformance.script import Case, Samples, cases, numbers, series

from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import Fetch, plan
from sightline.domain.promql.values import Answer, Scalar, Value, Vector
from sightline.domain.timerange import Grid

CASES = [case for path in sorted(Path(__file__).parent.glob("*.test")) for case in cases(path)]

Rows = dict[Labels, list[float | None]]


def fetched(samples: Samples, fetch: Fetch) -> SeriesColumns:
    """What a store would answer."""
    found = []
    for labels, own in sorted(samples.items()):
        times = [time for time in sorted(own) if fetch.within.start <= time <= fetch.within.end]
        if times and satisfies(labels, fetch.matchers):
            found.append((labels, times, [own[time] for time in times]))
    return SeriesColumns.of(found)


def answer(case: Case, grid: Grid) -> Answer:
    """What a case's expression gives on a grid."""
    planned = plan(parse(case.text), grid, is_range=case.is_range)
    return evaluate(planned, [fetched(case.samples, fetch) for fetch in planned.fetches])


def rows(value: Value) -> Rows | list[float] | str:
    """A value as a script writes it."""
    if isinstance(value, Vector):
        cells = zip(value.labels, value.values.tolist(), value.present.tolist(), strict=True)
        return {labels: [v if p else None for v, p in zip(vs, ps, strict=True)] for labels, vs, ps in cells}
    if isinstance(value, SeriesColumns):
        ends = zip(value.labels, value.offsets[:-1].tolist(), value.offsets[1:].tolist(), strict=True)
        return {labels: value.values[a:b].tolist() for labels, a, b in ends}
    return value.values.tolist() if isinstance(value, Scalar) else value.text


def expected(case: Case) -> Rows | list[float] | str:
    """What the script says."""
    if len(case.lines) == 1 and case.lines[0].startswith('"'):
        return case.lines[0][1:-1]
    if len(case.lines) == 1 and re.match(r"[-+0-9.NI]", case.lines[0]):
        return [one for one in numbers(case.lines[0]) if one is not None]
    return dict(series(line) for line in case.lines)


def same(found: Rows | list[float] | str, wanted: Rows | list[float] | str) -> bool:
    """Whether two results agree to 12 digits."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_close(found[labels], wanted[labels]) for labels in found)
    if isinstance(found, list) and isinstance(wanted, list):
        return _close([*found], [*wanted])
    return found == wanted


def _close(found: list[float | None], wanted: list[float | None]) -> bool:
    return len(found) == len(wanted) and all(
        (a is None) == (b is None)
        and (a is None or b is None or a == pytest.approx(b, rel=1e-12, abs=1e-12, nan_ok=True))
        for a, b in zip(found, wanted, strict=True)
    )


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
        column = {whole.labels[row]: [float(whole.values[row, k])] for row in there}
        assert same(rows(answer(case, Grid.instant(at)).value), {key: [*value] for key, value in column.items()}), at


def test_there_are_scripts() -> None:
    """The scripts are found and hold what they are meant to hold."""
    assert len(CASES) > 300
    assert len(STEPWISE) > 50
