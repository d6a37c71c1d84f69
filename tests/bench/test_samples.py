"""The samples that are written to every program."""

import struct
from collections import defaultdict
from itertools import pairwise

import cramjam
import pytest
from bench.samples import METRIC, STEP, Shape, requests
from tests.oracles.remote_write import decode

Written = dict[tuple[tuple[str, str], ...], list[tuple[int, float]]]


def written(shape: Shape) -> Written:
    """Every series' samples in the order of the bodies: time in ms and value."""
    found: Written = defaultdict(list)
    for request in requests(shape):
        series = decode(bytes(cramjam.snappy.decompress_raw(request.body)))
        assert sum(len(samples) for _, samples in series) == request.samples
        for labels, samples in series:
            found[labels] += [(at, struct.unpack("<d", struct.pack("<Q", bits))[0]) for at, bits in samples]
    return found


@pytest.mark.parametrize("shape", [Shape(0, 3, 7, 3, 2), Shape(0, 4, 5, 5, 1), Shape(0, 2, 4, 2, 3, step=1_000)])
def test_every_series_has_all_its_samples_in_order(shape: Shape) -> None:
    """However series and samples are cut into requests, each series has one sample a step from the start to the end."""
    shape = Shape(
        1_700_000_000_000, shape.rounds, shape.series, shape.series_a_request, shape.samples_a_request, step=shape.step
    )
    times = list(range(shape.start, shape.end + 1, shape.step))
    found = written(shape)
    assert len(found) == shape.series
    assert all(dict(labels)["__name__"] == METRIC for labels in found)
    assert all([at for at, _ in samples] == times for samples in found.values())
    assert shape.samples == shape.series * len(times)


def test_counters_never_fall() -> None:
    """A counter grows by whole numbers from 0 to 40, across requests too."""
    for samples in written(Shape(1_700_000_000_000, 3, 5, 5, 4)).values():
        values = [value for _, value in samples]
        assert all(0 <= after - before <= 40 for before, after in pairwise(values))
        assert all(value == int(value) for value in values)


def test_gauges_have_two_decimals() -> None:
    """A gauge is the double nearest to a number with two decimals, goes both ways, and not by more than 0.50."""
    steps = []
    for samples in written(Shape(1_700_000_000_000, 3, 5, 5, 4, kind="gauge", step=STEP)).values():
        values = [value for _, value in samples]
        assert all(value == round(value, 2) for value in values)
        steps += [after - before for before, after in pairwise(values)]
    assert min(steps) < 0 < max(steps)
    assert max(map(abs, steps)) < 0.505
