import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.kernels.histogram_steps import steps, unstep

WHOLE = st.integers(0, 2**53 - 1).map(float)
ANY = st.one_of(WHOLE, st.floats(min_value=0, allow_infinity=False))


@st.composite
def _chunk(draw: st.DrawFn) -> tuple[bool, list[dict[int, float]]]:
    is_whole = draw(st.booleans())
    return is_whole, draw(st.lists(st.dictionaries(st.integers(-3, 4), WHOLE if is_whole else ANY), max_size=4))


@given(st.lists(_chunk(), max_size=3))
def test_all_bodies_tell_numbers_by_their_steps(
    bodies: Bodies, chunks: list[tuple[bool, list[dict[int, float]]]]
) -> None:
    """Every body makes the same steps, and the same numbers of them, bit for bit, whichever buckets come and go."""
    rows = [row for _, some in chunks for row in some]
    bounds = np.cumsum([0, *(len(some) for _, some in chunks)]).astype(np.int64)
    offsets = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    index = np.array([one for row in rows for one in sorted(row)], np.int32)
    given = np.array([row[one] for row in rows for one in sorted(row)], np.float64)
    whole = np.array([is_whole for is_whole, _ in chunks], np.bool_)
    made = []
    for body in bodies(steps):
        made.append(np.full(len(given), 7, np.int64))
        body(bounds, offsets, index, whole, given.view(np.int64), made[-1])
    assert all(one.tolist() == made[0].tolist() for one in made)
    for body in bodies(unstep):
        out = np.full(len(given), 7.0)
        body(bounds, offsets, index, whole, made[0], out)
        assert out.tobytes() == given.tobytes()


def test_numbers_that_grow_evenly_have_small_steps(bodies: Bodies) -> None:
    """A bucket is compared with itself one histogram before, and in the first of a chunk with nothing."""
    bounds, offsets = np.array([0, 2, 3]), np.array([0, 2, 5, 6])
    index = np.array([1, 3, 1, 2, 3, 3], np.int32)
    counts = np.array([100.0, 50.0, 101.0, 1.0, 53.0, 9.0])
    for body in bodies(steps):
        out = np.zeros(6, np.int64)
        body(bounds, offsets, index, np.ones(2, np.bool_), counts.view(np.int64), out)
        assert out.tolist() == [100, 50, 1, 1, 3, 9]
