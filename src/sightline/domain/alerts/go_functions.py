"""The functions of Go's text/template: https://pkg.go.dev/text/template#hdr-Functions."""

from collections.abc import Mapping
from typing import Final

from sightline.domain.alerts.go_compare import equal, less, not_equal
from sightline.domain.alerts.go_format import sprint, sprintf, sprintln
from sightline.domain.alerts.go_values import Arguments, Function, Items, Texts, is_true, type_name
from sightline.domain.errors import Unprocessable

_HTML: Final = str.maketrans({"'": "&#39;", '"': "&#34;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"})
_JS: Final = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_SPACE: Final = " "


def _one(values: tuple[object, ...]) -> str:
    """What the functions that escape are given, in one text."""
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return sprint(["<no value>" if value is None else value for value in values])


def html_escaped(*values: object) -> str:
    """Values in one text, as HTML writes it."""
    return _one(values).translate(_HTML)


def _js(*values: object) -> str:
    return "".join([_JS.get(each) or _js_letter(each) for each in _one(values)])


def _js_letter(each: str) -> str:
    return each if each.isprintable() else f"\\u{ord(each):04X}"


def _url_query(*values: object) -> str:
    return query_escaped(_one(values))


def query_escaped(text: str) -> str:
    """A text as it stands in the query of a URL."""
    data = text.encode(errors="replace")
    return "".join([chr(byte) if byte in _PLAIN else "+" if byte == ord(_SPACE) else f"%{byte:02X}" for byte in data])


def _length(value: object) -> int:
    match value:
        case str():
            return len(value.encode(errors="replace"))
        case Texts() | Arguments() | Items():
            return len(value)
        case _:
            raise Unprocessable(f"len of type {type_name(value)}")


def _index(value: object, *keys: object) -> object:
    if value is None:
        raise Unprocessable("index of nil")
    for key in keys:
        match value:
            case Texts() | Arguments():
                if not isinstance(key, str):
                    raise Unprocessable(f"the key of a map is a string, and not {type_name(key)}")
                value = value.get(key, "" if isinstance(value, Texts) else None)
            case Items():
                value = value[_position(key, len(value) - 1)]
            case str():
                data = value.encode(errors="replace")
                value = data[_position(key, len(data) - 1)]
            case _:
                raise Unprocessable(f"index of a value of type {type_name(value)}")
    return value


def _position(key: object, last: int) -> int:
    if isinstance(key, bool) or not isinstance(key, int):
        raise Unprocessable(f"an index is an int, and not {type_name(key)}")
    if not 0 <= key <= last:
        raise Unprocessable(f"index out of range: {key}")
    return key


def _slice(value: object, *bounds: object) -> object:
    if not isinstance(value, str | Items):
        raise Unprocessable(f"slice of a value of type {type_name(value)}")
    data = value.encode(errors="replace") if isinstance(value, str) else value
    begin, end = ([_position(each, len(data)) for each in bounds] + [0, len(data)][len(bounds) :])[:2]
    if begin > end:
        raise Unprocessable(f"slice from {begin} to {end}, which lies before it")
    part = data[begin:end]
    return part.decode(errors="replace") if isinstance(part, bytes) else type(value)(part)


GO_FUNCTIONS: Final[Mapping[str, Function]] = {
    "not": Function(lambda value: not is_true(value), 1, 1),
    "eq": Function(equal, 1, None),
    "ne": Function(not_equal, 2, 2),
    "lt": Function(less, 2, 2),
    "le": Function(lambda one, other: less(one, other) or equal(one, other), 2, 2),
    "gt": Function(lambda one, other: not (less(one, other) or equal(one, other)), 2, 2),
    "ge": Function(lambda one, other: not less(one, other), 2, 2),
    "len": Function(_length, 1, 1),
    "index": Function(_index, 1, None),
    "slice": Function(_slice, 1, 3),
    "print": Function(lambda *values: sprint(list(values)), 0, None),
    "println": Function(lambda *values: sprintln(list(values)), 0, None),
    "printf": Function(lambda form, *values: sprintf(form, list(values)), 1, None, 1),
    "html": Function(html_escaped, 0, None),
    "js": Function(_js, 0, None),
    "urlquery": Function(_url_query, 0, None),
}
"""The functions by their names; `and` and `or`, which do not look at all of their arguments, are not among them."""

SHORT_CIRCUITS: Final = frozenset({"and", "or"})
