"""Values as texts, as Go's package fmt writes them: https://pkg.go.dev/fmt."""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from sightline.domain.alerts.go_values import Arguments, Items, Record, Spelled, Texts, type_name
from sightline.domain.errors import Unprocessable
from sightline.domain.go_literals import is_character, quoted

MAX_OUTPUT: Final = 65_536
"""How many characters a text that a template makes may have, on the way as at the end."""

_WIDEST: Final = 1_000_000
_FLAGS: Final = frozenset("+-# 0")
_FORMS: Final = {"b": "b", "o": "o", "O": "o", "d": "d", "v": "d", "x": "x", "X": "X"}
_PREFIXES: Final = {"b": "0b", "o": "0", "O": "0o", "x": "0x", "X": "0X"}
_INDEX: Final = re.compile(r"\[([^\]]*)\]")
_DIGITS: Final = re.compile(r"[0-9]+")
_SIZED: Final = re.compile(r"[0-9.]")
_MANTISSA: Final = 53
_HEX_DIGITS: Final = 13
_LEAST_POWER: Final = -1074
_SHARP_DIGITS: Final = 6
_SMALLEST: Final = -4
_LARGEST: Final = 6


@dataclass(slots=True)
class _Spec:
    """A verb's flags, width and precision.

    syntax: values are written as in Go's source, which `%#v` asks for. named: fields have their names, which `%+v` asks for.
    """

    plus: bool = False
    minus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    syntax: bool = False
    named: bool = False
    width: int = 0
    precision: int | None = None


_PLAIN: Final = _Spec()


class _Texts:
    """Pieces of a text that may not become too long."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._left = MAX_OUTPUT

    def add(self, piece: str) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise too_long()
        self._pieces.append(piece)

    def text(self) -> str:
        return "".join(self._pieces)


def too_long(most: int = MAX_OUTPUT) -> Unprocessable:
    """The error of a text that has more characters than it may."""
    return Unprocessable(f"a text of more than {most} characters; make the template write less")


def joined(pieces: list[str]) -> str:
    """Pieces in one.

    Raises:
        Unprocessable: it passes `MAX_OUTPUT`.
    """
    if sum(map(len, pieces)) > MAX_OUTPUT:
        raise too_long()
    return "".join(pieces)


def shown(value: object) -> str:
    """A value as `%v` writes it.

    Raises:
        Unprocessable: it passes `MAX_OUTPUT`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _general(value)
    return _verb("v", value, _PLAIN)


def printed(value: object) -> str:
    """A value as templates write it: of a pointer to a struct, the struct.

    Raises:
        Unprocessable: it passes `MAX_OUTPUT`.
    """
    text = shown(value)
    return text[1:] if isinstance(value, Record) and value.POINTER else text


def sprint(values: list[object]) -> str:
    """Values one after another, with spaces between two of which neither is a string."""
    pieces: list[str] = []
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            pieces.append(" ")
        pieces.append(shown(value))
    return joined(pieces)


def sprintln(values: list[object]) -> str:
    """Values with spaces between them, and a line feed."""
    return joined([" ".join([shown(value) for value in values]), "\n"])


def sprintf(form: str, values: list[object]) -> str:
    """Values in the places of a format's verbs; what does not fit is said in the text, as Go does.

    Raises:
        Unprocessable: it passes `MAX_OUTPUT`.
    """
    return _Scanner(form, values).text()


