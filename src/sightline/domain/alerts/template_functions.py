"""The functions that Prometheus adds to those of Go's text/template.

Source: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from sightline.domain.alerts.go_functions import GO_FUNCTIONS, query_escaped
from sightline.domain.alerts.go_strings import by_letter, matches, replaced
from sightline.domain.alerts.go_values import Arguments, Data, Function, Sample, Samples, type_name
from sightline.domain.alerts.humanize import FORMS, not_finite
from sightline.domain.alerts.template_dialect import Dialect
from sightline.domain.errors import Unprocessable

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
_PATH: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^?#]*)")
_DEEPEST_ARGUMENTS: Final = 10


def number(value: object) -> float:
    """A number as the humanizing functions take it: a number, or a text of one."""
    if isinstance(value, str):
        if _HEX_FLOAT.fullmatch(value):
            try:
                return float.fromhex(value)
            except OverflowError:
                pass
        elif _FLOAT.fullmatch(value):
            found = float(value)
            if math.isfinite(found) or "n" in value.lower():
                return found
        raise Unprocessable(f"{value!r} is no number")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise Unprocessable(f"a value of type {type_name(value)} is no number")


def humanized(form: Callable[[float], str]) -> Function:
    """A function that writes a number, or a text of one."""
    return Function(lambda value: form(number(value)), 1, 1)


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


def _title(text: str) -> str:
    """A text in which each word begins with a capital; words are apart by what is no letter, digit or underscore."""
    pieces, parted = list[str](), True
    for each in text:
        new = each.title() if parted else each
        pieces.append(new if len(new) == 1 else each)
        parted = each.isspace() or (each.isascii() and not each.isalnum() and each != "_")
    return "".join(pieces)


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


def _link(tab: int) -> Function:
    return Function(lambda expr: f"/graph?g0.expr={query_escaped(expr)}&g0.tab={tab}", 1, 1, 1)


def _path(data: Data) -> str:
    found = _PATH.match(data.external_url)
    return found[1] if found else ""


class Asked(Exception):
    """A template asks a query whose answer is not there yet."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _query(data: Data, text: str) -> Samples:
    answer = data.answers.get(text)
    if answer is None:
        raise Asked(text)
    if isinstance(answer, str):
        raise Unprocessable(answer)
    return answer


def _samples(value: object) -> Samples:
    if not isinstance(value, Samples):
        raise Unprocessable(f"wrong type for value; expected template.queryResult; got {type_name(value)}")
    return value


def _sample(value: object) -> Sample:
    if not isinstance(value, Sample):
        raise Unprocessable(f"wrong type for value; expected *template.sample; got {type_name(value)}")
    return value


def _first(value: object) -> Sample:
    found = _samples(value)
    if not found:
        raise Unprocessable("first() called on vector with no elements")
    return _sample(found[0])


def _sorted(label: str, value: object) -> Samples:
    return Samples(
        sorted(_samples(value), key=lambda sample: _sample(sample).labels.get(label, "").encode(errors="replace"))
    )


FUNCTIONS: Final[Mapping[str, Function]] = {
    **GO_FUNCTIONS,
    **{name: humanized(form) for name, form in FORMS.items()},
    "humanizeTimestamp": humanized(_timestamp),
    "parseDuration": Function(_duration, 1, 1, 1),
    "title": Function(_title, 1, 1, 1),
    "toUpper": Function(lambda text: by_letter(str.upper, text), 1, 1, 1),
    "toLower": Function(lambda text: by_letter(str.lower, text), 1, 1, 1),
    "match": Function(matches, 2, 2, 2),
    "reReplaceAll": Function(replaced, 3, 3, 3),
    "stripPort": Function(_without_port, 1, 1, 1),
    "stripDomain": Function(_without_domain, 1, 1, 1),
    "safeHtml": Function(lambda text: text, 1, 1, 1),
    "args": Function(_args, 0, None),
    "graphLink": _link(0),
    "tableLink": _link(1),
    "query": Function(_query, 1, 1, 1, with_data=True),
    "first": Function(_first, 1, 1),
    "label": Function(lambda label, sample: _sample(sample).labels.get(label, ""), 2, 2, 1),
    "value": Function(lambda sample: _sample(sample).value, 1, 1),
    "strvalue": Function(lambda sample: _sample(sample).labels.get("__value__", ""), 1, 1),
    "sortByLabel": Function(_sorted, 2, 2, 1),
    "externalURL": Function(lambda data: data.external_url, 0, 0, with_data=True),
    "pathPrefix": Function(_path, 0, 0, with_data=True),
}
"""The functions by their names."""

REFUSED: Final[Mapping[str, str]] = {
    "tmpl": "'tmpl' is there in consoles alone; write {{ template }}",
    "toTime": "'toTime' is not there; write humanizeTimestamp",
    "toDuration": "'toDuration' is not there; write humanizeDuration",
    "now": "'now' is not there; let the rule's expression give time()",
    "call": "'call' is not there, for no value is a function",
}
"""Why functions that Go or Prometheus has are not there."""

RULES: Final = Dialect(
    FUNCTIONS,
    REFUSED,
    {"$labels": "Labels", "$externalLabels": "ExternalLabels", "$externalURL": "ExternalURL", "$value": "Value"},
)
"""The templates of rules."""
