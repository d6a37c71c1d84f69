"""A bar a day, drawn so that a page of hundreds of checks stays small: days alike that follow each other are one shape.

A day that was not well all of the time has a part of its bar, from below, in the colour of its worst state: no less than three
tenths, so that it is seen, and as much of it as of the time.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from itertools import groupby
from typing import Final

from sightline.adapters.wire.status.words import CLASSES, STATES, length
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.uptime import BADNESS, DayRange, Uptime

STEP: Final = 10
HEIGHT: Final = 30
_WIDTH: Final = 7
_LEAST: Final = 0.3
_SILENT: Final = (CheckState.UNKNOWN, CheckState.PAUSED)

DEFINITIONS: Final = (
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
    + "".join(
        f'<pattern id="{key}" width="{STEP}" height="{HEIGHT}" patternUnits="userSpaceOnUse">'
        f'<rect width="{_WIDTH}" height="{HEIGHT}" rx="1.5" fill="{fill}"/></pattern>'
        for key, fill in (("d-up", "var(--up)"), ("d-none", "var(--track)"))
    )
    + f'<pattern id="d-unknown" width="{STEP}" height="5" patternUnits="userSpaceOnUse">'
    f'<rect width="{_WIDTH}" height="5" fill="var(--track)"/><rect width="{_WIDTH}" height="2" fill="var(--unknown)"/></pattern>'
    "</defs></svg>"
)
"""What all bars of a page share; stands in the page once."""

_Day = tuple[DayRange, Uptime]


def bars(ranges: Sequence[DayRange], days: Sequence[Uptime]) -> str:
    """All days of a check as one picture, which says in words what it shows."""
    pairs = list(zip(ranges, days, strict=True))
    shapes, place = [], 0
    for key, run in groupby(pairs, _kind):
        its = list(run)
        if key == "mixed":
            shapes += [_mixed(place + n, one) for n, one in enumerate(its)]
        else:
            shapes.append(_run(key, place, its))
        place += len(its)
    return (
        f'<svg viewBox="0 0 {STEP * len(pairs) - STEP + _WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(_summary(pairs))}">{"".join(shapes)}</svg>'
    )


def troubled(ranges: Sequence[DayRange], days: Sequence[Uptime]) -> Iterator[str]:
    """In words, the days that were not well all of the time, the latest first."""
    for day, its in zip(reversed(ranges), reversed(days), strict=True):
        if its.worst not in (None, CheckState.UP, CheckState.PAUSED):
            yield f"{_date(day.date)}: {_spent(its)}"


def _kind(pair: _Day) -> str:
    states = set(pair[1].lengths)
    if not states:
        return "none"
    if states == {CheckState.UP}:
        return "up"
    return "unknown" if states <= set(_SILENT) else "mixed"


def _run(kind: str, place: int, its: Sequence[_Day]) -> str:
    first, last = its[0][0].date, its[-1][0].date
    when = _date(first) if first == last else f"{_date(first)} to {_date(last)}"
    said = {"none": "not watched yet", "up": "operational", "unknown": "unknown or paused"}[kind]
    width = STEP * len(its) - STEP + _WIDTH
    return f'<rect x="{STEP * place}" width="{width}" height="{HEIGHT}" fill="url(#d-{kind})"><title>{when}: {said}</title></rect>'


def _mixed(place: int, pair: _Day) -> str:
    """A day of several states, or of one that is not well: what it had of them from above to below, the worst last."""
    day, its = pair
    present = [state for state in BADNESS if its.lengths.get(state)]
    shares = {state: its.lengths[state] / its.known for state in present}
    worst = present[-1]
    part = max(shares[worst], _LEAST)
    rest = sum(shares.values()) - shares[worst]
    shapes, top = [], 0.0
    for state in present:
        height = HEIGHT * (part if state is worst else shares[state] / rest * (1 - part))
        fill = ' fill="url(#d-unknown)"' if state in _SILENT else f' class="{CLASSES[state]}"'
        shapes.append(f'<rect x="{STEP * place}" y="{top:.1f}" width="{_WIDTH}" height="{height:.1f}"{fill}/>')
        top += height
    return f"<g><title>{_date(day.date)}: {escape(_spent(its))}</title>{''.join(shapes)}</g>"


def _spent(its: Uptime) -> str:
    """How a day was spent, the worst first."""
    said = [
        f"{STATES[state].lower()} for {length(its.lengths[state])}"
        for state in reversed(BADNESS)
        if state is not CheckState.UP and state in its.lengths
    ]
    outages = f" in {its.outages} outages" if its.outages > 1 else ""
    return ", ".join(said) + outages


def _summary(pairs: Sequence[_Day]) -> str:
    known = [its for _, its in pairs if its.known]
    failed = sum(bool(its.outages) for its in known)
    if not known:
        return f"Last {len(pairs)} days: not watched yet"
    unknown = sum(CheckState.UNKNOWN in its.lengths for its in known)
    gaps = f", partly unknown on {unknown}" if unknown else ""
    return f"Last {len(pairs)} days: outages on {failed} of {len(known)} watched days{gaps}"


def _date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
