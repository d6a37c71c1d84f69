"""Where in HTML a template is, and how a value is written there, as Go's package html/template has it.

Source: https://pkg.go.dev/html/template. Text of the template is followed from piece to piece; what a value writes never changes
the place. Values within scripts are not written at all, and those within styles only where they are plain words and numbers.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from typing_extensions import override

from sightline.domain.alerts.go_format import shown
from sightline.domain.alerts.notice_functions import SafeHtml, SafeUrl
from sightline.domain.alerts.template_dialect import Dialect
from sightline.domain.alerts.template_run import TEXT_OF_A_STEP, Named, Run

REFUSED: Final = "ZgotmplZ"
"""What stands in place of a value that is not safe where it is; Go's word, which people search for."""

_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]*)")
_OPENS: Final = re.compile(r"<(?!!doctype)", re.IGNORECASE)
_SPACE: Final = re.compile(r"[ \t\n\f\r]*")
_NAME: Final = re.compile(r"[^ \t\n\f\r=>]+")
_UNQUOTED: Final = re.compile(r"[^ \t\n\f\r>]*")
_ANY_TAG: Final = re.compile(r"<[^>]*>?")
_PLAIN_NAME: Final = re.compile(r"[a-zA-Z0-9]+", re.ASCII)
_NO_CSS: Final = re.compile(r"[\0\"'()/;@\[\\\]`{}<>]|--|expression|mozbinding", re.IGNORECASE)
_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_URLS: Final = frozenset(
    {
        *(
            "action",
            "archive",
            "background",
            "cite",
            "classid",
            "codebase",
            "data",
            "formaction",
            "href",
            "icon",
            "longdesc",
        ),
        *("manifest", "poster", "profile", "src", "srcset", "usemap", "xmlns"),
    }
)
_RESERVED: Final = "!#$&*+,/:;=?@[]"
_UNRESERVED: Final = "-._~"
_HTML: Final = {"\0": "\ufffd", '"': "&#34;", "&": "&amp;", "'": "&#39;", "+": "&#43;", "<": "&lt;", ">": "&gt;"}
_ESCAPED: Final = str.maketrans(_HTML)
_NORMAL: Final = str.maketrans({each: form for each, form in _HTML.items() if each != "&"})
_NO_SPACE: Final = {"\0": "&#xfffd;", **{each: f"&#{ord(each)};" for each in "\t\n\v\f\r =`"}}
_UNQUOTED_ESCAPED: Final = str.maketrans({**_HTML, **_NO_SPACE})
_UNQUOTED_NORMAL: Final = str.maketrans({each: form for each, form in {**_HTML, **_NO_SPACE}.items() if each != "&"})


class State(Enum):
    """What the next character belongs to."""

    TEXT = auto()
    COMMENT = auto()
    TAG = auto()
    NAME = auto()
    AFTER_NAME = auto()
    BEFORE_VALUE = auto()
    VALUE = auto()
    CONTENT = auto()
    """Of an element that has no elements within."""


class Kind(Enum):
    """What an attribute, or an element's content, holds."""

    PLAIN = auto()
    URL = auto()
    STYLE = auto()
    SCRIPT = auto()


_CONTENTS: Final = {"title": Kind.PLAIN, "textarea": Kind.PLAIN, "style": Kind.STYLE, "script": Kind.SCRIPT}


class Place(NamedTuple):
    """Where a template is.

    element: of the tag, or whose content this is. quote: of the value, empty for one without. before: what the template itself
    wrote of a URL: nothing, something, or a part of its query.
    """

    state: State = State.TEXT
    element: str = ""
    kind: Kind = Kind.PLAIN
    quote: str = ""
    before: str = ""


