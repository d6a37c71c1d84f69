import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.adapters.http.mutations import mutated
from tests.oracles import influx as oracle

from sightline.adapters.wire import influx_scan as layout
from sightline.adapters.wire.influx import NAMED, PIECE_ROWS, InfluxDecoder, Piece, Written
from sightline.adapters.wire.influx_exact import POWERS, READ, read
from sightline.adapters.wire.influx_number import LONG_FLOAT
from sightline.adapters.wire.influx_scan import scan_in_python
from sightline.domain.labels import Labels
from sightline.domain.metrics.roster import Roster

NOW = 1_763_700_000_123
IN_MS = Written("ms", "", NOW)


def pieces(data: bytes | str, written: Written = IN_MS, decoder: InfluxDecoder | None = None) -> list[Piece]:
    """A body, decoded by itself."""
    raw = data.encode() if isinstance(data, str) else data
    return list((decoder or InfluxDecoder()).pieces(raw, written, Roster()))


def samples(found: list[Piece]) -> list[tuple[Labels, int, float]]:
    """What pieces brought, in the order it stood."""
    return [
        (piece.batch.labels[series], time, value)
        for piece in found
        for series, time, value in zip(
            piece.batch.series.tolist(), piece.batch.times.tolist(), piece.batch.values.tolist(), strict=True
        )
    ]


def left_out(found: list[Piece]) -> list[str]:
    """Why something was left out."""
    return [one.error.message for piece in found for one in piece.left_out]


def one(line: str, **given: Any) -> tuple[str, int, float]:
    """The only sample of a line, its series as PromQL writes it."""
    ((labels, time, value),) = samples(pieces(line, Written(given.get("precision", "ns"), given.get("db", ""), NOW)))
    return str(labels), time, value


def test_a_field_is_a_series_named_by_measurement_and_key() -> None:
    """Tags become labels, the database the label db, and nanoseconds milliseconds."""
    assert one("cpu,host=a,cpu=0 usage_idle=98.5 1763700000000999999", db="telegraf") == (
        'cpu_usage_idle{cpu="0",db="telegraf",host="a"}',
        1_763_700_000_000,
        98.5,
    )


def test_a_tag_named_db_goes_before_the_database() -> None:
    """What the line says of itself counts."""
    assert one("m,db=own x=1", db="other")[0] == 'm_x{db="own"}'


@pytest.mark.parametrize(
    ("precision", "time"),
    [
        ("n", 1),
        ("ns", 1),
        ("u", 1_234),
        ("us", 1_234),
        ("\N{MICRO SIGN}", 1_234),
        ("\N{MICRO SIGN}s", 1_234),
        ("ms", 1_234_567),
        ("s", 1_234_567_000),
        ("m", 1_234_567 * 60_000),
        ("h", 1_234_567 * 3_600_000),
    ],
)
def test_times_are_read_in_the_precision_that_was_said(precision: str, time: int) -> None:
    """All of them, from nanoseconds to hours."""
    assert one("m x=1 1234567", precision=precision)[1] == time