class _Scanner:
    """Reads a format from left to right, and knows which value comes next."""

    def __init__(self, form: str, values: list[object]) -> None:
        self._form = form
        self._at = 0
        self._values = values
        self._number = 0
        self._out = _Texts()
        self._has_indices = False
        # Of the verb that is being read: whether an index stands right before, and whether all of them are good.
        self._indexed = False
        self._good = True

    def text(self) -> str:
        while (percent := self._form.find("%", self._at)) >= 0:
            self._out.add(self._form[self._at : percent])
            self._at = percent + 1
            spec = self._spec()
            verb = self._here()
            self._at += 1
            self._write(verb, spec)
        self._out.add(self._form[self._at :])
        left = self._values[self._number :]
        if left and not self._has_indices:
            extra = ", ".join(f"{type_name(each)}={shown(each)}" if each is not None else "<nil>" for each in left)
            self._out.add(f"%!(EXTRA {extra})")
        return self._out.text()

    def _here(self) -> str:
        """The next character, empty at the end."""
        return self._form[self._at : self._at + 1]

    def _spec(self) -> _Spec:
        """What stands between a percent sign and its verb."""
        spec, self._good = _Spec(), True
        while (flag := self._here()) and flag in _FLAGS:
            _flag(spec, flag)
            self._at += 1
        self._index()
        if self._indexed and _SIZED.match(self._form, self._at):
            self._good = False  # an index stands before a verb or a `*`
        spec.width = self._size("WIDTH", -_WIDEST) or 0
        if spec.width < 0:
            spec.width, spec.minus, spec.zero = -spec.width, True, False
        if self._here() == ".":
            self._at += 1
            self._index()
            spec.precision = self._size("PREC", 0)
        if not self._indexed:
            self._index()
        return spec

    def _index(self) -> None:
        """Past an index such as `[2]`, which says which value comes next."""
        self._indexed = False
        if self._here() != "[":
            return
        self._has_indices = True
        index = _INDEX.match(self._form, self._at)
        if index is None:
            self._at += 1
            self._good = False
            return
        self._indexed, self._at = True, index.end()
        number = _integer_of(index[1]) if _DIGITS.fullmatch(index[1]) else 0
        if 1 <= number <= len(self._values):
            self._number = number - 1
        else:
            self._good = False

    def _size(self, what: str, least: int) -> int | None:
        """A width or a precision, in digits or the next value, by `*`; 0 where there is none, None where it is said to be bad."""
        size: object = 0
        if self._here() == "*":
            self._at += 1
            size = self._values[self._number] if self._number < len(self._values) else None
            self._number += 1
            self._indexed = False
        elif (digits := _DIGITS.match(self._form, self._at)) is not None:
            self._at = digits.end()
            size = _integer_of(digits[0])
        if isinstance(size, bool) or not isinstance(size, int) or not least <= size <= _WIDEST:
            self._out.add(f"%!(BAD{what})")
            return None
        return size

    def _write(self, verb: str, spec: _Spec) -> None:
        """The next value by a verb, or why there is none."""
        if not verb:
            self._out.add("%!(NOVERB)")
            return
        if max(spec.width, spec.precision or 0) > MAX_OUTPUT:
            raise too_long()
        if verb == "%":
            self._out.add("%")
        elif not self._good:
            self._out.add(f"%!{verb}(BADINDEX)")
        elif self._number >= len(self._values):
            self._out.add(f"%!{verb}(MISSING)")
        else:
            if verb == "v":  # where both flags mean something else
                spec.syntax, spec.sharp, spec.named, spec.plus = spec.sharp, False, spec.plus, False
            self._out.add(_verb(verb, self._values[self._number], spec))
            self._number += 1


