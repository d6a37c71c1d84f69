"""Heartbeats as they stand, the pings that came, and ping keys, as JSON."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.json_body import answer, read_json
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.site import site_of
from sightline.adapters.inbound.http.use_cases import Heartbeats, UseCases
from sightline.adapters.wire import fields
from sightline.adapters.wire.healthchecks import Links
from sightline.adapters.wire.instants import instant_or_null, instant_text
from sightline.application.issue import PingKey
from sightline.application.recognize import endpoint_key, slug_of
from sightline.domain.probes.check import Check
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.ping import Ping, PingKind
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/heartbeats"
KEYS: Final = "/api/v1/ping-keys"
_ONE: Final = f"{PATH}/{{check_id:int}}"
_EXPECTED: Final = {"name": "a text"}


class _WrittenKey(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""


_DECODER: Final = msgspec.json.Decoder(_WrittenKey)


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API; none where no pings are taken."""
    heartbeats = use_cases.heartbeats
    if heartbeats is None:
        return []
    return [*_standing(use_cases, heartbeats, settings), *_keys(heartbeats, settings)]


def _standing(use_cases: UseCases, heartbeats: Heartbeats, settings: DoorSettings) -> list[HTTPRouteHandler]:
    beat, enroll = heartbeats.beat, use_cases.uptime.enroll

    def shown(request: Call, check: Check) -> dict[str, Any]:
        scope: Any = request.scope
        return _object(heartbeats, request.user, check, site_of(scope, settings))

    @get(PATH)
    async def all_heartbeats(request: Call) -> Response[bytes]:
        await beat.load()
        found = [one for one in await enroll.all(request.user) if isinstance(one.definition.options, Heartbeat)]
        return answer({"heartbeats": [shown(request, one) for one in found]})

    @get(_ONE)
    async def one_heartbeat(request: Call) -> Response[bytes]:
        await beat.load()
        beat.stands(request.user.tenant, request.path_params["check_id"])
        return answer(shown(request, await enroll.get(request.user, request.path_params["check_id"])))

    @get(f"{_ONE}/pings")
    async def pings(request: Call) -> Response[bytes]:
        check_id = request.path_params["check_id"]
        found = await beat.pings(request.user.tenant, check_id)
        url = f"{PATH}/{check_id}/pings"
        return answer({"pings": [_ping_object(one, f"{url}/{one.number}/body") for one in found]})

    @get(f"{_ONE}/pings/{{number:int}}/body")
    async def ping_body(request: Call) -> Response[bytes]:
        given = request.path_params
        found = await beat.one_ping(request.user.tenant, given["check_id"], given["number"])
        return Response(found.body, media_type="text/plain", headers={"Content-Security-Policy": "sandbox"})

    return [all_heartbeats, one_heartbeat, pings, ping_body]


def _keys(heartbeats: Heartbeats, settings: DoorSettings) -> list[HTTPRouteHandler]:
    keys = heartbeats.keys

    @get(KEYS)
    async def all_keys(request: Call) -> Response[bytes]:
        return answer({"ping_keys": [_key_object(one) for one in await keys.all(request.user)]})

    @post(KEYS)
    async def make_key(request: Call) -> Response[bytes]:
        written = fields.decode(_DECODER, await read_json(request, settings) or b"{}", _EXPECTED)
        return answer(_key_object(await keys.add(request.user, written.name)), 201)

    @delete(f"{KEYS}/{{key_id:str}}", status_code=204)
    async def remove_key(request: Call) -> None:
        await keys.delete(request.user, request.path_params["key_id"])

    return [all_keys, make_key, remove_key]


def _object(heartbeats: Heartbeats, principal: Principal, check: Check, site: str) -> dict[str, Any]:
    options = check.definition.options
    pulse, lines = heartbeats.beat.stands(principal.tenant, check.id)
    token = options.token if isinstance(options, Heartbeat) else ""
    links = Links(site)
    return {
        "id": check.id,
        "name": check.name,
        "state": pulse.state.value,
        "since": instant_or_null(pulse.since or None),
        "reason": pulse.reason.value,
        "message": pulse.message,
        "is_running": pulse.is_running,
        "pings": pulse.pings,
        "last_ping": instant_or_null(pulse.last_ping),
        "last_kind": pulse.last_kind,
        "last_duration_ms": None if pulse.seconds is None else round(pulse.seconds * 1_000, 3),
        "due_at": instant_or_null(lines.due),
        "missed_at": instant_or_null(lines.missed),
        "slug": slug_of(check),
        "ping_url": links.ping(token),
        "push_url": f"{site}/api/push/{token}",
        "endpoint_url": f"{site}/api/v1/endpoints/{endpoint_key(check)}/external",
    }


def _ping_object(ping: Ping, body_url: str) -> dict[str, Any]:
    return {
        "number": ping.number,
        "at": instant_text(ping.at),
        "kind": "ignored" if ping.kind is PingKind.IGNORED else ping.kind.value,
        "run": ping.run or None,
        "exit_status": ping.exit_status,
        "duration_ms": None if ping.seconds is None else round(ping.seconds * 1_000, 3),
        "message": ping.said,
        "remote": ping.remote,
        "scheme": ping.scheme,
        "method": ping.method,
        "agent": ping.agent,
        "body_url": body_url if ping.body else None,
    }


def _key_object(key: PingKey) -> dict[str, Any]:
    return {"id": key.id, "name": key.name, "key": key.key, "created_at": instant_text(key.created_at)}
