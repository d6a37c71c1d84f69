"""A status page as JSON for programs, and the definitions of pages as people write them."""

from typing import Any, Final

import msgspec

from sightline.adapters.wire.instants import instant_or_null, instant_text
from sightline.domain.errors import BadData, MalformedBody
from sightline.domain.probes.status_page import MASKED, StatusPage
from sightline.domain.probes.status_view import Line, Planned, ShownIncident, View
from sightline.domain.probes.uptime import UnknownPolicy, Uptime
from sightline.domain.timerange import format_duration, parse_duration

MAX_BYTES: Final = 1 << 20
"""Of one definition's text."""
_NOTIFY_AFTER: Final = "notify_after"


def page_from_json(text: bytes) -> StatusPage:
    """Read a definition; `notify_after` is a duration as text, or milliseconds.

    Raises:
        MalformedBody: not JSON, or a field that is missing, unknown or of another type; the message begins with its place.
    """
    try:
        tree = msgspec.json.decode(text)
        if isinstance(tree, dict) and isinstance(tree.get(_NOTIFY_AFTER), str):
            tree[_NOTIFY_AFTER] = parse_duration(tree[_NOTIFY_AFTER])
        return msgspec.convert(tree, StatusPage)
    except BadData as error:
        raise MalformedBody(f"{_NOTIFY_AFTER}: {error.message}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what, _, place = " ".join(str(error).split())[:500].partition(" - at `$.")
        if not place:
            raise MalformedBody(f"this is not a status page: {what}") from None
        raise MalformedBody(f"{place.rstrip('`')}: {what[:1].lower()}{what[1:]}") from None


def page_to_json(page: StatusPage) -> bytes:
    """What the catalog keeps; the same page is always the same bytes."""
    return msgspec.json.encode(page, order="deterministic")


def shown_page(page: StatusPage) -> dict[str, Any]:
    """A definition as people see it, every field, its password masked."""
    tree: dict[str, Any] = msgspec.to_builtins(page)
    written = {name: getattr(page, name) for name in page.__struct_fields__}
    whole: dict[str, Any] = {name: tree.get(name, msgspec.to_builtins(value)) for name, value in written.items()}
    whole["shows"] = {name: getattr(page.shows, name) for name in page.shows.__struct_fields__}
    return {
        **whole,
        "password": MASKED if page.password else "",
        _NOTIFY_AFTER: format_duration(page.notify_after),
    }


def view_json(view: View) -> bytes:
    """What a page says, for programs."""
    policy = view.page.unknown
    return msgspec.json.encode(
        {
            "page": {"slug": view.page.slug, "title": view.page.title, "description": view.page.description},
            "status": view.overall,
            "headline": view.headline,
            "at": instant_text(view.at),
            "unknown_since": instant_or_null(view.alive_at if view.alive_at is not None else view.unknown_since),
            "groups": [
                {"name": one.group.name, "checks": [_line(line, view, policy) for line in one.lines]}
                for one in view.sections
            ],
            "left_out": view.left_out,
            "incidents": [_incident(one) for one in view.incidents]
            if view.page.shows.incidents
            else [_incident(one) for one in view.open_incidents],
            "maintenance": [_planned(one, view) for one in view.planned] if view.page.shows.maintenance else [],
            "announcement": view.page.announcement,
        }
    )


def uptime_object(its: Uptime, policy: UnknownPolicy = UnknownPolicy.IGNORE) -> dict[str, Any]:
    """How a time was spent: both figures, and seconds by state."""
    return {
        "corrected": its.corrected(policy),
        "raw": its.raw,
        "outages": its.outages,
        "seconds": {state.value: seconds for state, seconds in its.seconds.items()},
    }


def _line(line: Line, view: View, policy: UnknownPolicy) -> dict[str, Any]:
    tree: dict[str, Any] = {"id": line.id, "name": line.name, "state": line.state, "since": instant_or_null(line.since)}
    if view.page.shows.uptime:
        tree["uptime"] = {name: uptime_object(its, policy) for name, its in line.windows.items()}
    if line.days:
        tree["days"] = [
            _day(day.date.isoformat(), its, policy) for day, its in zip(view.ranges, line.days, strict=True)
        ]
    if line.latency:
        tree["latency_ms"] = [None if one is None else round(one * 1_000, 3) for one in line.latency]
    return tree


def _day(date: str, its: Uptime, policy: UnknownPolicy) -> dict[str, Any]:
    """A day; seconds by state only where there were several, for a page may have tens of thousands of days."""
    tree: dict[str, Any] = {"date": date, "worst": its.worst}
    if len(its.lengths) > 1:
        tree |= uptime_object(its, policy)
    return tree


def _incident(shown: ShownIncident) -> dict[str, Any]:
    return {
        "id": shown.incident.id,
        "title": shown.title,
        "kind": shown.incident.kind,
        "started_at": instant_text(shown.incident.started_at),
        "ended_at": instant_or_null(shown.incident.ended_at),
        "affects": list(shown.affects),
        "updates": [{"at": instant_text(one.at), "status": one.status, "text": one.text} for one in shown.updates],
    }


def _planned(one: Planned, view: View) -> dict[str, Any]:
    return {
        "title": one.title,
        "description": one.description,
        "start": instant_text(one.start),
        "end": instant_text(one.end),
        "running": one.start <= view.at,
        "affects": [name for check, name in view.names.items() if check in one.checks],
    }


def from_stored(text: bytes) -> StatusPage:
    """Read what the catalog keeps.

    Raises:
        BadData: it cannot be read by this version.
    """
    try:
        return msgspec.json.decode(text, type=StatusPage)
    except msgspec.DecodeError as error:
        raise BadData(f"a stored status page cannot be read: {error}") from None
