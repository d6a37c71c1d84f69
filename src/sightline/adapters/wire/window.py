"""Maintenance windows as JSON and YAML, as people write them and as they are shown, and as documents of the catalog."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from sightline.adapters.wire import fields
from sightline.adapters.wire.instants import instant_text
from sightline.adapters.wire.plain_yaml import guessed, read_plain
from sightline.domain.errors import BadData, InvalidField, MalformedBody
from sightline.domain.probes.cron import Cron, check_zone, parse_cron
from sightline.domain.probes.recurrence import Recurrence, parse_rrule
from sightline.domain.probes.window import Once, Repeated, Scope, Window, check_window
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import format_duration, parse_duration

MAX_BYTES: Final = 1 << 20
"""Of one window's text."""
_TEXTS: Final = "an array of texts"
_TIME: Final = "a time such as 2026-05-01T22:00:00Z, or 2026-05-01T22:00 by the clock of the time zone"
EXPECTED: Final = {
    "name": "a text",
    "description": "a text",
    "enabled": "true or false",
    "public": "true or false",
    "scope": "an object with all, or with checks, groups or tags",
    "all": "true or false",
    "checks": _TEXTS,
    "groups": _TEXTS,
    "tags": "an array of texts, each key:value or a key",
    "starts_at": _TIME,
    "ends_at": _TIME,
    "cron": "a cron expression such as 0 2 * * SUN, as a text",
    "rrule": "a rule such as FREQ=MONTHLY;BYDAY=1SU, as a text",
    "duration": "a duration such as 2h, as a text",
    "timezone": "the name of a time zone such as Europe/Berlin",
}
"""What each field wants, in words."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class WrittenScope(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Which checks: all, or by name, group or tag."""

    all: bool = False
    checks: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class WrittenWindow(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A window as people write it: once from `starts_at` to `ends_at`, or by `cron` or `rrule` for `duration` each time."""

    name: str
    description: str = ""
    enabled: bool = True
    public: bool = True
    scope: WrittenScope
    starts_at: str | None = None
    ends_at: str | None = None
    cron: str | None = None
    rrule: str | None = None
    duration: str | None = None
    timezone: str = "UTC"


class _Sent(WrittenWindow, forbid_unknown_fields=True, kw_only=True):
    """A window as it was shown, which may be sent back; what the program knows better is not looked at."""

    id: Any = None
    version: Any = None
    created_at: Any = None
    updated_at: Any = None
    active: Any = None
    active_until: Any = None
    next_start: Any = None
    next_end: Any = None


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """A window, whose it is, and what the program knows of it."""

    tenant: str
    id: str
    window: WrittenWindow
    created_at: int
    updated_at: int
    version: int
    ended_at: int | None = None


_WRITTEN: Final = msgspec.json.Decoder(_Sent)
_DOCUMENT: Final = msgspec.json.Decoder(_Document)


def from_json(text: bytes) -> Window:
    """Read what somebody wrote.

    Raises:
        MalformedBody: no JSON.
        InvalidField: a field that is missing, unknown, of another type, or says what cannot be.
    """
    return window_of(fields.decode(_WRITTEN, text, EXPECTED))


def from_yaml(text: bytes) -> Window:
    """Likewise of YAML.

    Raises:
        MalformedBody: no YAML.
        InvalidField: as of `from_json`.
    """
    try:
        tree = read_plain(text)
    except BadData as error:
        raise MalformedBody(error.message) from None
    return of_tree(guessed(tree))


def of_tree(tree: Any) -> Window:
    """Likewise of what a document was read to."""
    try:
        text = msgspec.json.encode(tree)
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedBody(f"the body is no window: {error}") from None
    return from_json(text)


def window_of(written: WrittenWindow) -> Window:
    """The window that somebody wrote.

    Raises:
        InvalidField: it says what cannot be; names the field.
    """
    check_zone(written.timezone)
    scope = written.scope
    for name in ("checks", "groups", "tags"):
        for place, one in enumerate(getattr(scope, name)):
            if not one.strip():
                raise InvalidField(f"scope.{name}[{place}]: it is empty", field=f"scope.{name}[{place}]")
    window = Window(
        name=written.name,
        description=written.description,
        enabled=written.enabled,
        is_public=written.public,
        scope=Scope(scope.all, _distinct(scope.checks), _distinct(scope.groups), _distinct(scope.tags)),
        timing=_timing(written),
    )
    check_window(window)
    return window


def written(window: Window) -> WrittenWindow:
    """How a window is written, so that `window_of` has it again."""
    scope = window.scope
    made = WrittenWindow(
        name=window.name,
        description=window.description,
        enabled=window.enabled,
        public=window.is_public,
        scope=WrittenScope(scope.everything, scope.checks, scope.groups, scope.tags),
    )
    timing = window.timing
    if isinstance(timing, Once):
        made.starts_at, made.ends_at, made.timezone = (
            instant_text(timing.starts_at),
            instant_text(timing.ends_at),
            "UTC",
        )
        return made
    made.starts_at = instant_text(timing.since) if timing.since or isinstance(timing.by, Recurrence) else None
    made.ends_at = None if timing.until is None else instant_text(timing.until)
    made.duration, made.timezone = format_duration(timing.duration), timing.by.zone
    if isinstance(timing.by, Cron):
        made.cron = timing.by.text
    else:
        made.rrule = timing.by.text
    return made


def shown(window: Window) -> dict[str, Any]:
    """The JSON object of a window: all that people wrote, what was left at its default too where it is short to say."""
    said: dict[str, Any] = msgspec.to_builtins(written(window))
    return {
        **said,
        "description": window.description,
        "enabled": window.enabled,
        "public": window.is_public,
        "scope": {
            "all": window.scope.everything,
            "checks": window.scope.checks,
            "groups": window.scope.groups,
            "tags": window.scope.tags,
        },
    }


def to_document(tenant: Tenant, window: Window) -> bytes:
    """The document of a tenant's window."""
    document = _Document(
        tenant=tenant,
        id=window.id,
        window=written(window),
        created_at=window.created_at,
        updated_at=window.updated_at,
        version=window.version,
        ended_at=window.ended_at,
    )
    return msgspec.json.encode(document)


def from_document(body: bytes) -> tuple[Tenant, Window]:
    """The window that a document of `to_document` tells of, and whose it is.

    Raises:
        InvalidField: its time zone is not known here.
    """
    found = _DOCUMENT.decode(body)
    window = replace(
        window_of(found.window),
        id=found.id,
        created_at=found.created_at,
        updated_at=found.updated_at,
        version=found.version,
        ended_at=found.ended_at,
    )
    return Tenant(found.tenant), window


def _timing(said: WrittenWindow) -> Once | Repeated:
    starts_at = _instant("starts_at", said.starts_at, said.timezone)
    ends_at = _instant("ends_at", said.ends_at, said.timezone)
    duration = _duration(said.duration)
    if said.cron is not None and said.rrule is not None:
        raise InvalidField("rrule: cron says when it begins, too: leave one of them out", field="rrule")
    if said.cron is None and said.rrule is None:
        return _once(starts_at, ends_at, duration)
    if duration is None:
        raise InvalidField("duration: is missing: how long does it last each time?", field="duration")
    if said.cron is not None:
        return Repeated(parse_cron(said.cron, said.timezone), duration, starts_at or 0, ends_at)
    if starts_at is None:
        raise InvalidField("starts_at: is missing: an rrule counts from the first time", field="starts_at")
    return Repeated(parse_rrule(said.rrule or "", starts_at, said.timezone), duration, starts_at, ends_at)


def _once(starts_at: int | None, ends_at: int | None, duration: int | None) -> Once:
    if starts_at is None:
        raise InvalidField("starts_at: is missing: say when it begins, or cron or rrule", field="starts_at")
    if (ends_at is None) == (duration is None):
        raise InvalidField("ends_at: say when it ends, or its duration, and not both", field="ends_at")
    return Once(starts_at, ends_at if ends_at is not None else starts_at + (duration or 0))


def _duration(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except BadData as error:
        raise InvalidField(f"duration: {error.message}", field="duration") from None


def _instant(name: str, text: str | None, zone: str) -> int | None:
    """Ms; what does not say how far it is from UTC is meant by the clock of the zone."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        there = found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))
        at = (there - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise InvalidField(f"{name}: {text[:60]!a} is no time: it takes {_TIME}", field=name) from None
    if at < 0:
        raise InvalidField(f"{name}: {text[:60]!a} is before 1970", field=name)
    return at


def _distinct(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