class HtmlRun(Run):
    """One filling of a template whose values are escaped for where they stand."""

    __slots__ = ("_known", "_place")

    def __init__(self, data: object, dialect: Dialect, named: Mapping[str, Named]) -> None:
        super().__init__(data, dialect, named)
        self._place = Place()
        self._known: dict[tuple[Place, str], tuple[Place, str]] = {}

    @override
    def write(self, text: str) -> None:
        found = self._known.get((self._place, text))
        if found is None:
            found = self._known[self._place, text] = follow(self._place, text)
        self._place, written = found
        super().write(written)

    @override
    def show(self, value: object) -> None:
        text = "" if value is None else value if isinstance(value, str) else shown(value)
        self.charge(len(text) // TEXT_OF_A_STEP)  # for what is refused is not written
        self._place, written = escaped(self._place, value, text)
        super().write(written)


def follow(place: Place, text: str) -> tuple[Place, str]:
    """The place after text of a template, and the text as it is written: without comments, a `<` that opens nothing escaped."""
    pieces, at = list[str](), 0
    while at < len(text):
        place, at, piece = _STEPS[place.state](place, text, at)
        pieces.append(piece)
    return place, "".join(pieces)


def _text(place: Place, text: str, at: int) -> tuple[Place, int, str]:
    opens = text.find("<", at)
    if opens < 0:
        return place, len(text), text[at:]
    if text.startswith("<!--", opens):
        return Place(State.COMMENT), opens + 4, text[at:opens]
    tag = _TAG.match(text, opens)
    if tag is not None:
        element = "" if text[opens + 1] == "/" else tag[1].lower()
        return Place(State.TAG, element), tag.end(), text[at : tag.end()]
    if text[opens : opens + 9].lower() == "<!doctype":
        return place, opens + 9, text[at : opens + 9]
    return place, opens + 1, text[at:opens] + "&lt;"


def _comment(place: Place, text: str, at: int) -> tuple[Place, int, str]:
    end = text.find("-->", at)
    return (place, len(text), "") if end < 0 else (Place(), end + 3, "")


def _tag(place: Place, text: str, at: int) -> tuple[Place, int, str]:
    space = _SPACE.match(text, at)
    end = at if space is None else space.end()
    if end == len(text):
        return place, end, text[at:end]
    if text[end] == ">":
        kind = _CONTENTS.get(place.element)
        after = Place() if kind is None else Place(State.CONTENT, place.element, kind)
        return after, end + 1, text[at : end + 1]
    name = _NAME.match(text, end)
    if name is None:  # an equals sign without a name
        return place, end + 1, text[at : end + 1]
    state = State.NAME if name.end() == len(text) else State.AFTER_NAME
    return Place(state, place.element, _kind(name[0])), name.end(), text[at : name.end()]


def _name(place: Place, text: str, at: int) -> tuple[Place, int, str]:
    """What goes on with a name that a value began, or ends it."""
    name = _NAME.match(text, at)
    if name is None:
        return place._replace(state=State.AFTER_NAME), at, ""
    # Nobody knows what the whole name is, so its value may be anything.
    return Place(State.NAME, place.element, Kind.SCRIPT), name.end(), name[0]


def _after_name(place: Place, text: str, at: int) -> tuple[Place, int, str]:
    space = _SPACE.match(text, at)
    end = at if space is None else space.end()
    if text.startswith("=", end):
        return place._replace(state=State.BEFORE_VALUE), end + 1, text[at : end + 1]
    if end == len(text):
        return place, end, text[at:end]
    return Place(State.TAG, place.element), end, text[at:end]


def _before_value(place: Place, text: str, at: int) -> tuple[Place, int, str]:
    space = _SPACE.match(text, at)
    end = at if space is None else space.end()
    if end == len(text):
        return place, end, text[at:end]
    if text[end] in "\"'":
        return place._replace(state=State.VALUE, quote=text[end]), end + 1, text[at : end + 1]
    if text[end] == ">":
        return Place(State.TAG, place.element), end, text[at:end]
    return place._replace(state=State.VALUE, quote=""), end, text[at:end]


def _value(place: Place, text: str, at: int) -> tuple[Place, int, str]:
    if place.quote:
        end = text.find(place.quote, at)
        if end >= 0:
            return Place(State.TAG, place.element), end + 1, text[at : end + 1]
        end = len(text)
    else:
        found = _UNQUOTED.match(text, at)
        end = at if found is None else found.end()
        if end < len(text):
            return Place(State.TAG, place.element), end, text[at:end]
    written = text[at:end]
    if "?" in written or "#" in written:  # which a character reference has too: all the more is escaped then
        place = place._replace(before="query")
    elif written.strip() and not place.before:
        place = place._replace(before="path")
    return place, end, text[at:end]


def _content(place: Place, text: str, at: int) -> tuple[Place, int, str]:
    closes = re.compile(rf"</{re.escape(place.element)}(?=[ \t\n\f\r/>]|\Z)", re.IGNORECASE).search(text, at)
    end = len(text) if closes is None else closes.start()
    before = _OPENS.sub("&lt;", text[at:end]) if place.kind is Kind.PLAIN else text[at:end]
    return (place, end, before) if closes is None else (Place(State.TAG), closes.end(), before + closes[0])


_STEPS: Final = {
    State.TEXT: _text,
    State.COMMENT: _comment,
    State.TAG: _tag,
    State.NAME: _name,
    State.AFTER_NAME: _after_name,
    State.BEFORE_VALUE: _before_value,
    State.VALUE: _value,
    State.CONTENT: _content,
}


def _kind(name: str) -> Kind:
    """What an attribute holds, by its name."""
    name = name.lower().removeprefix("data-")
    space, colon, rest = name.partition(":")
    if colon:
        if space == "xmlns":
            return Kind.URL
        name = rest
    if name.startswith("on") or name == "srcdoc":
        return Kind.SCRIPT
    if name == "style":
        return Kind.STYLE
    return Kind.URL if name in _URLS or any(part in name for part in ("src", "uri", "url")) else Kind.PLAIN


def escaped(place: Place, value: object, text: str) -> tuple[Place, str]:  # noqa: PLR0911 - a table
    """A value, whose text is given, as it is written in a place, and the place after it."""
    match place.state:
        case State.TEXT:
            return place, text if isinstance(value, SafeHtml) else text.translate(_ESCAPED)
        case State.COMMENT:
            return place, ""
        case State.CONTENT if place.kind is Kind.PLAIN:
            return place, text.translate(_NORMAL if isinstance(value, SafeHtml) else _ESCAPED)
        case State.CONTENT:
            return place, _css(text) if place.kind is Kind.STYLE else REFUSED
        case State.TAG | State.AFTER_NAME:
            return Place(State.NAME, place.element), _attribute_name(text)
        case State.NAME:
            return Place(State.NAME, place.element, Kind.SCRIPT), _attribute_name(text)
        case State.BEFORE_VALUE:
            place = place._replace(state=State.VALUE, quote="")
    return place, _attribute(place, value, text)


def _attribute(place: Place, value: object, text: str) -> str:
    """A value within that of an attribute."""
    safe, is_html = text, isinstance(value, SafeHtml) and place.kind is Kind.PLAIN
    match place.kind:
        case Kind.PLAIN if is_html:
            safe = _ANY_TAG.sub("", text)
        case Kind.PLAIN:
            pass
        case Kind.URL:
            safe = _url(place, text, is_trusted=isinstance(value, SafeUrl))
        case Kind.STYLE:
            safe = _css(text)
        case Kind.SCRIPT:
            safe = REFUSED
    if place.quote:
        return safe.translate(_NORMAL if is_html else _ESCAPED)
    # Without quotes, nothing at all would leave the attribute to what follows.
    return safe.translate(_UNQUOTED_NORMAL if is_html else _UNQUOTED_ESCAPED) or REFUSED


def _attribute_name(text: str) -> str:
    return text.lower() if _PLAIN_NAME.fullmatch(text) and _kind(text) is Kind.PLAIN else REFUSED


def _css(text: str) -> str:
    return REFUSED if _NO_CSS.search(text) else text


def _url(place: Place, text: str, *, is_trusted: bool) -> str:
    if not place.before and not is_trusted and not _is_safe(text):
        return f"#{REFUSED}"
    keeps = _UNRESERVED if place.before == "query" and not is_trusted else _UNRESERVED + _RESERVED
    pieces = list[str]()
    for at, each in enumerate(text):
        if (each.isascii() and (each.isalnum() or each in keeps)) or (
            each == "%" and keeps is not _UNRESERVED and re.match(r"[0-9a-fA-F]{2}", text[at + 1 : at + 3])
        ):
            pieces.append(each)
        else:
            pieces += [f"%{byte:02x}" for byte in each.encode(errors="replace")]
    return "".join(pieces)


def _is_safe(url: str) -> bool:
    """Whether a URL is relative, or of a scheme that does nothing but show or write."""
    scheme, colon, _ = url.partition(":")
    return not colon or "/" in scheme or scheme.lower() in _SCHEMES
