"""Values as JSON, as Go's package encoding/json writes them: https://pkg.go.dev/encoding/json."""

import json
import math
from typing import Final

from sightline.domain.alerts.go_format import shown
from sightline.domain.alerts.go_time import Moment
from sightline.domain.alerts.go_values import Arguments, Items, Record, Texts, type_name
from sightline.domain.errors import Unprocessable

_ESCAPED: Final = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)
_CONTROLS: Final = {"\\b": "\\u0008", "\\f": "\\u000c"}
_SMALLEST: Final = 1e-6
_LARGEST: Final = 1e21


def as_json(value: object, most: int) -> str:
    """A value in JSON without space, letters that HTML would take for its own escaped. most: characters it may have.

    Raises:
        Unprocessable: it has no form there, or would be longer.
    """
    pieces: list[str] = []
    _add(value, pieces, [most])
    return "".join(pieces)


def _add(value: object, pieces: list[str], left: list[int]) -> None:
    match value:
        case Moment():
            _put(_quoted(value.rfc3339()), pieces, left)
        case Record():
            keys = getattr(value, "JSON_NAMES", {})
            _add_entries([(keys.get(name, name), each) for name, each in value.fields().items()], pieces, left)
        case Texts() | Arguments():
            _add_entries(sorted(value.items()), pieces, left)
        case Items():
            _put("[", pieces, left)
            for number, each in enumerate(value):
                _put("," if number else "", pieces, left)
                _add(each, pieces, left)
            _put("]", pieces, left)
        case _:
            _put(_plain(value), pieces, left)


def _add_entries(entries: list[tuple[str, object]], pieces: list[str], left: list[int]) -> None:
    _put("{", pieces, left)
    for number, (name, each) in enumerate(entries):
        _put(f"{',' if number else ''}{_quoted(name)}:", pieces, left)
        _add(each, pieces, left)
    _put("}", pieces, left)


def _put(text: str, pieces: list[str], left: list[int]) -> None:
    left[0] -= len(text)
    if left[0] < 0:
        raise Unprocessable("JSON of more characters than a notice may have; make the template write less")
    pieces.append(text)


def _plain(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case int():
            return str(int(value))
        case float() if math.isfinite(value):
            return _number(value)
        case float():
            raise Unprocessable(f"JSON has no number {shown(value)}")
        case _:
            raise Unprocessable(f"a value of type {type_name(value)} has no form in JSON")


def _number(value: float) -> str:
    if value and not _SMALLEST <= abs(value) < _LARGEST:
        mantissa, _, exponent = repr(value).partition("e")
        power = int(exponent or "0")
        return f"{mantissa.removesuffix('.0')}e{'-' if power < 0 else '+'}{abs(power):02d}".replace("e-0", "e-")
    return format(value, "f") if "e" in repr(value) else repr(value).removesuffix(".0")


def _quoted(text: str) -> str:
    found = json.dumps(text, ensure_ascii=False)
    if "\\b" in found or "\\f" in found:
        found = "".join([_CONTROLS.get(piece, piece) for piece in _pieces(found)])
    return found.translate(_ESCAPED)


def _pieces(text: str) -> list[str]:
    """A text in escapes and all else."""
    found, at = list[str](), 0
    while at < len(text):
        size = 2 if text[at] == "\\" else 1
        found.append(text[at : at + size])
        at += size
    return found
