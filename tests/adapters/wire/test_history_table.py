"""CSV as history, beside a plain reading of the same rows."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.history_layout import ISO, Layout, Wishes, layout
from sightline.adapters.wire.history_table import TableReader
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels

HEADING = ("ts", "host", "room", "temp", "hum")
PLAIN = Layout(HEADING, ",", "ts", "ms", ("temp", "hum"), ("host", "room"))
_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=5)
_NUMBERS = st.floats(allow_nan=False).map(repr) | st.just("")
_ROWS = st.lists(st.tuples(st.integers(0, 2**42).map(str), _CELLS, _CELLS, _NUMBERS, _NUMBERS), max_size=12)


@given(_ROWS)
def test_rows_mean_what_they_say(rows: list[tuple[str, ...]]) -> None:
    """Each value that is there is a sample with the labels and the time of its row; quotation marks count for nothing."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    found = TableReader(PLAIN).read(text.getvalue().encode(), 2)
    batch = found.batch
    wanted = {
        (Labels.of(__name__=metric, host=row[1], room=row[2]), int(row[0]), float(row[column]))
        for row in rows
        for column, metric in ((3, "temp"), (4, "hum"))
        if row[column]
    }
    assert not found.wrong
    assert {
        (batch.labels[s], t, v)
        for s, t, v in zip(batch.series.tolist(), batch.times.tolist(), batch.values.tolist(), strict=True)
    } == wanted


def test_bad_rows_are_left_out_and_named() -> None:
    """By line, where empty lines count; the rest is read."""
    rows = b'1,a,b,1,2\n\nx,a,b,1,2\n2,a,b\n3,a,b,one,4\n4,a,"b,c",5,\n'
    found = TableReader(PLAIN).read(rows, 2)
    assert sorted(found.batch.values.tolist()) == [1, 2, 4, 5]
    assert [(one.line, one.message) for one in found.unread] == [
        (4, "expected a time, found 'x'"),
        (5, "expected 5 cells, found 3"),
        (6, "column temp: expected a number, found 'one'"),
    ]
    assert found.wrong == 3


@pytest.mark.parametrize(
    ("form", "zone", "text", "time"),
    [
        (ISO, "UTC", "2026-01-01T00:00:00Z", 1767225600000),
        (ISO, "UTC", "2026-01-01 00:00:00.25", 1767225600250),
        (ISO, "UTC", "2026-01-01T01:00:00+01:00", 1767225600000),
        (ISO, "Europe/Berlin", "2026-01-01 01:00:00", 1767225600000),
        ("%d.%m.%Y %H:%M", "Europe/Berlin", "01.07.2026 02:00", 1782864000000),
        ("s", "UTC", "1767225600.5", 1767225600500),
        ("us", "UTC", "1767225600000999", 1767225600000),
        ("ns", "UTC", "1767225600000999999", 1767225600000),
    ],
)
def test_times_of_every_format_are_read(form: str, zone: str, text: str, time: int) -> None:
    """To the millisecond; those that say no zone are of the one that was said."""
    table = Layout(("ts", "v"), ",", "ts", form, ("v",), (), zone=zone)
    assert TableReader(table).read(f"{text},1\n".encode(), 1).batch.times.tolist() == [time]


def test_columns_are_seen_in_heading_and_rows() -> None:
    """The column of the time by its name, values where numbers stand, the rest are labels."""
    head = b"\xef\xbb\xbfwhat;Time;kWh total;1st\na;1767225600;1;2\nb;1767225660;;3\n"
    found = layout(head, Wishes())
    assert found == Layout(("what", "Time", "kWh total", "1st"), ";", "Time", "s", ("kWh total", "1st"), ("what",))
    assert [found.metric_of(one) for one in found.values] == ["kWh_total", "_1st"]
    named = layout(head, Wishes(metric="meter", values=("1st",)))
    assert [named.metric_of(one) for one in named.values] == ["meter"]
    assert named.labels == ("what", "kWh total")


def test_a_column_may_name_the_metric() -> None:
    """Then there is one column of values, and each row says what it is."""
    head = b"ts,metric,value,dc\n1767225600,cpu,1,x\n1767225600,,2,x\n"
    found = TableReader(layout(head, Wishes())).read(head.partition(b"\n")[2], 2)
    assert found.batch.labels == [Labels.of(__name__="cpu", dc="x")]
    assert [(one.line, one.message) for one in found.unread] == [(3, "the name of the metric is empty")]


@pytest.mark.parametrize(
    ("head", "wishes", "said"),
    [
        (b"", Wishes(), "empty"),
        (b"a,b\n1,2\n", Wishes(), "--time-column"),
        (b"ts,b\n1,x\n", Wishes(), "--value-column"),
        (b"ts,value\n1,1\n", Wishes(), "--metric"),
        (b"ts,b\n1,1\n", Wishes(values=("c",)), "no column 'c': there are ts, b"),
        (b"ts,b,b\n1,1,1\n", Wishes(), "two columns have one name"),
        (b"ts,metric,b,c\n1,x,1,1\n", Wishes(), "only one --value-column"),
    ],
)
def test_what_cannot_be_seen_is_asked(head: bytes, wishes: Wishes, said: str) -> None:
    """The message names the flag, or the columns that there are."""
    with pytest.raises(BadData, match=said):
        layout(head, wishes)


@given(st.data())
def test_damaged_tables_never_fail(data: st.DataObject) -> None:
    """Whatever bytes are changed, rows are read or told."""
    page = bytearray(b'1,a,b,1,2\n2,"a ""x""",\xc3\xa9,1e5,NaN\n3,a,b,,2\n')
    for _ in range(data.draw(st.integers(1, 6))):
        page[data.draw(st.integers(0, len(page) - 1))] = data.draw(st.integers(0, 255))
    found = TableReader(PLAIN).read(bytes(page), 2)
    assert np.isfinite(found.batch.times).all()
    assert found.wrong >= len(found.unread) - 2  # a row with two bad cells is one row
