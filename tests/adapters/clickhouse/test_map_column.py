"""Label sets in the engine's own format."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.outbound.clickhouse import map_column
from sightline.domain.kernels.compiled import machine_code
from sightline.domain.labels import Labels
from sightline.domain.metrics.span_table import Spans

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=3) | st.sampled_from(
    ["x" * 127, "x" * 128, "x" * 20_000]
)
MODULE = "sightline.adapters.outbound.clickhouse.map_column"
COMPILED = next(body for kernel, body in machine_code([MODULE]) if kernel is map_column.lay_out)


def varint(value: int) -> bytes:
    """A length as the format writes it."""
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


@given(sets=st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=4))
def test_names_and_values_stand_apart(sets: list[dict[str, str]]) -> None:
    """All names and all values, each with its length before it, and how many there are up to each set; compiled or not."""
    labels = [Labels(one.items()) for one in sets]
    spans = Spans.of([one.canonical() for one in labels])
    ends, names, values = map_column.map_values(spans)
    assert ends.tolist() == np.cumsum([len(one) for one in labels]).tolist()
    for side, found in enumerate((names, values)):
        texts = [pair[side].encode() for one in labels for pair in one]
        assert found == b"".join(varint(len(text)) + text for text in texts)
    row_ends, sizes = np.empty(len(labels), np.uint64), np.zeros(2, np.int64)
    columns = np.zeros(len(names) + 9, np.uint8), np.zeros(len(values) + 9, np.uint8)
    COMPILED(*spans, row_ends, *columns, sizes)
    assert [columns[side][: sizes[side]].tobytes() for side in (0, 1)] == [names, values]
    assert row_ends.tolist() == ends.tolist()
