"""Exports of VictoriaMetrics, read."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.history_json import JsonReader
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE_BITS

_TEXTS = st.text(min_size=1, max_size=5).filter(lambda text: not any(0xD800 <= ord(one) < 0xE000 for one in text))
_SERIES = st.builds(
    lambda name, labels: {"__name__": name, **labels},
    st.sampled_from(["up", "down"]),
    st.dictionaries(st.sampled_from(["a", "values", "timestamps", "metric"]), _TEXTS, max_size=3),
)
_SAMPLES = st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 2**42)), max_size=5)


@pytest.mark.usefixtures("compiled_decoders")
@given(st.lists(st.tuples(_SERIES, _SAMPLES), max_size=5), st.booleans())
def test_exports_mean_what_they_say(
    rows: list[tuple[dict[str, str], list[tuple[float, int]]]],
    ascii_only: bool,  # noqa: FBT001 - drawn
) -> None:
    """Every series has its samples, whatever its labels say and however JSON writes them."""
    lines = [
        json.dumps(
            {"metric": metric, "values": [value for value, _ in found], "timestamps": [time for _, time in found]},
            ensure_ascii=ascii_only,
            separators=(",", ":") if ascii_only else None,
        )
        for metric, found in rows
    ]
    found = JsonReader().read("\n".join(lines).encode(), 1)
    batch = found.batch
    assert not found.wrong
    assert [
        (batch.labels[s], value, time)
        for s, value, time in zip(batch.series.tolist(), batch.values.tolist(), batch.times.tolist(), strict=True)
    ] == [(Labels.of(metric), value, time) for metric, some in rows for value, time in some]


def test_values_that_json_lacks_are_read() -> None:
    """Infinities of all versions; null is the end of a series."""
    line = b'{"metric":{"__name__":"a"},"values":[null,"Infinity","-Infinity",+Inf,-Inf,1],"timestamps":[1,2,3,4,5,6]}'
    found = JsonReader().read(line, 1)
    assert found.batch.values.view(np.uint64)[0] == STALE_BITS
    assert found.batch.values[1:].tolist() == [np.inf, -np.inf, np.inf, -np.inf, 1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{}", "expected"),
        (b'{"metric":{"__name__":"a"},"values":[1],"timestamps":[1,2]}', "as many values as timestamps"),
        (b'{"metric":{"__name__":"a"},"values":[one],"timestamps":[1]}', "expected a number at place 1"),
        (
            b'{"metric":{"__name__":"a"},"values":[1,2],"timestamps":[1,1.5]}',
            "expected a time in milliseconds at place 2",
        ),
        (b'{"metric":{"a":"b"},"values":[1],"timestamps":[1]}', "no __name__"),
        (b'{"metric":{"a":1},"values":[1],"timestamps":[1]}', "cannot be read"),
        (b'{"metric":{"a":"b,"values":[1],"timestamps":[1]}', "expected } at the end"),
    ],
)
def test_a_bad_line_is_left_out_and_named(line: bytes, said: str) -> None:
    """The lines around it are read; its number and what was expected are told."""
    good = b'{"metric":{"__name__":"a"},"values":[7],"timestamps":[1]}\n'
    found = JsonReader().read(good + line + b"\n" + good, 3)
    assert found.batch.values.tolist() == [7, 7]
    assert found.wrong == 1
    assert [one.line for one in found.unread] == [4]
    assert said in found.unread[0].message


@pytest.mark.usefixtures("compiled_decoders")
@given(st.data())
def test_damaged_lines_never_fail(data: st.DataObject) -> None:
    """Whatever bytes are changed, a line is read or told."""
    page = bytearray(b'{"metric":{"__name__":"a","b":"\\u00e9"},"values":[1,2.5e3,null],"timestamps":[1,2,3]}\n' * 2)
    for _ in range(data.draw(st.integers(1, 6))):
        page[data.draw(st.integers(0, len(page) - 1))] = data.draw(st.integers(0, 255))
    found = JsonReader().read(bytes(page[: data.draw(st.integers(0, len(page)))]), 1)
    assert found.wrong >= len(found.unread)
