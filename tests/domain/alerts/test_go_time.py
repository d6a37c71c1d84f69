from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.go_time import ZERO, Duration, Moment, in_zone, parse_moment
from sightline.domain.errors import Unprocessable

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (2_000_000, "2ms"),
        (1_050_000_000, "1.05s"),
        (61 * SECOND, "1m1s"),
        (3_600 * SECOND, "1h0m0s"),
        (-90_061 * SECOND - 1, "-25h1m1.000000001s"),
        (-(2**63), "-2562047h47m16.854775808s"),
    ],
)
def test_durations_are_written_as_go_writes_them(nanoseconds: int, text: str) -> None:
    """Hours, minutes and seconds, with as many decimals as it takes; below a second in smaller units."""
    assert Duration(nanoseconds).spelled() == text


@pytest.mark.parametrize(
    ("method", "given_", "result"),
    [
        ("Round", 60 * SECOND, "2m0s"),
        ("Round", 0, "1m30s"),
        ("Truncate", 60 * SECOND, "1m0s"),
        ("Abs", None, "1m30s"),
    ],
)
def test_durations_are_rounded(method: str, given_: int | None, result: str) -> None:
    """Halves go away from zero, and to a multiple of nothing nothing changes."""
    for sign in (1, -1):
        arguments = () if given_ is None else (given_,)
        found = Duration.METHODS[method].call(Duration(sign * 90 * SECOND), *arguments)
        assert isinstance(found, Duration)
        assert found.spelled() == ("-" if sign < 0 and method != "Abs" else "") + result


@given(st.integers(ZERO + 86_400 * SECOND, 253_402_200_000 * SECOND), st.integers(-1439, 1439))
def test_times_are_read_as_they_are_written(nanoseconds: int, minutes: int) -> None:
    """RFC 3339 keeps a time to the nanosecond, and its offset."""
    moment = Moment(nanoseconds, timezone(timedelta(minutes=minutes)))
    read = parse_moment(moment.rfc3339())
    assert read.nanoseconds == nanoseconds
    assert read.rfc3339() == moment.rfc3339()
    assert read.spelled() == moment.spelled()


def test_zones_have_names() -> None:
    """A time tells its parts in the zone that is asked for, and there is no zone that is none."""
    moment = Moment(1_700_000_000 * SECOND)
    assert in_zone("America/New_York", moment).spelled() == "2023-11-14 17:13:20 -0500 EST"
    assert in_zone("", in_zone("Asia/Kolkata", moment)) == moment
    for name in ("No/Where", "../etc/passwd", "/etc/passwd", "a\0b"):
        with pytest.raises(Unprocessable, match="no time zone"):
            in_zone(name, moment)
    with pytest.raises(Unprocessable, match="years 1 to 9999"):
        in_zone("America/New_York", Moment(ZERO))