@pytest.mark.parametrize("precision", ["ns", "s"])
def test_a_line_without_a_time_is_of_now(precision: str) -> None:
    """Whatever the precision."""
    assert one("m x=1", precision=precision)[1] == one("m x=1 \r\n", precision=precision)[1] == NOW


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("-0", -0.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e1", -5.0),
        ("1e5", 100_000.0),
        ("1E+05", 100_000.0),
        ("2.5e-3", 0.0025),
        ("98.59154929577464", 98.59154929577464),
        ("0.1000000000000000055511151231257827", 0.1),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ("5e-324", 5e-324),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("9007199254740993", 9007199254740992.0),
        ("0e999999", 0.0),
        ("3i", 3.0),
        ("-9223372036854775808i", -(2.0**63)),
        ("9223372036854775807i", 2.0**63),
        ("3u", 3.0),
        ("18446744073709551615u", 2.0**64),
        ("t", 1.0),
        ("T", 1.0),
        ("true", 1.0),
        ("True", 1.0),
        ("TRUE", 1.0),
        ("f", 0.0),
        ("False", 0.0),
        ("FALSE", 0.0),
    ],
)
def test_every_type_of_value_is_a_number(text: str, value: float) -> None:
    """Floats to the last bit, integers, unsigned ones and booleans."""
    found = one(f"m x={text}")[2]
    assert np.float64(found).tobytes() == np.float64(value).tobytes()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("m", "missing fields"),
        ("m ", "missing fields"),
        ("m,a=b", "missing fields"),
        (",a=b x=1", "missing measurement"),
        ("m,a x=1", "missing tag value"),
        ("m,a= x=1", "missing tag value"),
        ("m,a=,b=c x=1", "missing tag value"),
        ("m,=b x=1", "missing tag key"),
        ("m, x=1", "missing tag key"),
        ("m,,a=b x=1", "missing tag key"),
        ("m,a=b=c x=1", "invalid tag format"),
        ("m x", "invalid field format"),
        ("m =1", "missing field key"),
        ("m x=", "missing field value"),
        ("m x= 1", "missing field value"),
        ("m x=1,", "invalid field format"),
        ("m x=1,,y=2", "invalid field format"),
        ('m x="a"b', "invalid field format"),
        ('m x="a', "unbalanced quotes"),
        ("m x=+1", "invalid boolean"),
        ("m x=nan", "invalid boolean"),
        ("m x=tRUE", "invalid boolean"),
        ("m x=trueish", "invalid boolean"),
        ("m x=-", "invalid number"),
        ("m x=1e", "invalid number"),
        ("m x=1.0i", "invalid number"),
        ("m x=-1u", "invalid number"),
        ("m x=0x10", "invalid number"),
        ("m x=1_000", "invalid number"),
        ("m x=1e400", "number out of range"),
        ("m x=9223372036854775808i", "number out of range"),
        ("m x=18446744073709551616u", "number out of range"),
        ("m x=1 a", "bad timestamp"),
        ("m x=1 1.5", "bad timestamp"),
        ("m x=1 1 2", "bad timestamp"),
        ("m x=1 99999999999999999999", "time outside range"),
        ("m,a=b,a=c x=1", "duplicate tags: a is given twice"),
        ("m,__name__=b x=1", "a tag must not be named __name__: that is where the metric's name stands"),
    ],
)
def test_what_is_no_line_is_named_with_its_number_and_the_rest_is_taken(line: str, reason: str) -> None:
    """The text, why, and where; lines before and behind it are stored."""
    found = pieces(f"# comment\ngood x=1\n{line}\ngood x=2\n")
    assert left_out(found) == [f"unable to parse '{line}': {reason} (line 3)"]
    assert [value for _, _, value in samples(found)] == [1.0, 2.0]


def test_backslashes_take_the_meaning_from_separators_alone() -> None:
    """A comma, a blank, an equals sign; any other backslash is one of the text, and so of a path."""
    assert one(r"a\ m\,x,k\,1=v\=1\ 2 f\ 1=1")[0] == r'a m,x_f 1{k,1="v=1 2"}'
    assert one(r"disk,path=C:\Windows\Temp free=1")[0] == r'disk_free{path="C:\\Windows\\Temp"}'
    assert one(r"share,path=\\server\x free=1")[0] == r'share_free{path="\\\\server\\x"}'


def test_strings_are_counted_and_left_out() -> None:
    """They may hold everything, also separators, quotes and line breaks."""
    (found,) = pieces('m a="x, y=\\"z\\"",b=1,c="two\nlines" 5\nm d="\\\\"\nm,,\n')
    assert samples([found]) == [(Labels.of(__name__="m_b"), 5, 1.0)]
    assert found.strings == 3
    assert left_out([found]) == ["unable to parse 'm,,': missing tag key (line 4)"]


def test_blank_lines_comments_and_windows_line_breaks_are_no_mistakes() -> None:
    """A line may be set in, and have several blanks between its parts."""
    found = pieces("\n\r\n  \n# a\n  m  x=1  5  \r\n\tm x=2 6\r\n")
    assert [value for _, _, value in samples(found)] == [1.0, 2.0]
    assert not left_out(found)


def test_text_that_is_no_utf_8_is_left_out_alone() -> None:
    """In a tag it takes the line with it, in a key only that field; bytes of the separator do no harm."""
    found = pieces(b"m,a=\xff x=1\nm \xfey=1,z=2\nm,\xc3\xa4=\xc3\xb6 x=3")
    assert [str(labels) for labels, _, _ in samples(found)] == ["m_z", 'm_x{ä="ö"}']
    assert [one.samples for piece in found for one in piece.left_out] == [1, 1]


def test_of_many_bad_lines_the_first_are_named_and_the_others_counted() -> None:
    """An answer stays short."""
    (found,) = pieces("m\n" * 1000)
    assert [one.samples for one in found.left_out] == [1] * NAMED + [1000 - NAMED]
    assert left_out([found])[-1] == "and 995 more"


