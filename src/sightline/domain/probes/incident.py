"""An incident: from when to when something was not well, why, and what was done about it."""

from dataclasses import dataclass
from enum import StrEnum


class IncidentKind(StrEnum):
    """What it is about."""

    DOWN = "down"
    DEGRADED = "degraded"
    UNREACHABLE = "unreachable"
    MANUAL = "manual"
    """Written by people, for a status page."""


class EntryKind(StrEnum):
    """What a line of a timeline tells."""

    OPENED = "opened"
    TRANSITION = "transition"
    NOTICE = "notice"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    UPDATE = "update"
    """What people say, on status pages too where it is public."""
    POST_MORTEM = "post_mortem"
    RESOLVED = "resolved"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline.

    who: a person, or empty for the program. status: of an update, `investigating`, `identified`, `monitoring` or `resolved`.
    """

    at: int
    kind: EntryKind
    text: str = ""
    who: str = ""
    public: bool = False
    status: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A stretch in which something was not well. Times are ms; ended_at None while it lasts.

    check: its id; None where people wrote it of no check. cause: what tells incidents of one cause from others: the reason and
    what it is about. part_of: the incident that this one follows from (a dependency's, or the first of one cause), if any.
    trace_ids: of failed probes, newest first, some of them. details: what was found first, for people.
    """

    id: int
    check: int | None
    kind: IncidentKind
    started_at: int
    ended_at: int | None = None
    cause: str = ""
    title: str = ""
    details: str = ""
    part_of: int | None = None
    assignee: str = ""
    acknowledged_at: int | None = None
    post_mortem: str = ""
    public: bool = True
    trace_ids: tuple[str, ...] = ()
    version: int = 1