def _integer_of(digits: str) -> int:
    """The number, or one that is too large where it has more digits than `_WIDEST`."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= len(str(_WIDEST)) else _WIDEST + 1


def _flag(spec: _Spec, flag: str) -> None:
    match flag:
        case "+":
            spec.plus = True
        case "-":
            spec.minus, spec.zero = True, False
        case "#":
            spec.sharp = True
        case " ":
            spec.space = True
        case _:
            spec.zero = not spec.minus


def _verb(verb: str, value: object, spec: _Spec) -> str:
    """One value by one verb."""
    if verb == "T":
        return _padded("<nil>" if value is None else type_name(value)[: spec.precision], spec)
    text: str | None = None
    match value:
        case Spelled() if verb in "vsqxX" and not spec.syntax:
            text = _string(verb, value.spelled(), spec)
        case None:
            text = _padded("<nil>", spec) if verb == "v" else f"%!{verb}(<nil>)"
        case bool():
            text = _padded("true" if value else "false", spec) if verb in "tv" else None
        case int():
            text = _integer(verb, value, spec)
        case float():
            text = _float(verb, value, spec)
        case str():
            text = _string(verb, value, spec)
        case Texts() | Arguments() | Items() | Record():
            text = _collection(verb, value, spec)
        case _:
            text = None
    if text is None:
        text = f"%!{verb}({type_name(value)}={_verb('v', value, spec)})"
    return text


def _collection(verb: str, value: Texts | Arguments | Items | Record, spec: _Spec) -> str:
    """A map, slice or struct, each of its values by the verb."""
    is_syntax = verb == "v" and spec.syntax
    is_named = verb == "v" and (spec.syntax or spec.named)
    match value:
        case Items():
            pieces = [_verb(verb, each, spec) for each in value]
        case Record():
            fields = value.fields().items()
            pieces = [(f"{name}:" if is_named else "") + _verb(verb, each, spec) for name, each in fields]
        case _:
            pieces = [_entry(verb, key, each, spec) for key, each in sorted(value.items())]
    mark = "&" if isinstance(value, Record) and value.POINTER else ""
    if is_syntax:
        return joined([mark, type_name(value).removeprefix("*"), "{", ", ".join(pieces), "}"])
    opens, closes = (
        ("[", "]") if isinstance(value, Items) else ("{", "}") if isinstance(value, Record) else ("map[", "]")
    )
    return joined([mark, opens, " ".join(pieces), closes])


def _entry(verb: str, key: str, each: object, spec: _Spec) -> str:
    return f"{key}:<nil>" if each is None and verb == "v" else f"{_verb(verb, key, spec)}:{_verb(verb, each, spec)}"


def _padded(text: str, spec: _Spec) -> str:
    if len(text) >= spec.width:
        return text
    if spec.minus:
        return text.ljust(spec.width)
    return text.rjust(spec.width, "0" if spec.zero else " ")


def _general(value: float) -> str:
    """As few digits as tell the number from all others, with an exponent where it is below 1e-4 or from 1e6 on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    mantissa, _, exponent = _shortest(value).partition("e")
    power = int(exponent)
    digits = mantissa.lstrip("-").replace(".", "")
    sign = "-" if mantissa[0] == "-" else ""
    if not _SMALLEST <= power < _LARGEST:
        return f"{mantissa}e{power:+03d}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    digits = digits.ljust(power + 1, "0")
    whole, rest = digits[: power + 1], digits[power + 1 :]
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def _shortest(value: float) -> str:
    """The shortest digits that read back as the same number, with an exponent: `1.5e3`."""
    sign, text = ("-", repr(value)[1:]) if math.copysign(1, value) < 0 else ("", repr(value))
    mantissa, _, exponent = text.partition("e")
    whole, _, rest = mantissa.partition(".")
    power = int(exponent or "0")
    digits = (whole + rest).lstrip("0")
    if not digits:
        return f"{sign}0e0"
    power += len(whole) - 1 if whole != "0" else -(len(rest) - len(rest.lstrip("0"))) - 1
    digits = digits.rstrip("0") or "0"
    return f"{sign}{digits[0]}{'.' if len(digits) > 1 else ''}{digits[1:]}e{power}"


def _float(verb: str, value: float, spec: _Spec) -> str | None:
    if verb not in "vgGeEfFxXb":
        return None
    if not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        if name == "NaN" and (spec.plus or spec.space):
            name = "+NaN"
        if spec.space and not spec.plus and name[0] == "+":
            name = " " + name[1:]
        return _padded(name, _Spec(minus=spec.minus, width=spec.width))
    text = _digits_of(verb, value, spec)
    sign = "-" if text[0] == "-" else "+" if spec.plus else " " if spec.space else ""
    text = text.lstrip("-")
    if spec.zero and spec.width > len(sign) + len(text):
        return sign + text.rjust(spec.width - len(sign), "0")
    return _padded(sign + text, spec)


def _digits_of(verb: str, value: float, spec: _Spec) -> str:
    kind = {"v": "g", "F": "f"}.get(verb, verb)
    if kind == "b":
        return _mantissa(value)
    if kind in "xX":
        text = _hexadecimal_float(value, spec.precision)
        return text.upper() if kind == "X" else text
    if kind in "gG" and spec.precision is None:
        text = _general(value)
        text = _filled_up(text) if spec.sharp else text
        return text.upper() if kind == "G" else text
    precision = 6 if spec.precision is None else spec.precision
    return f"{value:{'#' if spec.sharp else ''}.{precision}{kind}}"