def test_a_long_body_is_decoded_in_pieces() -> None:
    """Whole lines, in their order, and lines are numbered through."""
    count = PIECE_ROWS // 2 + 10
    body = "".join(f"m,i={number % 7} a={number},b=1 {number}\n" for number in range(count))
    found = pieces(body + "bad\n")
    assert [len(piece.batch) for piece in found] == [PIECE_ROWS, 20]
    assert [value for labels, _, value in samples(found) if labels.name == "m_a"] == list(range(count))
    assert left_out(found) == [f"unable to parse 'bad': missing fields (line {count + 1})"]


@pytest.mark.usefixtures("compiled_decoders")
def test_a_long_body_takes_no_more_memory_than_a_piece() -> None:
    """The columns of 20 MB of lines are never there at once, and take less than the lines."""
    body = b"".join([b"m,i=%d a=%d,b=1,c=2,d=3 %d\n" % (number % 100, number, number) for number in range(600_000)])
    decoder, roster, rows = InfluxDecoder(), Roster(), 0
    tracemalloc.start()
    try:
        for piece in decoder.pieces(body, IN_MS, roster):
            rows += len(piece.batch)
            del piece
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == 2_400_000
    assert peak < len(body)


def test_one_line_may_hold_more_than_a_piece_but_not_more_than_allowed() -> None:
    """Such a line is a bad one, which names the limit; the others are taken."""
    line = "m " + ",".join(f"f{number}=1" for number in range(50))
    found = pieces("a x=1\n" + line, decoder=InfluxDecoder(max_samples=50))
    assert [len(piece.batch) for piece in found] == [1, 50]
    for after in ("", "\n", "\nb x=2 1\nbad"):
        found = pieces(f"a x=1\n{line}{after}", decoder=InfluxDecoder(max_samples=49))
        said = left_out(found)
        assert said[0].endswith("...': more values than intake.request_samples allows (line 2)")
        assert said[1:] == (["unable to parse 'bad': missing fields (line 4)"] if "b" in after else [])
        assert [value for _, _, value in samples(found)] == ([1.0, 2.0] if "b" in after else [1.0])


def test_tags_in_another_order_and_fields_given_twice_are_one_series() -> None:
    """Series of a batch are distinct, and what was written last stands last."""
    (found,) = pieces("m,a=1,b=2 x=1 5\nm,b=2,a=1 x=2,x=3 5")
    assert len(found.batch.labels) == 1
    assert found.batch.values.tolist() == [1.0, 2.0, 3.0]


def test_what_was_seen_before_is_known_by_its_bytes() -> None:
    """The same series have the same numbers in later requests, in other databases others, and likewise once all is forgotten."""
    decoder, small, roster = InfluxDecoder(), InfluxDecoder(max_cached_bytes=1), Roster()
    body = b"m,a=1 x=1,y=2\nm,a=1,a=2 z=1\nn x=3"
    texts = []
    for each in (decoder, decoder, small, small):
        for database in ("", "one", "two"):
            (found,) = each.pieces(body, Written("ns", database, NOW), roster)
            texts.append([labels for labels, _, _ in samples([found])])
            assert len(found.left_out) == 1
    assert texts[:3] == texts[3:6] == texts[6:9] == texts[9:]
    assert len(roster) == 9


LINES = st.one_of(
    st.text(st.sampled_from('am,=  \\"1.i5e-tTf#\r\tä'), max_size=30),
    st.builds(
        "{}{}{} {}={}{}".format,
        st.sampled_from(["m", "m\\,n", "m\\ n", "\\", "m=", "ä"]),
        st.sampled_from(
            ["", ",a=b", ",a=b\\ c", ",c=d,a=b", ",a=b,a=c", ",a\\==1", ",__name__=x", ",a=\\\\", ",a", ",="]
        ),
        st.sampled_from(["", " ", "\t"]),
        st.sampled_from(["f", "f\\ g", "f=1,g", 'f="a,b= c",g', "\\=", ""]),
        st.one_of(
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
            st.integers(-(2**65), 2**65).map("{}i".format),
            st.integers(-5, 2**65).map("{}u".format),
            st.from_regex(r"-?[0-9]{0,25}\.?[0-9]{0,25}(e[+-]?[0-9]{1,3})?", fullmatch=True),
            st.sampled_from(["t", "False", "fALSE", '"x"', '"', "", "NaN", "1_0"]),
        ),
        st.one_of(
            st.just(""),
            st.integers(-(2**53), 2**53).map(" {}".format),
            st.sampled_from([" ", " \r", "\r", " x", " 1 ", "\t1", " 1 2", " 9223372036854775807", " 1\r"]),
        ),
    ),
)


