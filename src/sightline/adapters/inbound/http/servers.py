"""The servers API: who reports, and what they reported. Reports themselves come in by report_intake.py."""

import uuid
from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.alerts import rfc3339
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.delivery import deliver
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.json_body import answer, read_json
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.reported import rendering
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import fields
from sightline.domain.errors import InvalidField, InvalidParameter, NotFound
from sightline.domain.labels import Labels
from sightline.domain.servers.report import Reported, selecting
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import MAX_TIME, MIN_TIME, TimeRange

Call = Request[Principal, Any, Any]

_LIMIT: Final = "http.max_form_bytes"
_EXPECTED: Final = {
    "hostname": "a text",
    "ip_address": "a text such as 192.0.2.7",
    "os": "a text",
    "labels": "an object whose values are texts",
    "agent_version": "a text",
}


class _Sent(msgspec.Struct):
    """What registers a server."""

    hostname: str
    ip_address: str | None = None
    os: str | None = None
    labels: dict[str, str] | None = None
    agent_version: str | None = None


class _Shown(msgspec.Struct):
    """A server as every answer shows it; times in RFC 3339, `last_seen` null before the first report."""

    id: str
    hostname: str
    ip_address: str
    os: str
    labels: dict[str, str]
    agent_version: str
    last_seen: str | None
    created_at: str
    updated_at: str


_DECODER: Final = msgspec.json.Decoder(_Sent)


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""
    return [*_servers(use_cases, settings), _metrics(use_cases, settings)]


def _servers(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @post("/api/v1/servers")
    async def register(request: Call) -> Response[Any]:
        found = await use_cases.servers(request.user, await _registration(request, settings))
        headers = {"Location": f"/api/v1/servers/{found.server.id}"}
        return answer(shown(found.server), 201 if found.fresh else 200, headers)

    @get("/api/v1/servers")
    async def all_servers(request: Call) -> Response[Any]:
        return answer({"servers": [shown(server) for server in await use_cases.servers.all(request.user)]})

    @get("/api/v1/servers/{server_id:str}")
    async def one_server(request: Call) -> Response[Any]:
        return answer(shown(await use_cases.servers.one(request.user, _addressed(request))))

    @delete("/api/v1/servers/{server_id:str}", status_code=204)
    async def remove(request: Call) -> None:
        await use_cases.servers.remove(request.user, _addressed(request))

    return [register, all_servers, one_server, remove]


def _metrics(use_cases: UseCases, settings: DoorSettings) -> HTTPRouteHandler:
    @get("/api/v1/metrics")
    async def metrics(request: Call) -> Response[Any]:
        given = await parameters(request, settings)
        wanted, within = reported(given), _within(given)
        if within is None:
            work = use_cases.recall.latest(request.user, wanted)
        else:
            work = use_cases.recall.within(request.user, wanted, within)
        return deliver(request, rendering(await attended(request.receive, work)))

    return metrics


def reported(given: Parameters) -> Reported:
    """The parameters `server_id`, `metric_type` and `metric_name`, each of which may be missing.

    Raises:
        InvalidParameter: `server_id` is no UUID, or no series has such a type or name.
    """
    server_id = given.text("server_id")
    if server_id is not None:
        canonical = _canonical(server_id)
        if canonical is None:
            message = f"parameter 'server_id': {server_id[:60]!r} is not a UUID; GET /api/v1/servers lists them"
            raise InvalidParameter(message, parameter="server_id")
        server_id = canonical
    wanted = Reported(server_id, given.text("metric_type"), given.text("metric_name"))
    try:
        selecting(wanted)
    except InvalidField as error:
        raise InvalidParameter(f"parameter {error.message}", parameter=error.detail["field"]) from None
    return wanted


def shown(server: Server) -> _Shown:
    """A server as JSON has it."""
    about = server.about
    return _Shown(
        server.id,
        about.hostname,
        about.ip_address,
        about.os,
        dict(about.labels),
        about.agent_version,
        None if server.last_seen is None else rfc3339(server.last_seen),
        rfc3339(server.created_at),
        rfc3339(server.updated_at),
    )


async def _registration(request: Call, settings: DoorSettings) -> Registration:
    sent = fields.decode(_DECODER, await read_json(request, settings), _EXPECTED)
    return Registration(
        sent.hostname, sent.ip_address or "", sent.os or "", Labels.of(sent.labels or {}), sent.agent_version or ""
    )


def _addressed(request: Call) -> str:
    """The id in the path; what is no UUID is no server."""
    text = request.path_params["server_id"]
    found = _canonical(text)
    if found is None:
        raise NotFound(f"no server has the id {text[:60]}", id=text)
    return found


def _canonical(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def _within(given: Parameters) -> TimeRange | None:
    """The range from `from` to `to`, both included and each open when missing; None when neither is given."""
    if given.text("from") is None and given.text("to") is None:
        return None
    return TimeRange(given.time("from", MIN_TIME), given.time("to", MAX_TIME))
