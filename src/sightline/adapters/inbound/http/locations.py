"""Locations: who they are, for people; what they probe and what they found, for themselves."""

from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.json_body import JSON, answer, read_json
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import fields, probe_exchange
from sightline.adapters.wire.instants import instant_text
from sightline.application.delegate import Delegate, LocationStatus
from sightline.domain.probes.location import Location
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import SECOND

Call = Request[Principal, Any, Any]
Open = Request[Any, Any, Any]

_log = structlog.get_logger("sightline.locations")

MAX_WAIT: Final = 30.0
"""Seconds that a location may wait for other orders."""

_EXPECTED: Final = {"name": "a text", "description": "a text"}


class _Sent(msgspec.Struct, forbid_unknown_fields=True):
    """What adds a location."""

    name: str
    description: str = ""


class _Changed(msgspec.Struct, forbid_unknown_fields=True):
    """What changes one."""

    description: str


_SENT: Final = msgspec.json.Decoder(_Sent)
_CHANGED: Final = msgspec.json.Decoder(_Changed)


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""
    return [*_kept(use_cases.delegate, settings), *_exchanged(use_cases, settings)]


def _kept(delegate: Delegate, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @get("/api/v1/locations")
    async def all_locations(request: Call) -> Response[bytes]:
        return answer({"locations": [_shown(one) for one in await delegate.all(request.user)]})

    @post("/api/v1/locations")
    async def add(request: Call) -> Response[bytes]:
        sent = fields.decode(_SENT, await read_json(request, settings), _EXPECTED)
        status, key = await delegate.add(request.user, sent.name, sent.description)
        return answer({**_shown(status), "key": key}, 201, {"Location": f"/api/v1/locations/{sent.name}"})

    @get("/api/v1/locations/{name:str}")
    async def one(request: Call) -> Response[bytes]:
        return answer(_shown(await delegate.one(request.user, request.path_params["name"])))

    @patch("/api/v1/locations/{name:str}")
    async def describe(request: Call) -> Response[bytes]:
        sent = fields.decode(_CHANGED, await read_json(request, settings), _EXPECTED)
        return answer(_shown(await delegate.describe(request.user, request.path_params["name"], sent.description)))

    @delete("/api/v1/locations/{name:str}", status_code=204)
    async def remove(request: Call) -> None:
        await delegate.remove(request.user, request.path_params["name"])

    @post("/api/v1/locations/{name:str}/key")
    async def rekey(request: Call) -> Response[bytes]:
        status, key = await delegate.rekey(request.user, request.path_params["name"])
        return answer({**_shown(status), "key": key})

    return [all_locations, add, one, describe, remove, rekey]


def _exchanged(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    delegate, clock = use_cases.delegate, use_cases.clock

    @get(probe_exchange.CONFIG)
    async def config(request: Open) -> Response[bytes]:
        given = Parameters.of(request.scope["query_string"])
        location = await _admitted(delegate, request, given)
        known = (header(_scope(request), b"if-none-match") or "").strip('"')
        wait = min(MAX_WAIT, (given.span("wait") or 0) / SECOND)
        found = await attended(request.receive, delegate.assigned(location, known, wait))
        now = clock.now()
        headers = {"Cache-Control": "no-store", probe_exchange.TIME: str(now)}
        if found is None:
            return Response(b"", status_code=304, headers={**headers, "ETag": f'"{known}"'})
        content = probe_exchange.orders_to_json(found.tag, found.checks, found.references, now)
        headers["ETag"] = f'"{found.tag}"'
        return Response(content, media_type=JSON, headers=headers)

    @post(probe_exchange.RESULTS)
    async def results(request: Open) -> Response[bytes]:
        location = await _admitted(delegate, request, Parameters.of(request.scope["query_string"]))
        parcels, bearing = probe_exchange.sent_from_json(await read_json(request, settings))
        receipt = await delegate.take(location, parcels, bearing)
        for lost in (one.lost for one in parcels if one.lost is not None):
            _log.warning(
                "a location had no room for what it found while the way here was closed: give it a larger --buffer-size",
                location=location.name,
                results=lost.count,
                start=instant_text(lost.starts_at),
                end=instant_text(lost.ends_at),
            )
        return Response(probe_exchange.receipt_to_json(receipt), status_code=200, media_type=JSON)

    return [config, results]


async def _admitted(delegate: Delegate, request: Open, given: Parameters) -> Location:
    """The location whose key a request shows.

    Raises:
        Unauthenticated, Forbidden.
    """
    scope = _scope(request)
    scheme, _, value = (header(scope, b"authorization") or "").partition(" ")
    key = value.strip() if scheme.lower() == "bearer" else header(scope, b"x-probe-key") or ""
    return await delegate.admit(key, given.text("location") or "")


def _scope(request: Open) -> Any:
    return request.scope


def _shown(status: LocationStatus) -> dict[str, Any]:
    """A location as JSON has it; what was not heard since the start is null."""
    location, heard, lost = status.location, status.heard, status.lost
    return {
        "name": location.name,
        "description": location.description,
        "created_at": instant_text(location.created_at),
        "keyed_at": instant_text(location.keyed_at),
        "checks": status.checks,
        "heard_at": None if heard is None else instant_text(heard.at),
        "clock_skew_ms": None if heard is None else heard.bearing.skew,
        "waiting": 0 if heard is None else heard.bearing.waiting,
        "version": "" if heard is None else heard.bearing.version,
        "cut_off": heard is not None and heard.bearing.is_cut_off,
        "lost": None
        if lost is None
        else {"count": lost.count, "start": instant_text(lost.starts_at), "end": instant_text(lost.ends_at)},
    }
