"""The functions of templates: those of Go's text/template and those that Prometheus adds.

Sources: https://pkg.go.dev/text/template#hdr-Functions and
https://prometheus.io/docs/prometheus/latest/configuration/template_reference/.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sightline.domain.alerts.go_compare import equal, less, not_equal
from sightline.domain.alerts.go_format import MAX_OUTPUT, joined, sprint, sprintf, sprintln, too_long
from sightline.domain.alerts.go_values import Arguments, Data, Texts, is_true, type_name
from sightline.domain.alerts.humanize import FORMS, not_finite
from sightline.domain.errors import BadData, Unprocessable
from sightline.domain.regex import compiled_regex, expansion

_FLOAT: Final = re.compile(
    r"[+-]?(?:[0-9]+(?:_[0-9]+)*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|infinity)|nan",
    re.ASCII | re.IGNORECASE,
)
_HEX_FLOAT: Final = re.compile(r"[+-]?0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)p[+-]?[0-9]+", re.ASCII | re.IGNORECASE)
_DURATION: Final = re.compile(
    r"(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?", re.ASCII
)
_UNITS: Final = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1)  # ms
_LONGEST: Final = 2**63  # nanoseconds that Go's durations and times have room for
_HOST_PORT: Final = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*)):([^\[\]:]*)")
_IPV4: Final = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\Z)|\Z)){4}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HTML: Final = str.maketrans({"'": "&#39;", '"': "&#34;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"})
_JS: Final = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_PATH: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^?#]*)")
_SPACE: Final = " "
_DEEPEST_ARGUMENTS: Final = 10


@dataclass(frozen=True, slots=True)
class Function:
    """A function. texts: how many of its first arguments must be strings; least, most: of arguments, None for any number.

    with_data: it is also given the alert's data, before all else.
    """

    call: Callable[..., object]
    least: int
    most: int | None
    texts: int = 0
    with_data: bool = False


def _number(value: object) -> float:
    """A number as the humanizing functions take it: a number, or a text of one."""
    if isinstance(value, str):
        if _HEX_FLOAT.fullmatch(value):
            try:
                return float.fromhex(value)
            except OverflowError:
                pass
        elif _FLOAT.fullmatch(value):
            number = float(value)
            if math.isfinite(number) or "n" in value.lower():
                return number
        raise Unprocessable(f"{value!r} is no number")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise Unprocessable(f"a value of type {type_name(value)} is no number")


def _humanized(form: Callable[[float], str]) -> Function:
    return Function(lambda value: form(_number(value)), 1, 1)


def _timestamp(value: float) -> str:
    """Seconds since 1970 as a time in UTC, to the millisecond."""
    if not math.isfinite(value):
        return not_finite(value)
    nanoseconds = value * 1e9
    if not -_LONGEST <= nanoseconds < _LONGEST:
        raise Unprocessable(f"{value:g} s are no time: nanoseconds since 1970 do not fit into 64 bits")
    milliseconds = int(int(nanoseconds) / 1_000_000)
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    fraction = f".{milliseconds % 1000:03d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def _duration(text: str) -> float:
    """A duration as Prometheus writes them, s."""
    if text == "0":
        return 0.0
    parts = _DURATION.fullmatch(text)
    if not text or parts is None:
        raise Unprocessable(f"not a valid duration string: {text!r}")
    total = sum(min(int(count[-20:]), _LONGEST) * unit for count, unit in zip(parts.groups("0"), _UNITS, strict=True))
    if total * 1_000_000 >= _LONGEST:
        raise Unprocessable(f"duration out of range: {text!r}")
    return total / 1000


def _by_letter(change: Callable[[str], str], text: str) -> str:
    """A text with each letter changed by itself, where that is one letter as well."""
    if text.isascii():
        return change(text)
    return "".join(
        [new if len(new := change(each)) == 1 else "i" if each == "\u0130" and new[0] == "i" else each for each in text]
    )


def _title(text: str) -> str:
    """A text in which each word begins with a capital; words are apart by what is no letter, digit or underscore."""
    pieces, parted = list[str](), True
    for each in text:
        new = each.title() if parted else each
        pieces.append(new if len(new) == 1 else each)
        parted = each.isspace() or (each.isascii() and not each.isalnum() and each != "_")
    return "".join(pieces)


@lru_cache(256)
def _regex(text: str) -> Any:
    try:
        return compiled_regex(text, dot_nl=False)
    except BadData as error:
        raise Unprocessable(error.message) from None


def _replaced(regex: str, replacement: str, text: str) -> str:
    """A text with all that a regex matches replaced; `$1` and `${name}` are what its groups matched."""
    pattern, pieces, left = _regex(regex), list[str](), MAX_OUTPUT
    expand = expansion(replacement, pattern)
    at, ended = 0, -1
    for match in pattern.finditer(text):
        start, end = match.span()
        if start == end == ended:  # Go takes no empty match right after another
            continue
        pieces += (text[at:start], expand(match))
        left -= len(pieces[-1]) + len(pieces[-2])
        if left < 0:
            raise too_long()
        at = ended = end
    pieces.append(text[at:])
    return joined(pieces)


def _split(address: str) -> tuple[str, str] | None:
    """Host and port, None for what is not both."""
    parts = _HOST_PORT.fullmatch(address)
    return None if parts is None else (parts[2] if parts[1] is None else parts[1], parts[3])


def _without_port(address: str) -> str:
    parts = _split(address)
    return address if parts is None else parts[0]


def _without_domain(address: str) -> str:
    host, port = _split(address) or (address, "")
    if ":" in host or _IPV4.fullmatch(host):
        return address
    name = host.partition(".")[0]
    return f"{name}:{port}" if port else name


def _args(*values: object) -> Arguments:
    found = Arguments({f"arg{number}": value for number, value in enumerate(values)})
    if found.depth > _DEEPEST_ARGUMENTS:
        raise Unprocessable(f"args within args more than {_DEEPEST_ARGUMENTS} deep; give values by names of their own")
    return found


def _one(values: tuple[object, ...]) -> str:
    """What the functions that escape are given, in one text."""
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return sprint(["<no value>" if value is None else value for value in values])


def _html(*values: object) -> str:
    return _one(values).translate(_HTML)


def _js(*values: object) -> str:
    return "".join([_JS.get(each) or _js_letter(each) for each in _one(values)])


def _js_letter(each: str) -> str:
    return each if each.isprintable() else f"\\u{ord(each):04X}"


def _url_query(*values: object) -> str:
    return _escaped(_one(values))


def _escaped(text: str) -> str:
    """A text as it stands in the query of a URL."""
    data = text.encode(errors="replace")
    return "".join([chr(byte) if byte in _PLAIN else "+" if byte == ord(_SPACE) else f"%{byte:02X}" for byte in data])


def _link(tab: int) -> Function:
    return Function(lambda expr: f"/graph?g0.expr={_escaped(expr)}&g0.tab={tab}", 1, 1, 1)


def _path(data: Data) -> str:
    found = _PATH.match(data.external_url)
    return found[1] if found else ""


def _length(value: object) -> int:
    match value:
        case str():
            return len(value.encode(errors="replace"))
        case Texts() | Arguments():
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


def _slice(value: object, *bounds: object) -> str:
    if not isinstance(value, str):
        raise Unprocessable(f"slice of a value of type {type_name(value)}")
    data = value.encode(errors="replace")
    begin, end = ([_position(each, len(data)) for each in bounds] + [0, len(data)][len(bounds) :])[:2]
    if begin > end:
        raise Unprocessable(f"slice from {begin} to {end}, which lies before it")
    return data[begin:end].decode(errors="replace")


FUNCTIONS: Final[Mapping[str, Function]] = {
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
    "html": Function(_html, 0, None),
    "js": Function(_js, 0, None),
    "urlquery": Function(_url_query, 0, None),
    **{name: _humanized(form) for name, form in FORMS.items()},
    "humanizeTimestamp": _humanized(_timestamp),
    "parseDuration": Function(_duration, 1, 1, 1),
    "title": Function(_title, 1, 1, 1),
    "toUpper": Function(lambda text: _by_letter(str.upper, text), 1, 1, 1),
    "toLower": Function(lambda text: _by_letter(str.lower, text), 1, 1, 1),
    "match": Function(lambda regex, text: _regex(regex).search(text) is not None, 2, 2, 2),
    "reReplaceAll": Function(_replaced, 3, 3, 3),
    "stripPort": Function(_without_port, 1, 1, 1),
    "stripDomain": Function(_without_domain, 1, 1, 1),
    "safeHtml": Function(lambda text: text, 1, 1, 1),
    "args": Function(_args, 0, None),
    "graphLink": _link(0),
    "tableLink": _link(1),
    "externalURL": Function(lambda data: data.external_url, 0, 0, with_data=True),
    "pathPrefix": Function(_path, 0, 0, with_data=True),
}
"""The functions by their names; `and` and `or`, which do not look at all of their arguments, are not among them."""

SHORT_CIRCUITS: Final = frozenset({"and", "or"})

_QUERIES: Final = ("query", "first", "label", "value", "strvalue", "sortByLabel")
REFUSED: Final[Mapping[str, str]] = {
    **{
        name: f"{name!r} works on the results of queries, which templates cannot ask; let the rule's expression give what is shown"
        for name in _QUERIES
    },
    "tmpl": "'tmpl' is there in consoles alone; write {{ template }}",
    "toTime": "'toTime' is not there; write humanizeTimestamp",
    "toDuration": "'toDuration' is not there; write humanizeDuration",
    "now": "'now' is not there; let the rule's expression give time()",
    "call": "'call' is not there, for no value is a function",
}
"""Why functions that Go or Prometheus has are not there."""
