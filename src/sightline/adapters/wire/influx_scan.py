"""One pass over lines of the Influx line protocol: where measurement, tags and field keys stand, and the values and times.

Source: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/

    measurement[,tag=value...] field=value[,field=value...] [time]

Where that says nothing it is as in InfluxDB 1.6: a comma, blank or equals sign behind a backslash is one of the text, any other
backslash stands for itself; only in a string a line may break.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.influx_number import (
    INVALID_BOOLEAN,
    INVALID_NUMBER,
    NUMBER,
    STRING,
    UNBALANCED,
    number,
    string,
    truth,
)
from sightline.domain.kernels.compiled import kernel, subroutine

Table = NDArray[np.int64]

DONE: Final = 0
FULL: Final = -1
"""An output is full: what was read is whole lines, and the next call goes on behind them."""

NO_TIME: Final = -(1 << 63)
"""The time of a line without one."""

# What `found` tells; POSITION and LINE are also where to begin.
POSITION: Final = 0
LINE: Final = 1
LINES: Final = 2
ROWS: Final = 3
LONG: Final = 4
BAD: Final = 5
STRINGS: Final = 6
FOUND: Final = 7

# The columns of `lines`, of `long` and of `bad`.
HEAD: Final = 0
HEAD_END: Final = 1
TIME: Final = 2
NUMBERED: Final = 3
ROW: Final = 0
START: Final = 1
END: Final = 2
KIND: Final = 3
WIDTH: Final = 4

MISSING_MEASUREMENT: Final = 1
MISSING_TAG_KEY: Final = 2
MISSING_TAG_VALUE: Final = 3
INVALID_TAG: Final = 4
MISSING_FIELDS: Final = 5
MISSING_FIELD_KEY: Final = 6
MISSING_FIELD_VALUE: Final = 7
INVALID_FIELD: Final = 8
BAD_TIME: Final = 9
TIME_RANGE: Final = 13
OUT_OF_RANGE: Final = 14
TOO_MANY: Final = 15
REASONS: Final = {
    MISSING_MEASUREMENT: "missing measurement",
    MISSING_TAG_KEY: "missing tag key",
    MISSING_TAG_VALUE: "missing tag value",
    INVALID_TAG: "invalid tag format",
    MISSING_FIELDS: "missing fields",
    MISSING_FIELD_KEY: "missing field key",
    MISSING_FIELD_VALUE: "missing field value",
    INVALID_FIELD: "invalid field format",
    BAD_TIME: "bad timestamp",
    INVALID_NUMBER: "invalid number",
    INVALID_BOOLEAN: "invalid boolean",
    UNBALANCED: "unbalanced quotes",
    TIME_RANGE: "time outside range",
    OUT_OF_RANGE: "number out of range",
    TOO_MANY: "more values than intake.request_samples allows",
}
"""Why a line is none, in InfluxDB's words where it has such a reason."""

_TAB: Final = 0x09
_NEWLINE: Final = 0x0A
_RETURN: Final = 0x0D
_BLANK: Final = 0x20
_QUOTE: Final = 0x22
_HASH: Final = 0x23
_COMMA: Final = 0x2C
_MINUS: Final = 0x2D
_DOT: Final = 0x2E
_ZERO: Final = 0x30
_NINE: Final = 0x39
_EQUALS: Final = 0x3D
_BACKSLASH: Final = 0x5C
_MOST_TENTH: Final = ((1 << 63) - 1) // 10 - 1


@subroutine
def _past_blanks(data: bytes, at: int, end: int) -> int:
    while at < end and (data[at] == _BLANK or data[at] == _TAB):
        at += 1
    return at


@subroutine
def _ends_line(data: bytes, at: int, end: int) -> bool:
    """Whether nothing of the line is left at `at`."""
    if at < end and data[at] == _RETURN:
        at += 1
    return at >= end or data[at] == _NEWLINE


