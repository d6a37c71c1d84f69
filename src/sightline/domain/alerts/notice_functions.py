"""The functions that Alertmanager adds to those of Go's text/template, of version 0.25 and later.

Source: https://prometheus.io/docs/alerting/latest/notifications/#functions.
"""

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from sightline.domain.alerts.go_functions import GO_FUNCTIONS, html_escaped
from sightline.domain.alerts.go_json import as_json
from sightline.domain.alerts.go_strings import by_letter, matches, replaced
from sightline.domain.alerts.go_time import Duration, in_zone, moment, span
from sightline.domain.alerts.go_values import Function, Items, Typed, type_name
from sightline.domain.alerts.humanize import humanize_duration
from sightline.domain.alerts.notice_data import NoticeData
from sightline.domain.alerts.template_dialect import Dialect
from sightline.domain.alerts.template_functions import REFUSED, number
from sightline.domain.errors import Unprocessable

MAX_SOURCE: Final = 1 << 20
"""How many characters a template of notices, or a file of them, may have."""

MAX_STEPS: Final = 100_000
"""How much one filling may do: nodes and functions, and these again for every 64 characters."""

MAX_OUTPUT: Final = 1 << 20
"""How many characters a notice may have."""

_SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_NANOSECONDS: Final = 1e9
_PERCENT: Final = re.compile(r"%([0-9a-fA-F]{2})?")
# As Unicode parts words: what may stand within one, between two of its letters.
_WORD: Final = re.compile(r"[^\W\d_](?:\w|[\u0300-\u036f]|(?<=\w)[.':\u2019\u00b7](?=\w))*|\d+")


class SafeHtml(Typed, str):
    """HTML that is written as it is."""

    __slots__ = ()

    GO_TYPE: ClassVar[str] = "template.HTML"


class SafeUrl(Typed, str):
    """A URL whose scheme is trusted."""

    __slots__ = ()

    GO_TYPE: ClassVar[str] = "template.URL"


def _title(text: str) -> str:
    """A text in which each word begins with a capital, and goes on in small letters."""
    return _WORD.sub(lambda word: word[0][:1].title() + by_letter(str.lower, word[0][1:]), text)


def _join(separator: str, texts: object) -> str:
    if not isinstance(texts, Items) or texts.GO_TYPE != Items.GO_TYPE:
        raise Unprocessable(f"wrong type for value; expected []string; got {type_name(texts)}")
    return separator.join(map(str, texts))


def _strings(*values: object) -> Items:
    for value in values:
        if not isinstance(value, str):
            raise Unprocessable(f"wrong type for value; expected string; got {type_name(value)}")
    return Items(values)


def _unescaped(text: str) -> str:
    """A text as it was before it stood in the query of a URL."""
    parts, at = list[bytes](), 0
    for escape in _PERCENT.finditer(text):
        if escape[1] is None:
            raise Unprocessable(f"invalid URL escape {text[escape.start() : escape.start() + 3]!a}")
        parts += (text[at : escape.start()].replace("+", " ").encode(errors="replace"), bytes([int(escape[1], 16)]))
        at = escape.end()
    parts.append(text[at:].replace("+", " ").encode(errors="replace"))
    return b"".join(parts).decode(errors="replace")


def _humanized(value: object) -> str:
    return humanize_duration(value / _NANOSECONDS if isinstance(value, Duration) else number(value))


def _since(data: NoticeData, time: object) -> Duration:
    return span(data.now.nanoseconds - moment(time).nanoseconds)


FUNCTIONS: Final[Mapping[str, Function]] = {
    **GO_FUNCTIONS,
    # What `html` made is HTML, so that nothing escapes it again.
    "html": Function(lambda *values: SafeHtml(html_escaped(*values)), 0, None),
    "toUpper": Function(lambda text: by_letter(str.upper, text), 1, 1, 1),
    "toLower": Function(lambda text: by_letter(str.lower, text), 1, 1, 1),
    "title": Function(_title, 1, 1, 1),
    "trimSpace": Function(lambda text: text.strip(_SPACE), 1, 1, 1),
    "join": Function(_join, 2, 2, 1),
    "match": Function(matches, 2, 2, 2),
    "reReplaceAll": Function(replaced, 3, 3, 3),
    "stringSlice": Function(_strings, 0, None),
    "safeHtml": Function(SafeHtml, 1, 1, 1),
    "safeUrl": Function(SafeUrl, 1, 1, 1),
    "urlUnescape": Function(_unescaped, 1, 1, 1),
    "date": Function(lambda layout, time: moment(time).format(layout), 2, 2, 1),
    "tz": Function(in_zone, 2, 2, 1),
    "since": Function(_since, 1, 1, with_data=True),
    "humanizeDuration": Function(_humanized, 1, 1),
    "toJson": Function(lambda value: as_json(value, MAX_OUTPUT), 1, 1),
}
"""The functions by their names."""

_OF_RULES: Final = (
    *("humanize", "humanize1024", "humanizePercentage", "humanizeTimestamp", "externalURL", "args"),
    *("query", "first", "label", "value", "strvalue", "sortByLabel"),
)
_REFUSED: Final[Mapping[str, str]] = {
    **{name: f"{name!r} is there in templates of rules alone, not in those of notices" for name in _OF_RULES},
    "call": REFUSED["call"],
}

NOTICES: Final = Dialect(FUNCTIONS, _REFUSED, has_methods=True, source=MAX_SOURCE, steps=MAX_STEPS, output=MAX_OUTPUT)
"""The templates of notices."""
