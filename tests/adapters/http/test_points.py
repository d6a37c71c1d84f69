"""Points are written alike by Arrow and by machine code, and as Prometheus writes them."""

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import prometheus_floats as oracle

from sightline.adapters.inbound.http import points
from sightline.adapters.inbound.http.columns import texts
from sightline.adapters.inbound.http.floats import sample_text
from sightline.adapters.inbound.http.points import point_texts
from sightline.domain.kernels.compiled import JIT, machine_code
from sightline.domain.metrics.samples import STALE

Body = Callable[..., Any]

OPENINGS = ("[0,'", "[1763700000.123,'", "[-9223372036854775.808,'")
EDGES = [5e-324, 2.0**-1022, 1e-6, 1.0, 1e10, 1e15, 1e16, 2.0**53, 9e15, 1e21, 1e22, 1e23, 1.7976931348623157e308]
VALUES = st.one_of(
    st.floats(),
    st.integers(-(2**70), 2**70).map(float),
    st.integers(-1074, 1023).map(lambda power: 2.0**power),
    st.sampled_from([*EDGES, float(STALE)]).flatmap(
        lambda edge: st.sampled_from([edge, math.nextafter(edge, 0), math.nextafter(edge, math.inf), -edge])
    ),
)
ROWS = st.lists(st.tuples(st.integers(0, len(OPENINGS) - 1), VALUES), max_size=60)


@pytest.fixture(scope="module")
def machine() -> Body:
    """The kernel's machine code, compiled now or found in the cache; without a compiler the loop it is made of."""
    if os.environ.get(JIT, "").lower() == "off":
        return points.write_points.loop
    return next(body for one, body in machine_code([points.__name__]) if one is points.write_points)


def written(rows: list[tuple[int, float]], body: Body) -> list[str]:
    """Each point's text as a body of the kernel writes it, cut out at its bounds."""
    which, values = np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64)
    points.write_points.use(body)
    try:
        with np.errstate(over="ignore"):  # the loop in Python says so where products are meant modulo 2^64
            text, ends = point_texts(texts(OPENINGS), which, values)
    finally:
        points.write_points.use(points.write_points.twin)
    assert (len(ends), ends[0], ends[-1]) == (len(rows) + 1, 0, len(text))
    return [bytes(text[start:end]).decode() for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


def expected(rows: list[tuple[int, float]]) -> list[str]:
    """What the oracle says."""
    return [f'{OPENINGS[which]}{oracle.sample(value)}"],' for which, value in rows]


@given(ROWS)
def test_arrow_writes_points_like_the_oracle(rows: list[tuple[int, float]]) -> None:
    """While nothing is compiled, every point has its opening and its number."""
    assert written(rows, points.write_points.twin) == expected(rows)


@given(ROWS)
def test_machine_code_writes_points_like_the_oracle(machine: Body, rows: list[tuple[int, float]]) -> None:
    """Every point has its opening and the shortest digits that read back as its number."""
    assert written(rows, machine) == expected(rows)


def test_machine_code_writes_any_bits_like_python(machine: Body) -> None:
    """A hundred thousand numbers of random bits, of few digits, and beside powers of ten read back and are as short as repr's."""
    random = np.random.default_rng(3)
    size = 30_000
    tens = 10.0 ** random.integers(-300, 300, size).astype(np.float64)
    values = np.concatenate(
        [
            random.integers(0, 2**64, size, dtype=np.uint64).view(np.float64),
            random.integers(1, 2**52, size, dtype=np.uint64).view(np.float64),
            random.integers(1, 10_000, size) * tens,
            np.nextafter(tens, random.choice([0, np.inf], size)),
        ]
    )
    rows = [(0, value) for value in values.tolist()]
    assert written(rows, machine) == [f'{OPENINGS[0]}{sample_text(value)}"],' for _, value in rows]


def test_columns_need_not_lie_in_one_piece(machine: Body) -> None:
    """Machine code gets a copy of what is cut out of a table."""
    points.write_points.use(machine)
    try:
        text, _ = point_texts(texts(["[1,'"]), np.zeros((3, 2), np.int64)[:, 1], np.arange(6.0).reshape(3, 2)[:, 1])
    finally:
        points.write_points.use(points.write_points.twin)
    assert bytes(text) == b"[1,'1\"],[1,'3\"],[1,'5\"],"
