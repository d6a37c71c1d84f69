"""Badges as SVG: a label and what is said of it, drawn without fonts of the reader's, in colours that say how good it is."""

from dataclasses import dataclass
from html import escape
from typing import Final

from sightline.adapters.wire.status.words import in_xml
from sightline.domain.probes.state import CheckState

GREEN: Final = "#2e8b4f"
RED: Final = "#c7130a"
GREY: Final = "#6b7580"
BLUE: Final = "#3d6fc4"
AMBER: Final = "#ccb311"
STATE_COLOURS: Final = {
    CheckState.UP: GREEN,
    CheckState.DEGRADED: AMBER,
    CheckState.DOWN: RED,
    CheckState.UNREACHABLE: RED,
    CheckState.UNKNOWN: GREY,
    CheckState.PAUSED: GREY,
    CheckState.MAINTENANCE: BLUE,
}
STYLES: Final = ("flat", "flat-square", "plastic", "for-the-badge")

_SHADES: Final = ("#40cc11", "#94cc11", "#ccd311", "#ccb311", "#cc8111", RED)
_UPTIMES: Final = (0.975, 0.95, 0.9, 0.8, 0.65)
_LATENCIES: Final = (50.0, 200.0, 300.0, 500.0, 750.0)
"""Milliseconds, as Gatus' badges have them."""
_DAYS: Final = (30.0, 14.0)
_NARROW: Final = frozenset("iljtfrI.,:;!|'() -1")
_WIDE: Final = frozenset("mwMW%@")


@dataclass(frozen=True, slots=True)
class Badge:
    """label: what it is about; text: what is said. style: one of STYLES."""

    label: str
    text: str
    colour: str
    label_colour: str = "#3c444d"
    style: str = "flat"


def of_uptime(part: float | None) -> str:
    """The colour of a share of time."""
    return GREY if part is None else _SHADES[sum(part < least for least in _UPTIMES)]


def of_latency(milliseconds: float | None) -> str:
    """The colour of a latency."""
    return GREY if milliseconds is None else _SHADES[sum(milliseconds > most for most in _LATENCIES)]


def of_days(days: float | None) -> str:
    """The colour of the days that a certificate holds still."""
    if days is None:
        return GREY
    return (GREEN, AMBER, RED)[sum(days < least for least in _DAYS)]


def svg(badge: Badge) -> bytes:
    """The picture, which says in words what it shows."""
    big = badge.style == "for-the-badge"
    label, text = in_xml(badge.label), in_xml(badge.text)
    said = escape(f"{label}: {text}" if label else text)
    if big:
        label, text = label.upper(), text.upper()
    height, size, pad = (28, 10, 12) if big else (20, 11, 6)
    left = round(_width(label, size)) + 2 * pad if label else 0
    right = round(_width(text, size)) + 2 * pad
    whole = left + right
    round_by = {"flat": 3, "plastic": 4}.get(badge.style, 0)
    ink, middle = _ink(badge.colour), height / 2 + size * 0.36
    shape = f"r{whole}-{height}"  # told apart where several pictures stand in one document
    shine = (
        '<linearGradient id="s" x2="0" y2="100%"><stop offset="0" stop-color="#fff" stop-opacity=".25"/>'
        '<stop offset="1" stop-opacity=".15"/></linearGradient>'
        if badge.style == "plastic"
        else ""
    )
    gloss = f'<rect width="{whole}" height="{height}" fill="url(#s)"/>' if shine else ""
    body = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{height}" role="img" '
        f'aria-label="{said}"><title>{said}</title>'
        f'{shine}<clipPath id="{shape}"><rect width="{whole}" height="{height}" rx="{round_by}"/></clipPath>'
        f'<g clip-path="url(#{shape})">'
        f'<rect width="{left}" height="{height}" fill="{escape(badge.label_colour)}"/>'
        f'<rect x="{left}" width="{right}" height="{height}" fill="{escape(badge.colour)}"/>{gloss}</g>'
        f'<g font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="{size}" text-anchor="middle">'
        + (_text(label, left / 2, middle, _ink(badge.label_colour), left - 2 * pad) if label else "")
        + _text(text, left + right / 2, middle, ink, right - 2 * pad)
        + "</g></svg>"
    )
    return body.encode("utf-8", "replace")


def _text(text: str, x: float, y: float, ink: str, length: int) -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{ink}" textLength="{length}">{escape(text)}</text>'


def _width(text: str, size: int) -> float:
    """About how wide a text is in Verdana; `textLength` makes it so."""
    return sum(size * (0.39 if one in _NARROW else 0.95 if one in _WIDE else 0.64) for one in text)


def _ink(colour: str) -> str:
    """Black or white, whatever can be read on a colour."""
    try:
        red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    except ValueError:
        return "#fff"
    return "#111" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#fff"
