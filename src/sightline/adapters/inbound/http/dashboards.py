"""Dashboards: listed, read, saved and deleted, as JSON or as the YAML of their files."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http import body
from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.versions import expected_version
from sightline.adapters.wire import dashboard as wire
from sightline.application.define import Defined
from sightline.domain.errors import InvalidParameter, UnsupportedMediaType
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/dashboards"
_JSON: Final = "application/json"
_YAML: Final = "application/yaml"
_READERS: Final = {
    _JSON: wire.from_json,
    _YAML: wire.from_yaml,
    "application/x-yaml": wire.from_yaml,
    "text/yaml": wire.from_yaml,
}


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""

    @get(PATH)
    async def list_all(request: Call) -> Response[bytes]:
        found = await use_cases.dashboards.list(request.user)
        listed = [{**_about(one), "panels": len(one.dashboard.panels)} for one in found.dashboards]
        return _answer({"dashboards": listed, "problems": found.problems})

    @get(f"{PATH}/{{name:str}}")
    async def read(request: Call) -> Response[bytes]:
        found = await use_cases.dashboards.get(request.user, request.path_params["name"])
        if Parameters.of(request.scope["query_string"]).text("format") == "yaml":
            return Response(wire.to_yaml(found.dashboard), media_type=_YAML)
        return _answer(_whole(found))

    @put(f"{PATH}/{{name:str}}", status_code=200)
    async def save(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        expected = expected_version(header(scope, b"if-match"), header(scope, b"if-none-match"), "a dashboard")
        media_type = (header(scope, b"content-type") or _JSON).partition(";")[0].strip().lower()
        decode = _READERS.get(media_type)
        if decode is None:
            raise UnsupportedMediaType(f"Content-Type {media_type[:80]!r} is not read here: send {_JSON} or {_YAML}")
        text = await body.read(
            scope, request.receive, limit=wire.MAX_BYTES, setting="of a dashboard", timeout=settings.read_timeout
        )
        dashboard = decode(body.decoded(scope, text, wire.MAX_BYTES, "of a dashboard"))
        name = request.path_params["name"]
        if dashboard.name != name:
            message = f"name: the dashboard calls itself {dashboard.name!r} and the address {name!r}; the two must be the same"
            raise InvalidParameter(message, parameter="name")
        return _answer(_whole(await use_cases.dashboards.put(request.user, dashboard, expected)))

    @delete(f"{PATH}/{{name:str}}", status_code=204)
    async def remove(request: Call) -> None:
        await use_cases.dashboards.delete(request.user, request.path_params["name"])

    return [list_all, read, save, remove]


def _about(found: Defined) -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": found.dashboard.name,
        "title": found.dashboard.title,
        "description": found.dashboard.description,
        "origin": found.origin,
        "version": found.version,
    }
    return {**about, "file": found.file} if found.file else about


def _whole(found: Defined) -> dict[str, Any]:
    whole: dict[str, Any] = {"origin": found.origin, "version": found.version, "dashboard": found.dashboard}
    return {**whole, "file": found.file} if found.file else whole


def _answer(tree: Any) -> Response[bytes]:
    return Response(msgspec.json.encode(tree), media_type=_JSON)