def _filled_up(text: str) -> str:
    """A number with a point, and with zeros after it up to as many digits as `%#g` has at least."""
    number, mark, exponent = text.partition("e")
    digits = len(number.replace(".", "").lstrip("-0")) or 1
    point = "" if "." in number else "."
    return f"{number}{point}{'0' * (_SHARP_DIGITS - digits)}{mark}{exponent}"


def _mantissa(value: float) -> str:
    """A number as an integer and a power of two: 1.5 is `6755399441055744p-52`."""
    fraction, power = math.frexp(abs(value))
    bits, power = int(fraction * 2.0**_MANTISSA), power - _MANTISSA
    if not bits or power < _LEAST_POWER:
        bits, power = bits >> max(_LEAST_POWER - power, 0), _LEAST_POWER
    return f"{'-' if math.copysign(1, value) < 0 else ''}{bits}p{power:+d}"


def _hexadecimal_float(value: float, precision: int | None) -> str:
    """A number with a hexadecimal mantissa and a power of two: 1.5 is `0x1.8p+00`."""
    sign, number = "-" if math.copysign(1, value) < 0 else "", abs(value)
    mantissa, power = math.frexp(number)
    bits, power = int(mantissa * 2.0**_MANTISSA), power - 1 if number else 0
    if precision is not None and precision < _HEX_DIGITS:
        dropped = 4 * (_HEX_DIGITS - precision)
        bits = round(Fraction(bits, 1 << dropped)) << dropped
        if bits >> _MANTISSA:
            bits, power = bits >> 1, power + 1
    whole, rest = divmod(bits, 1 << (_MANTISSA - 1))
    digits = f"{rest:0{_HEX_DIGITS}x}"
    digits = digits.rstrip("0") if precision is None else digits[:precision].ljust(precision, "0")
    return f"{sign}0x{whole}{'.' if digits else ''}{digits}p{power:+03d}"


def _integer(verb: str, value: int, spec: _Spec) -> str | None:
    if verb == "c":
        return _padded(_character(value), spec)
    if verb == "q":
        return _padded(quoted(_character(value), "'", ascii_only=spec.plus), spec)
    if verb == "U":
        shown_too = spec.sharp and value >= 0 and _character(value).isprintable()
        drawn = f" '{_character(value)}'" if shown_too else ""
        return _padded(f"U+{value & (2**64 - 1):04X}{drawn}", _Spec(minus=spec.minus, width=spec.width))
    if verb not in _FORMS:
        return None
    digits = format(abs(value), _FORMS[verb])
    sign = "-" if value < 0 else "+" if spec.plus else " " if spec.space else ""
    prefix = _PREFIXES.get(verb, "") if spec.sharp or verb == "O" else ""
    if spec.precision is not None:
        if spec.precision == 0 and value == 0:
            return _padded("", _Spec(minus=spec.minus, width=spec.width))
        digits = digits.rjust(spec.precision, "0")
    elif spec.zero and spec.width:
        digits = digits.rjust(spec.width - len(sign), "0")
    if verb == "O" and spec.sharp:
        prefix += "0" if digits[0] != "0" else ""
    if prefix == "0" and digits[0] == "0":
        prefix = ""
    return _padded(sign + prefix + digits, _Spec(minus=spec.minus, width=spec.width))


def _character(code: int) -> str:
    return chr(code) if is_character(code) else "\ufffd"


def _string(verb: str, value: str, spec: _Spec) -> str | None:
    if verb in "xX":
        return _padded(_hexadecimal(verb, value, spec), spec)
    if verb not in "vsq":
        return None
    text = value if spec.precision is None else value[: spec.precision]
    if verb == "q" or (spec.syntax and verb == "v"):
        if spec.sharp and "`" not in text and all(each.isprintable() or each == "\t" for each in text):
            return _padded(f"`{text}`", spec)
        text = quoted(text, ascii_only=spec.plus)
    return _padded(text, spec)


def _hexadecimal(verb: str, value: str, spec: _Spec) -> str:
    data = value.encode(errors="replace")[: spec.precision]
    prefix = f"0{verb}" if spec.sharp else ""
    pairs = [f"{byte:02{verb}}" for byte in data]
    if spec.space:
        return " ".join([prefix + pair for pair in pairs])
    return (prefix if pairs else "") + "".join(pairs)
