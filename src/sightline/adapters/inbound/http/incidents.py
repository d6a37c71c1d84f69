"""Incidents: listed, read with their timelines, and what people do about them, as JSON."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.json_body import answer, read_json
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.versions import expected_version
from sightline.adapters.wire import fields
from sightline.adapters.wire.instants import instant_or_null, instant_text
from sightline.application.respond import Change, Told
from sightline.domain.errors import NotFound
from sightline.domain.probes.incident import Entry, Incident
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import DAY, MAX_TIME, MIN_TIME, TimeRange
from sightline.ports.incidents import Wanted

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/incidents"
_ONE: Final = f"{PATH}/{{incident_id:int}}"
_USUAL: Final = 100
_MOST: Final = 1_000
_RELATED: Final = DAY
"""How far from an incident others are looked for that belong to it."""


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """An incident that people begin."""

    title: str
    text: str = ""
    status: str = "investigating"
    public: bool = True


class _Update(msgspec.Struct, forbid_unknown_fields=True):
    """What people have to say."""

    text: str
    status: str = ""
    public: bool = True


class _Changed(msgspec.Struct, forbid_unknown_fields=True):
    """What people change."""

    title: str | None = None
    assignee: str | None = None
    post_mortem: str | None = None
    public: bool | None = None


_WRITTEN: Final = msgspec.json.Decoder(_Written)
_UPDATE: Final = msgspec.json.Decoder(_Update)
_CHANGED: Final = msgspec.json.Decoder(_Changed)
_EXPECTED: Final = {
    "title": "a text",
    "text": "a text",
    "status": "investigating, identified, monitoring or resolved",
    "public": "true or false",
    "assignee": "a text",
    "post_mortem": "a text",
}


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""
    return [*_reading(use_cases, settings), *_writing(use_cases, settings)]


def _reading(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    respond = use_cases.uptime.respond

    @get(PATH)
    async def incidents(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        found = await respond.find(request.user, _wanted(given))
        return answer({"incidents": [incident_object(one) for one in found]})

    @get(_ONE)
    async def incident(request: Call) -> Response[bytes]:
        return _told(await _with_all(use_cases, request.user, request.path_params["incident_id"]))

    return [incidents, incident]


def _writing(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    respond = use_cases.uptime.respond

    @post(PATH)
    async def begin(request: Call) -> Response[bytes]:
        told = fields.decode(_WRITTEN, await read_json(request, settings), _EXPECTED)
        found = await respond.write(request.user, told.title, told.text, told.status, public=told.public)
        return _told(await _with_all(use_cases, request.user, found.id), 201)

    @patch(_ONE)
    async def change(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        expected = expected_version(header(scope, b"if-match"), None, "an incident")
        told = fields.decode(_CHANGED, await read_json(request, settings), _EXPECTED)
        incident_id = request.path_params["incident_id"]
        change = Change(told.title, told.assignee, told.post_mortem, told.public)
        await respond.change(request.user, incident_id, change, expected)
        return _told(await _with_all(use_cases, request.user, incident_id))

    @post(f"{_ONE}/{{action:str}}", status_code=200)
    async def act(request: Call) -> Response[bytes]:
        incident_id, action = request.path_params["incident_id"], request.path_params["action"]
        if action == "acknowledge":
            await respond.acknowledge(request.user, incident_id)
        elif action == "resolve":
            await respond.resolve(request.user, incident_id)
        elif action == "updates":
            told = fields.decode(_UPDATE, await read_json(request, settings), _EXPECTED)
            await respond.update(request.user, incident_id, told.text, told.status, public=told.public)
        else:
            raise NotFound(f"there is no action {action[:40]!r}: acknowledge, resolve and updates are there")
        return _told(await _with_all(use_cases, request.user, incident_id))

    return [begin, change, act]


def _wanted(given: Parameters) -> Wanted:
    within = TimeRange(given.time("start", MIN_TIME), given.time("end", MAX_TIME))
    most = min(given.limit() or _USUAL, _MOST)
    return Wanted(within, given.numbers("check"), given.truth("open"), most, given.number("before"))


async def _with_all(use_cases: UseCases, principal: Principal, incident_id: int) -> Told:
    respond = use_cases.uptime.respond
    incident = await respond.one(principal, incident_id)
    until = use_cases.clock.now() if incident.ended_at is None else incident.ended_at
    around = TimeRange(incident.started_at - _RELATED, until + _RELATED)
    return await respond.get(principal, incident_id, Wanted(around, limit=_MOST))


def incident_object(incident: Incident) -> dict[str, Any]:
    """An incident as JSON."""
    return {
        "id": incident.id,
        "check": incident.check,
        "kind": incident.kind,
        "title": incident.title,
        "details": incident.details,
        "cause": incident.cause,
        "started_at": instant_text(incident.started_at),
        "ended_at": instant_or_null(incident.ended_at),
        "part_of": incident.part_of,
        "assignee": incident.assignee,
        "acknowledged_at": instant_or_null(incident.acknowledged_at),
        "post_mortem": incident.post_mortem,
        "public": incident.public,
        "trace_ids": incident.trace_ids,
        "version": incident.version,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": instant_text(entry.at),
        "kind": entry.kind,
        "text": entry.text,
        "who": entry.who,
        "public": entry.public,
        "status": entry.status,
    }


def _told(told: Told, status: int = 200) -> Response[bytes]:
    tree = {
        **incident_object(told.incident),
        "timeline": [_entry(one) for one in told.timeline],
        "related": [incident_object(one) for one in told.related],
    }
    return answer(tree, status, {"ETag": f'"{told.incident.version}"'})