@subroutine
def _past_escaped(data: bytes, at: int, end: int) -> int:
    """Behind a backslash at `at`, and behind what it takes the meaning from."""
    at += 1
    if at < end and (data[at] == _COMMA or data[at] == _BLANK or data[at] == _EQUALS):
        at += 1
    return at


@subroutine
def _head(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where measurement and tags end that begin at `at`; and 0, or what is wrong with them."""
    begin = at
    tags = 0  # 0 in the measurement, 1 in a tag's key, 2 in its value
    position = at
    while position < end:
        byte = int(data[position])
        if byte > _EQUALS:
            if byte == _BACKSLASH:
                position = _past_escaped(data, position, end)
                continue
        elif byte == _NEWLINE or byte == _BLANK:
            break
        elif byte == _COMMA:
            if tags == 1:
                return position, MISSING_TAG_VALUE if position > begin else MISSING_TAG_KEY
            if position == begin:
                return position, MISSING_TAG_VALUE if tags else MISSING_MEASUREMENT
            tags = 1
            begin = position + 1
        elif byte == _EQUALS and tags:
            if tags == 2:
                return position, INVALID_TAG
            if position == begin:
                return position, MISSING_TAG_KEY
            tags = 2
            begin = position + 1
        position += 1
    if tags == 1:
        return position, MISSING_TAG_VALUE if position > begin else MISSING_TAG_KEY
    if position == begin:
        return position, MISSING_TAG_VALUE if tags else MISSING_MEASUREMENT
    return position, 0


@subroutine
def _key(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the key of a field ends that begins at `at`; and 0, or what is wrong with it."""
    position = at
    while position < end:
        byte = int(data[position])
        if byte > _EQUALS:
            if byte == _BACKSLASH:
                position = _past_escaped(data, position, end)
                continue
        elif byte == _EQUALS:
            return position, 0 if position > at else MISSING_FIELD_KEY
        elif byte == _COMMA or byte == _BLANK or byte == _NEWLINE:
            break
        position += 1
    return position, INVALID_FIELD


@subroutine
def _value(data: bytes, at: int, end: int) -> tuple[int, int, float]:
    """The value that begins at `at`: the place behind it, what it is, or what is wrong with it below zero, and what it is worth."""
    byte = int(data[at]) if at < end else _NEWLINE
    if byte == _COMMA or byte == _BLANK or byte == _NEWLINE or byte == _RETURN:
        return at, -MISSING_FIELD_VALUE, 0.0
    if _ZERO <= byte <= _NINE or byte == _MINUS or byte == _DOT:
        return number(data, at, end)
    if byte == _QUOTE:
        return string(data, at, end)
    return truth(data, at, end)


@subroutine
def _time(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """The time that begins at `at`: the place behind it; 0, or what is wrong with it; and what it is."""
    position = at
    negative = data[position] == _MINUS
    if negative:
        position += 1
    begin = position
    time = 0
    while position < end and _ZERO <= data[position] <= _NINE:
        if time > _MOST_TENTH:
            return position, TIME_RANGE, 0
        time = time * 10 + (int(data[position]) - _ZERO)
        position += 1
    if position == begin:
        return position, BAD_TIME, 0
    return position, 0, -time if negative else time


def scan_in_python(
    data: bytes,
    divisor: int,
    factor: int,
    lines: Table,
    owners: NDArray[np.uint32],
    keys: Table,
    values: NDArray[np.float64],
    long: Table,
    bad: Table,
    found: Table,
) -> int:
    """Read lines into the given outputs, from found[POSITION] on; returns DONE, or FULL when only a part was read.

    divisor, factor: what makes milliseconds of a time; one of them is 1. lines: (l, 4), of each line with values where its head
    stands, its time in ms and its number. owners: (n,), the line of each value; keys: (n, 2), where its key stands; values: (n,).
    long: (n, 4), the values to be read exactly: their row, where they stand, what they are. bad: (b, 4), the first lines that are
    none: their number, where they stand, why. found: (FOUND,), how many of each there are; of `bad` more
    may be counted than are told.
    """
    end = len(data)
    farthest = (1 << 53) // factor
    position = int(found[POSITION])
    number_of_line = int(found[LINE])
    count = 0
    rows = 0
    long_rows = 0
    bad_lines = 0
    strings = 0
    status = DONE
    while position < end:
        start = position
        first_row = rows
        first_long = long_rows
        strings_before = strings
        reason = 0
        time = NO_TIME
        begin = _past_blanks(data, position, end)
        position = begin
        if _ends_line(data, position, end) or data[position] == _HASH:
            while position < end and data[position] != _NEWLINE:
                position += 1
            position += 1
            number_of_line += 1
            continue

        position, reason = _head(data, position, end)
        head_end = position
        if reason == 0:
            position = _past_blanks(data, position, end)
            if _ends_line(data, position, end):
                reason = MISSING_FIELDS
        is_full = False
        while reason == 0:
            key_start = position
            position, reason = _key(data, position, end)
            if reason != 0:
                break
            key_end = position
            value_start = position + 1
            position, kind, value = _value(data, value_start, end)
            if kind < 0:
                reason = -kind
                break
            if kind == STRING:
                strings += 1
            else:
                if rows == len(values) or count == len(lines):
                    is_full = True
                    break
                owners[rows] = count
                keys[rows, 0] = key_start
                keys[rows, 1] = key_end
                values[rows] = value
                if kind != NUMBER:
                    long[long_rows, ROW] = rows
                    long[long_rows, START] = value_start
                    long[long_rows, END] = position
                    long[long_rows, KIND] = kind
                    long_rows += 1
                rows += 1
            if position < end and data[position] == _COMMA:
                position += 1
                continue
            break
        if is_full:
            rows = first_row
            long_rows = first_long
            strings = strings_before
            position = start
            status = FULL
            break
        if reason == 0 and not _ends_line(data, position, end):
            if data[position] != _BLANK and data[position] != _TAB:
                reason = INVALID_FIELD
            else:
                position = _past_blanks(data, position, end)
                if not _ends_line(data, position, end):
                    position, reason, time = _time(data, position, end)
                    if reason == 0:
                        position = _past_blanks(data, position, end)
                        if not _ends_line(data, position, end):
                            reason = BAD_TIME
                        elif factor == 1:
                            time //= divisor
                        elif -farthest <= time <= farthest:
                            time *= factor
                        else:
                            reason = TIME_RANGE
        if reason == UNBALANCED:
            position = begin  # what follows the line may well be good
        line_end = position
        while line_end < end and data[line_end] != _NEWLINE:
            line_end += 1
        if reason != 0:
            rows = first_row
            long_rows = first_long
            strings = strings_before
            if bad_lines < len(bad):
                bad[bad_lines, ROW] = number_of_line
                bad[bad_lines, START] = begin
                bad[bad_lines, END] = line_end
                bad[bad_lines, KIND] = reason
            bad_lines += 1
        elif rows > first_row:
            lines[count, HEAD] = begin
            lines[count, HEAD_END] = head_end
            lines[count, TIME] = time
            lines[count, NUMBERED] = number_of_line
            count += 1
        if strings > strings_before or reason == INVALID_FIELD:  # there may be line breaks in them
            for place in range(begin, line_end):
                number_of_line += int(data[place] == _NEWLINE)
        number_of_line += 1
        position = line_end + 1
    found[POSITION] = position
    found[LINE] = number_of_line
    found[LINES] = count
    found[ROWS] = rows
    found[LONG] = long_rows
    found[BAD] = bad_lines
    found[STRINGS] = strings
    return status


# The loop is its own twin: over bytes plain Python does as well as NumPy would.
scan = kernel(
    "int64(Bytes(uint8, 1, 'C', readonly=True), int64, int64, int64[:, ::1], uint32[::1], int64[:, ::1], float64[::1],"
    " int64[:, ::1], int64[:, ::1], int64[::1])",
    twin=scan_in_python,
)(scan_in_python)
"""`scan_in_python`, or the same as machine code once it is compiled."""