@given(LINES)
@example("m x=1\\")
@example("m,a=b\\ x=1")
@example("m x=1 -9223372036854775806")
def test_a_line_means_what_the_oracle_says(line: str) -> None:
    """Any text of one line brings the oracle's samples, or is refused by both."""
    body = line.replace("\n", " ")
    try:
        expected = [(series, NOW if time is None else time, value) for series, time, value in oracle.decode(body, "d")]
    except oracle.NoLineError:
        expected = None
    except oracle.NoSeriesError:
        expected = []
    found = pieces(body, Written("ms", "d", NOW))
    if expected is None:
        assert left_out(found)
    assert [(tuple(labels), time, value) for labels, time, value in samples(found)] == (expected or [])


def _outputs(rows: int) -> tuple[Any, ...]:
    return (
        np.zeros((rows, layout.WIDTH), np.int64),
        np.zeros(rows, np.uint32),
        np.zeros((rows, 2), np.int64),
        np.zeros(rows, np.float64),
        np.zeros((rows, layout.WIDTH), np.int64),
        np.zeros((NAMED, layout.WIDTH), np.int64),
        np.zeros(layout.FOUND, np.int64),
    )


def _bodies() -> Iterator[bytes]:
    good = [
        b'cpu,host=a,cpu=cpu0 usage_idle=98.59154929577464,usage_user=0.5 1763700000000000000\nmem,host=a free=12i,text="a\nb"\n',
        b"disk,path=C:\\Windows\\ x,device=sd\\,a free=18446744073709551615u,ok=true 17637000000000001\r\n# c\n\n m\\ n x=-1e-7\n",
    ]
    yield from good
    yield from mutated(good, 1_500, 8)


@pytest.mark.usefixtures("compiled_decoders")
def test_machine_code_does_what_the_loop_says() -> None:
    """Over 1,500 mutated bodies, also where outputs are full, and from where it stopped on."""
    chance = random.Random(5)
    for body in _bodies():
        rows = chance.choice((1, 3, 100))
        for unit in ((1_000_000, 1), (1, 60_000)):
            ours, theirs = _outputs(rows), _outputs(rows)
            for _ in range(4):
                status = layout.scan(body, *unit, *ours)
                assert status == scan_in_python(body, *unit, *theirs)
                for own, other in zip(ours, theirs, strict=True):
                    assert own.tobytes() == other.tobytes(), body
                if status == layout.DONE:
                    break


DECIMALS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(0, 100).map(repr),
    st.from_regex(r"-?[0-9]{1,20}\.[0-9]{1,19}(e[+-]?[0-9]{1,3})?", fullmatch=True),
    # Half-way between two floats, and beside that.
    st.builds(
        "{}{}".format, st.integers(2**53, 2**54).map(lambda odd: 2 * odd + 1), st.sampled_from(["", ".0", "e0", "e22"])
    ),
    st.builds(lambda size, more: f"{size * 5**15 * 2**10 + more}e-15", st.integers(2**10, 2**20), st.integers(-1, 1)),
)


def read_floats(texts: list[str]) -> tuple[list[float], list[bool]]:
    """Decimals by the kernel, and which of them it read."""
    data = " ".join(texts).encode()
    ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    starts = ends - [len(text) for text in texts]
    columns = [np.arange(len(texts)), starts, ends, np.full(len(texts), LONG_FLOAT)]
    long, values = np.ascontiguousarray(np.stack(columns, 1), np.int64), np.zeros(len(texts))
    read(data, long, POWERS, values.view(np.uint64))
    return values.tolist(), [kind == READ for kind in long[:, layout.KIND].tolist()]


@pytest.mark.usefixtures("compiled_decoders")
@given(st.lists(DECIMALS, min_size=1, max_size=20))
@example(
    ["9007199254740993.0", "9007199254740991.5", "1e23", "8.5e22", "2.2250738585072011e-308", "0.000000000000000000000"]
)
@example(["1.7976931348623157e308", "123456789012345678e280", "9999999999999999999", "18446744073709551615.0"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_long_decimals_are_read_as_the_nearest_float(texts: list[str]) -> None:
    """To the last bit as Python reads them, or left for Python."""
    for text, value, is_read in zip(texts, *read_floats(texts), strict=True):
        assert not is_read or value == float(text), text


@pytest.mark.usefixtures("compiled_decoders")
def test_hardly_any_decimal_is_left_for_python() -> None:
    """Of those that a sender of percentages writes not one."""
    chance = random.Random(3)
    texts = [repr(chance.random() * 100) for _ in range(20_000)]
    values, are_read = read_floats([text for text in texts if len(text) > 16])
    assert all(are_read)
    assert values == [float(text) for text in texts if len(text) > 16]
