"""The values of Influx fields: `0.5`, `3i`, `3u`, `t`, `"text"`.

Source: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/#data-types-and-format, and what InfluxDB 1.6 takes
and refuses: no sign but minus before a number, neither NaN nor infinity.
"""

from typing import Final

from sightline.domain.kernels.compiled import subroutine

INVALID_NUMBER: Final = 10
INVALID_BOOLEAN: Final = 11
UNBALANCED: Final = 12
"""Why a value is none; the text of each stands with the other reasons."""

# What was read: a number; a text that is one but has to be read exactly; a string, which is no sample.
NUMBER: Final = 0
LONG_FLOAT: Final = 1
LONG_INTEGER: Final = 2
LONG_UNSIGNED: Final = 3
STRING: Final = 4

_BLANK: Final = 0x20
_COMMA: Final = 0x2C
_MINUS: Final = 0x2D
_PLUS: Final = 0x2B
_DOT: Final = 0x2E
_ZERO: Final = 0x30
_NINE: Final = 0x39
_QUOTE: Final = 0x22
_BACKSLASH: Final = 0x5C
_LOWER: Final = 0x20
"""The bit by which a small letter differs from its capital."""
_A: Final = 0x41
_E: Final = 0x65
_F: Final = 0x66
_I: Final = 0x69
_T: Final = 0x74
_U: Final = 0x75
_TRUE: Final = b"rue"
_FALSE: Final = b"alse"

# Below it another digit fits without passing 10^18, and so 2^63.
_ROOM: Final = 10**17
# Whole numbers up to it, and powers of ten up to 22, are doubles, and so one division or product of both is rounded only once.
_EXACT: Final = 1 << 53
_POWERS: Final = tuple(10.0**power for power in range(23))
_FURTHEST: Final = 22
_EXPONENT_ROOM: Final = 100_000


@subroutine
def _ends(data: bytes, at: int, end: int) -> bool:
    """Whether a value may end before `at`: at a comma, a blank, or what breaks lines."""
    return at >= end or data[at] == _COMMA or data[at] == _BLANK or 0x09 <= data[at] <= 0x0D


@subroutine
def _says(data: bytes, at: int, end: int, rest: bytes) -> bool:
    """Whether what stands at `at` is `rest`, all in small letters or all in capitals, and the value ends with it."""
    after = at + 1 + len(rest)
    if after > end or not _ends(data, after, end):
        return False
    small = 0
    for step in range(len(rest)):
        byte = int(data[at + 1 + step])
        if (byte | _LOWER) != rest[step]:
            return False
        small += int(byte >= 0x61)
    return small == len(rest) or (small == 0 and data[at] < 0x61)


@subroutine
def truth(data: bytes, at: int, end: int) -> tuple[int, int, float]:
    """A boolean at `at`: the place behind it, NUMBER and 1.0 or 0.0; or -INVALID_BOOLEAN as the kind."""
    letter = int(data[at]) | _LOWER
    if (letter == _T or letter == _F) and _ends(data, at + 1, end):
        return at + 1, NUMBER, 1.0 if letter == _T else 0.0
    if letter == _T and _says(data, at, end, _TRUE):
        return at + 4, NUMBER, 1.0
    if letter == _F and _says(data, at, end, _FALSE):
        return at + 5, NUMBER, 0.0
    return at, -INVALID_BOOLEAN, 0.0


@subroutine
def number(data: bytes, at: int, end: int) -> tuple[int, int, float]:
    """A number that begins at `at`: the place behind it, what it is, and its value where that is NUMBER.

    -INVALID_NUMBER is the kind of what is no number.
    """
    position = at
    negative = data[position] == _MINUS
    if negative:
        position += 1
    mantissa = 0
    exponent = 0
    digits = 0
    is_long = False
    is_whole = True
    while position < end:
        byte = int(data[position])
        if _ZERO <= byte <= _NINE:
            digits += 1
            if mantissa < _ROOM:
                mantissa = mantissa * 10 + (byte - _ZERO)
                exponent -= int(not is_whole)
            else:
                is_long = True
        elif byte == _DOT and is_whole:
            is_whole = False
        else:
            break
        position += 1
    if digits == 0:
        return at, -INVALID_NUMBER, 0.0
    kind = LONG_FLOAT
    byte = int(data[position]) if position < end else 0
    if is_whole and (byte == _I or byte == _U):
        if byte == _U and negative:
            return at, -INVALID_NUMBER, 0.0
        kind = LONG_INTEGER if byte == _I else LONG_UNSIGNED
        position += 1
    elif byte | _LOWER == _E and byte >= _A:
        position += 1
        sign = int(data[position]) if position < end else 0
        if sign == _MINUS or sign == _PLUS:
            position += 1
        power = 0
        digits = 0
        while position < end and _ZERO <= data[position] <= _NINE:
            if power < _EXPONENT_ROOM:
                power = power * 10 + (int(data[position]) - _ZERO)
            digits += 1
            position += 1
        if digits == 0:
            return at, -INVALID_NUMBER, 0.0
        exponent += -power if sign == _MINUS else power
    if not _ends(data, position, end):
        return at, -INVALID_NUMBER, 0.0
    if is_long:
        return position, kind, 0.0
    value = float(mantissa)
    if exponent != 0:
        if mantissa > _EXACT or exponent < -_FURTHEST or exponent > _FURTHEST:
            return position, LONG_FLOAT, 0.0
        value = value / _POWERS[-exponent] if exponent < 0 else value * _POWERS[exponent]
    return position, NUMBER, -value if negative else value


@subroutine
def string(data: bytes, at: int, end: int) -> tuple[int, int, float]:
    """A string whose opening quote stands at `at`: the place behind its closing one and STRING, or -UNBALANCED as the kind."""
    position = at + 1
    while position < end and data[position] != _QUOTE:
        position += 2 if data[position] == _BACKSLASH else 1
    if position >= end:
        return at, -UNBALANCED, 0.0
    return position + 1, STRING, 0.0
