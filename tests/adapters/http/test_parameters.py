"""Request parameters, read by meaning."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.inbound.http.names import unescaped
from sightline.adapters.inbound.http.parameters import MAX_FIELDS, Parameters, parse_span, parse_time
from sightline.domain.errors import BadData, InvalidParameter
from sightline.domain.timerange import MAX_TIME, MIN_TIME, format_duration


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0", 0),
        ("4", 4_000),
        ("1763700000.123", 1_763_700_000_123),
        ("1763700000.1236", 1_763_700_000_124),
        ("1.7637e9", 1_763_700_000_000),
        ("-1.5", -1_500),
        (".5", 500),
        ("2026-11-21T07:00:00Z", 1_795_244_400_000),
        ("2026-11-21t07:00:00z", 1_795_244_400_000),
        ("2026-11-21T08:00:00.1239+01:00", 1_795_244_400_123),
        ("2026-11-21T01:30:00.000000001-05:30", 1_795_244_400_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("-292273086-05-16T16:47:06Z", MIN_TIME),
        ("292277025-08-18T07:12:54.999999999Z", MAX_TIME),
        # Some clients send milliseconds where seconds are meant; that is far away and no error.
        ("1763700000000", 1_763_700_000_000_000),
    ],
)
def test_known_times(text: str, milliseconds: int) -> None:
    """Seconds and RFC 3339 are read to the millisecond."""
    assert parse_time(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1_000",
        "nan",
        "inf",
        "0x10",
        "1e999",
        "-1e20",
        "now",
        "1h",
        "2026-11-21",
        "2026-11-21T07:00:00",
        "2026-11-21 07:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-21T24:00:01Z",
        "2026-11-21T07:00:00+25:00",
        "٣",
        "2026-11-21T07:00:0٣Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """Anything else is bad data with an example of what is right."""
    with pytest.raises(BadData):
        parse_time(text)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_bad_data(text: str) -> None:
    """No text breaks the readers in another way, and what they give is within bounds."""
    for read in (parse_time, parse_span):
        with suppress(BadData):
            assert MIN_TIME <= read(text) <= MAX_TIME


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),  # noqa: DTZ001 - the zone is drawn beside
    st.integers(-23 * 60, 23 * 60),
)
def test_rfc_3339_is_the_instant_it_names(instant: datetime, minutes: int) -> None:
    """Any instant in any zone is read to the millisecond, cut off below."""
    zoned = instant.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    expected = (zoned - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert parse_time(zoned.isoformat()) == expected


@given(st.integers(1, 10**12))
def test_spans_are_seconds_or_durations(milliseconds: int) -> None:
    """The same length is read from a duration and from seconds."""
    assert parse_span(format_duration(milliseconds)) == milliseconds
    assert parse_span(f"{milliseconds / 1000:.3f}") == milliseconds


@given(st.dictionaries(st.text(min_size=1), st.lists(st.text(), min_size=1, max_size=3), max_size=5))
def test_parameters_come_back_as_they_were_sent(fields: dict[str, list[str]]) -> None:
    """Names and values survive the encoding, repeated ones in their order, and the form stands before the query string."""
    encodable = {name: values for name, values in fields.items() if _is_utf8(name, *values)}
    sent = urlencode(encodable, doseq=True).encode()
    given_ = Parameters.of(sent, sent)
    for name, values in encodable.items():
        assert given_.every(name) == (*values, *values)
        assert given_.text(name) == (values[0] or None)


def _is_utf8(*texts: str) -> bool:
    return all(text.isprintable() or not any("\ud800" <= letter <= "\udfff" for letter in text) for text in texts)


def test_the_number_of_fields_is_bounded() -> None:
    """A form of very many fields is refused as such."""
    with pytest.raises(BadData, match=str(MAX_FIELDS)):
        Parameters.of(b"a=1&" * (MAX_FIELDS + 1) + b"b=1")


def test_a_missing_parameter_is_named() -> None:
    """The error names the parameter for people and programs."""
    with pytest.raises(InvalidParameter, match='invalid parameter "query": it is missing or empty') as caught:
        Parameters.of(b"query=").required("query")
    assert caught.value.detail == {"parameter": "query"}


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("job", "job"),
        ("U__", ""),
        ("U__http_2e_status__code", "http.status_code"),
        ("U___e4_", "ä"),
        ("U___1F600_", "\U0001f600"),
        ("U__a_", "U__a_"),
        ("U__a_zz_b", "U__a_zz_b"),
        ("U___d800_", "U___d800_"),
        ("U___123456_", "U___123456_"),
        ("http.status", "http.status"),
    ],
)
def test_escaped_label_names(name: str, plain: str) -> None:
    """Escaped names are decoded; wrong escapes stand for themselves."""
    assert unescaped(name) == plain


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_escaping_is_undone(name: str) -> None:
    """Any label name that a client escapes is found again."""
    escaped = "".join(
        letter if letter.isascii() and letter.isalnum() else "__" if letter == "_" else f"_{ord(letter):x}_"
        for letter in name
    )
    expected = name if all(ord(letter) <= 0xFFFFF for letter in name) else f"U__{escaped}"
    assert unescaped(f"U__{escaped}") == expected
    assert Parameters.of(f"a={quote(name)}".encode()).every("a") == (name,)
