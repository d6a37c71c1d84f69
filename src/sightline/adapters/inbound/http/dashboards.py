"""Dashboards: listed, read, saved and deleted, as JSON or as the YAML of their files."""

from typing import Any, Final

from litestar import Request, Response, delete, get, put
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.json_body import answer
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.text_bodies import YAML, read_text
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.versions import expected_version
from sightline.adapters.wire import dashboard as wire
from sightline.application.define import Defined
from sightline.domain.errors import InvalidParameter
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/dashboards"


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""

    @get(PATH)
    async def list_all(request: Call) -> Response[bytes]:
        found = await use_cases.dashboards.list(request.user)
        listed = [{**_about(one), "panels": len(one.dashboard.panels)} for one in found.dashboards]
        return answer({"dashboards": listed, "problems": found.problems})

    @get(f"{PATH}/{{name:str}}")
    async def read(request: Call) -> Response[bytes]:
        found = await use_cases.dashboards.get(request.user, request.path_params["name"])
        if Parameters.of(request.scope["query_string"]).text("format") == "yaml":
            return Response(wire.to_yaml(found.dashboard), media_type=YAML)
        return answer(_whole(found))

    @put(f"{PATH}/{{name:str}}", status_code=200)
    async def save(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        expected = expected_version(header(scope, b"if-match"), header(scope, b"if-none-match"), "a dashboard")
        text = await read_text(request, settings, limit=wire.MAX_BYTES, name="of a dashboard")
        dashboard = (wire.from_json if text.is_json else wire.from_yaml)(text.data)
        name = request.path_params["name"]
        if dashboard.name != name:
            message = f"name: the dashboard calls itself {dashboard.name!r} and the address {name!r}; the two must be the same"
            raise InvalidParameter(message, parameter="name")
        return answer(_whole(await use_cases.dashboards.put(request.user, dashboard, expected)))

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
