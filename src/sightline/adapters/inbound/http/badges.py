"""Badges of checks as SVG, under addresses of our own and under Uptime Kuma's, straight from ASGI: pages elsewhere embed them.

Source of the latter: https://github.com/louislam/uptime-kuma/wiki/Badge
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from sightline.adapters.inbound.http.access import Access
from sightline.adapters.inbound.http.asgi import Receive, Scope, Send, header, respond
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.public_pages import of_host
from sightline.adapters.inbound.http.use_cases import Pages
from sightline.adapters.wire.status import badge
from sightline.adapters.wire.status.badge import Badge
from sightline.application.figures import Figures
from sightline.domain.errors import InvalidParameter, NotFound
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.uptime import WINDOWS, UnknownPolicy, share
from sightline.domain.timerange import DAY, HOUR, format_duration

OURS: Final = "/badge/"
KUMAS: Final = "/api/badge/"
PATHS: Final = (
    "/badge/{check_id}/{kind}.svg",
    "/badge/{check_id}/uptime/{window}.svg",
    "/api/badge/{check_id}/{kind}",
    "/api/badge/{check_id}/{kind}/{duration}",
)
"""What is served, as the API's description has it; all with GET."""

_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_WINDOW: Final = re.compile(r"([0-9]{1,4})([hdwy]?)")
_UNITS: Final = {"": HOUR, "h": HOUR, "d": DAY, "w": 7 * DAY, "y": 365 * DAY}
_COLOUR: Final = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_NAMED: Final = {
    "green": "#40cc11",
    "brightgreen": "#40cc11",
    "red": "#c7130a",
    "orange": "#cc8111",
    "yellow": "#ccb311",
    "blue": "#3d6fc4",
    "grey": "#6b7580",
    "gray": "#6b7580",
    "black": "#222222",
}
_MAX_TEXT: Final = 100
_WORDS: Final = {
    CheckState.UP: "Up",
    CheckState.DEGRADED: "Degraded",
    CheckState.DOWN: "Down",
    CheckState.UNREACHABLE: "Unreachable",
    CheckState.UNKNOWN: "Unknown",
    CheckState.PAUSED: "Paused",
    CheckState.MAINTENANCE: "Maintenance",
}
_NOTHING: Final = Badge("", "N/A", badge.GREY)
_CACHED: Final = (
    ("Cache-Control", "public, max-age=60"),
    ("Access-Control-Allow-Origin", "*"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
)

_Draw = Callable[[Figures, int], Badge]


class Badges:
    """The door of badges. By the domain of a page there are those of the checks that it shows, and no others."""

    def __init__(self, pages: Pages, access: Access) -> None:
        self._figures = pages.figures
        self._directory = pages.publish.directory
        self._access = access

    def takes(self, scope: Scope) -> bool:
        """Whether a request is for a badge."""
        path: str = scope["path"]
        if not path.startswith((OURS, KUMAS)):
            return False
        self._directory.keep_current()
        return True

    def knows_host(self, scope: Scope) -> bool:
        """Whether a request came by the domain of a page."""
        return of_host(self._directory, scope) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that it takes."""
        del receive
        path: str = scope["path"]
        is_ours = path.startswith(OURS)
        parts = path.removeprefix(OURS if is_ours else KUMAS).split("/")
        if is_ours and parts[-1].endswith(".svg"):
            parts[-1] = parts[-1].removesuffix(".svg")
        elif is_ours:
            raise NotFound(f"there is nothing at {path[:200]}: a badge ends with .svg")
        number, kind, window, *more = [*parts, "", ""]
        draw = (_KINDS if is_ours else _OF_KUMA).get(kind)
        if _NUMBER.fullmatch(number) is None or draw is None or any(more):
            known = ", ".join(_KINDS if is_ours else _OF_KUMA)
            raise NotFound(f"there is no badge at {path[:200]}: there are {known}")
        scope["path_template"] = PATHS[bool(window)] if is_ours else PATHS[2 + bool(window)]
        if scope["method"] != "GET":
            await respond(send, HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", "GET, HEAD"),))
            return
        length = _window(window or "24h")
        by = None if self._access.is_ours(scope) else of_host(self._directory, scope)
        figures = await self._figures(int(number), length, by)
        if figures is None and is_ours:
            raise NotFound(f"there is no public badge of the check {number}: show it on a public status page first")
        given = Parameters.of(scope["query_string"])
        made = _worded(draw(figures, length) if figures is not None else _NOTHING, figures, given)
        await _send(scope, send, badge.svg(_styled(made, given)))


def _window(text: str) -> int:
    """A time of the address, ms: `7d`, `24h`, or as Kuma has it a number of hours."""
    found = _WINDOW.fullmatch(text)
    if found is None or not int(found[1]):
        raise InvalidParameter(f"{text[:20]!a} is no time of a badge: write 24h, 7d, 30d or 90d", parameter="window")
    return int(found[1]) * _UNITS[found[2]]


def _named(length: int) -> str:
    return next((name for name, its in WINDOWS.items() if its == length), format_duration(length))


def _status(figures: Figures, _: int) -> Badge:
    return Badge("status", _WORDS[figures.state], badge.STATE_COLOURS[figures.state])


def _uptime(figures: Figures, length: int) -> Badge:
    part = figures.uptimes[length].corrected(UnknownPolicy.IGNORE)
    return Badge(f"uptime {_named(length)}", share(part), badge.of_uptime(part))


def _latency(figures: Figures, _: int) -> Badge:
    return _milliseconds("latency 24h", figures.latency)


def _last(figures: Figures, _: int) -> Badge:
    return _milliseconds("response", figures.last)


def _milliseconds(label: str, seconds: float | None) -> Badge:
    milliseconds = None if seconds is None else seconds * 1_000
    text = "N/A" if milliseconds is None else f"{milliseconds:.0f} ms"
    return Badge(label, text, badge.of_latency(milliseconds))


def _certificate(figures: Figures, _: int) -> Badge:
    days = None if figures.expires_at is None else max(0.0, (figures.expires_at - figures.at) / DAY)
    text = "N/A" if days is None else "expired" if not days else f"{int(days)} days"
    return Badge("certificate", text, badge.of_days(days))


def _labelled(draw: _Draw, label: str) -> _Draw:
    """A badge under the label that Kuma gives it; `{}` is the time."""
    return lambda figures, length: replace(draw(figures, length), label=label.format(_named(length)))


_KINDS: Final[Mapping[str, _Draw]] = {
    "status": _status,
    "uptime": _uptime,
    "latency": _latency,
    "response": _last,
    "certificate": _certificate,
}
_OF_KUMA: Final[Mapping[str, _Draw]] = {
    "status": _labelled(_status, "Status"),
    "uptime": _labelled(_uptime, "Uptime ({})"),
    "ping": _labelled(_latency, "Avg. Ping (24h)"),
    "avg-response": _labelled(_latency, "Avg. Response (24h)"),
    "cert-exp": _labelled(_certificate, "Cert Exp."),
    "response": _labelled(_last, "Response"),
}


def _worded(made: Badge, figures: Figures | None, given: Parameters) -> Badge:
    """A badge with the words and colours that its address asks for, by Kuma's names."""
    label, text, colour = given.text("label"), made.text, _colour(given, "color")
    if figures is not None and made.text == _WORDS[figures.state]:
        side = {CheckState.UP: "up", CheckState.DOWN: "down", CheckState.MAINTENANCE: "maintenance"}.get(figures.state)
        if side is not None:
            text = (given.text(f"{side}Label") or text)[:_MAX_TEXT]
            colour = colour or _colour(given, f"{side}Color")
    text = f"{(given.text('prefix') or '')[:_MAX_TEXT]}{text}{(given.text('suffix') or '')[:_MAX_TEXT]}"
    label = made.label if label is None else label[:_MAX_TEXT]
    label = f"{(given.text('labelPrefix') or '')[:_MAX_TEXT]}{label}{(given.text('labelSuffix') or '')[:_MAX_TEXT]}"
    return replace(made, label=label, text=text, colour=colour or made.colour)


def _styled(made: Badge, given: Parameters) -> Badge:
    style = given.text("style") or made.style
    return replace(
        made,
        style=style if style in badge.STYLES else made.style,
        label_colour=_colour(given, "labelColor") or made.label_colour,
    )


def _colour(given: Parameters, name: str) -> str:
    """A colour as `#rrggbb`; empty where none is given that can be drawn."""
    text = given.text(name) or ""
    if text.lower() in _NAMED:
        return _NAMED[text.lower()]
    found = _COLOUR.fullmatch(text)
    if found is None:
        return ""
    digits = found[1]
    return "#" + (digits if len(digits) == 6 else "".join(2 * one for one in digits))


async def _send(scope: Scope, send: Send, body: bytes) -> None:
    etag = f'"{sha256(body).hexdigest()[:24]}"'
    headers = (("ETag", etag), *_CACHED)
    shown = header(scope, b"if-none-match") or ""
    if etag in {one.strip().removeprefix("W/") for one in shown.split(",")}:
        await respond(send, HTTPStatus.NOT_MODIFIED, headers=headers)
    else:
        await respond(send, HTTPStatus.OK, body, "image/svg+xml; charset=utf-8", headers)
