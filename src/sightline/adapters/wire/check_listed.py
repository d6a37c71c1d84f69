"""A check in short, as a row of a list shows it, as JSON."""

from collections.abc import Mapping

import msgspec

from sightline.adapters.wire.check import shown_url
from sightline.adapters.wire.check_shown import milliseconds
from sightline.adapters.wire.instants import instant_text
from sightline.domain.probes.check import Check
from sightline.domain.probes.result import Result
from sightline.domain.probes.state import Transition


class ListedStatus(msgspec.Struct, frozen=True, gc=False):
    """How a check stands, without its locations and what a server showed."""

    state: str
    since: str
    reason: str
    probe_reason: str
    message: str
    last_at: str | None
    latency_ms: float | None
    incident_id: int | None


class ListedCheck(msgspec.Struct, frozen=True):
    """What a list needs of a check; a fifth of all of it."""

    id: int
    name: str
    type: str
    url: str
    group: str
    tags: Mapping[str, str]
    enabled: bool
    status: ListedStatus


def listed(check: Check, latest: Transition, last: Result | None, incident: int | None) -> ListedCheck:
    """A check in short. last: its newest result. incident: the id of the one that lasts."""
    definition = check.definition
    status = ListedStatus(
        latest.state,
        instant_text(latest.at),
        latest.reason,
        latest.probe_reason,
        latest.message,
        None if last is None else instant_text(last.at),
        None if last is None else milliseconds(last.seconds),
        incident,
    )
    return ListedCheck(
        check.id,
        definition.name,
        definition.kind,
        shown_url(definition),
        definition.group,
        definition.tags,
        definition.enabled,
        status,
    )
