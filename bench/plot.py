"""Lines over two logarithmic axes as SVG."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

_WIDTH: Final = 640
_HEIGHT: Final = 400
_LEFT: Final = 84
_RIGHT: Final = 132
_TOP: Final = 48
_BOTTOM: Final = 60
_COLOURS: Final = ("#2563a8", "#b4622d", "#5b8a3c", "#77589a")
_APART: Final = 15.0  # pixels between two names beside the ends of their lines
_UNITS: Final = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Plot:
    """What to draw. name: of its file, after the page's; lines: by name the points (x, y), ascending in x, all above 0."""

    name: str
    title: str
    across: str
    up: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


def svg(plot: Plot) -> str:
    """The drawing as text."""
    tree = drawing(plot)
    ET.indent(tree, "")
    return ET.tostring(tree, "unicode") + "\n"


def drawing(plot: Plot) -> ET.Element:
    """The drawing; a line without points is left out."""
    lines = {name: points for name, points in plot.lines.items() if points}
    across = _decades(x for points in lines.values() for x, _ in points)
    up = _decades(y for points in lines.values() for _, y in points)
    x_of = _scale(across, _LEFT, _WIDTH - _RIGHT)
    y_of = _scale(up, _HEIGHT - _BOTTOM, _TOP)
    tree = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
            "width": str(_WIDTH),
            "height": str(_HEIGHT),
            "role": "img",
            "font-family": "sans-serif",
            "font-size": "12",
            "fill": "#444",
        },
    )
    tree.append(_mark("rect", width="100%", height="100%", fill="#fff"))
    tree.extend([*_grid(across, up, x_of, y_of), *_lines(lines, x_of, y_of), *_titles(plot)])
    return tree


def _mark(kind: str, text: str | None = None, **attributes: str | float) -> ET.Element:
    """One element; attributes with an underscore for each dash, numbers to a tenth."""
    shown = {
        name.replace("_", "-"): value if isinstance(value, str) else f"{value:.1f}"
        for name, value in attributes.items()
    }
    mark = ET.Element(kind, shown)
    mark.text = text
    return mark


def _decades(values: Iterator[float]) -> range:
    """The powers of ten that hold all values between the first and the last of them."""
    found = [math.log10(value) for value in values] or [0.0]
    low, high = math.floor(min(found)), math.ceil(max(found))
    return range(low, max(high, low + 1) + 1)


def _scale(decades: range, first: float, last: float) -> Callable[[float], float]:
    span = decades[-1] - decades[0]
    return lambda value: first + (math.log10(value) - decades[0]) / span * (last - first)


def _grid(
    across: range, up: range, x_of: Callable[[float], float], y_of: Callable[[float], float]
) -> Iterator[ET.Element]:
    right, low = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for power in across:
        x = x_of(10.0**power)
        yield _mark("path", d=f"M{x:.1f} {_TOP}V{low}", stroke="#e4e4e4")
        yield _mark("text", _short(10.0**power), x=x, y=low + 18, text_anchor="middle")
    for power in up:
        y = y_of(10.0**power)
        yield _mark("path", d=f"M{_LEFT} {y:.1f}H{right}", stroke="#e4e4e4")
        yield _mark("text", _short(10.0**power), x=_LEFT - 8, y=y + 4, text_anchor="end")


def _lines(
    lines: Mapping[str, Sequence[tuple[float, float]]], x_of: Callable[[float], float], y_of: Callable[[float], float]
) -> Iterator[ET.Element]:
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(lines)}
    for name, points in lines.items():
        drawn = [(x_of(x), y_of(y)) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in drawn)
        yield _mark("path", d=f"M{path}", fill="none", stroke=colours[name], stroke_width="2")
        for x, y in drawn:
            yield _mark("circle", cx=x, cy=y, r="3", fill=colours[name])
    lowest = -math.inf
    for name in sorted(lines, key=lambda one: y_of(lines[one][-1][1])):
        x, y = lines[name][-1]
        lowest = max(y_of(y), lowest + _APART)
        yield _mark("text", name, x=x_of(x) + 9, y=lowest + 4, fill=colours[name])


def _titles(plot: Plot) -> Iterator[ET.Element]:
    middle, half = (_LEFT + _WIDTH - _RIGHT) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2
    yield _mark("text", plot.title, x=_LEFT, y=26, font_size="15", fill="#222")
    yield _mark("text", plot.across, x=middle, y=_HEIGHT - 16, text_anchor="middle")
    yield _mark("text", plot.up, transform=f"translate(20 {half}) rotate(-90)", text_anchor="middle")


def _short(value: float) -> str:
    for unit, letter in _UNITS:
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"
