"""Alert rules: listed, read, saved, judged, switched on and off, and deleted, as JSON."""

from typing import Any, Final

from litestar import Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.json_body import answer, read_json
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.versions import expected_version
from sightline.adapters.wire import alert_rule as wire
from sightline.application.prescribe import Judged, Prescribed
from sightline.domain.errors import InvalidField, NotFound, SightlineError
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/alert-rules"
_ONE: Final = f"{PATH}/{{name:str}}"
_LIMIT: Final = "of an alert rule"


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""
    return [*_reading(use_cases), *_saving(use_cases, settings), *_switching(use_cases)]


def _reading(use_cases: UseCases) -> list[HTTPRouteHandler]:
    @get(PATH)
    async def all_rules(request: Call) -> Response[bytes]:
        return answer({"rules": [_object(one) for one in await use_cases.prescribed.list(request.user)]})

    @get(_ONE)
    async def one_rule(request: Call) -> Response[bytes]:
        return _told(await use_cases.prescribed.get(request.user, request.path_params["name"]))

    return [all_rules, one_rule]


def _saving(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @post(PATH)
    async def create(request: Call) -> Response[bytes]:
        rule = wire.rule_of(await _written(request, settings))
        found = await use_cases.prescribed.put(request.user, rule, 0)
        return _told(found, 201)

    @put(_ONE)
    async def save(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        expected = expected_version(header(scope, b"if-match"), header(scope, b"if-none-match"), "an alert rule")
        rule, name = wire.rule_of(await _written(request, settings)), request.path_params["name"]
        if rule.name != name:
            message = f"name: the rule calls itself {rule.name!r} and the address {name!r}; the two must be the same"
            raise InvalidField(message, field="name")
        found = await use_cases.prescribed.put(request.user, rule, expected)
        return _told(found, 201 if found.version == 1 else 200)

    @delete(_ONE, status_code=204)
    async def remove(request: Call) -> None:
        await use_cases.prescribed.delete(request.user, request.path_params["name"])

    @post("/api/v1/validate/alert-rule", status_code=200)
    async def judge(request: Call) -> Response[bytes]:
        written = await _written(request, settings)
        try:
            rule = wire.rule_of(written)
        except SightlineError as error:
            return answer(_judgement(Judged((error,))))
        return answer({**_judgement(await use_cases.prescribed.judge(request.user, rule)), "rule": wire.shown(rule)})

    return [create, save, remove, judge]


def _switching(use_cases: UseCases) -> list[HTTPRouteHandler]:
    @post(f"{_ONE}/{{action:str}}", status_code=200)
    async def switch(request: Call) -> Response[bytes]:
        name, action = request.path_params["name"], request.path_params["action"]
        if action == "restore":
            return _told(await use_cases.prescribed.restore(request.user, name))
        if action not in {"enable", "disable"}:
            raise NotFound(f"there is no action {action[:40]!r}: enable, disable and restore are there")
        return _told(await use_cases.prescribed.enable(request.user, name, enabled=action == "enable"))

    return [switch]


async def _written(request: Call, settings: DoorSettings) -> wire.WrittenRule:
    return wire.from_json(await read_json(request, settings, limit=wire.MAX_BYTES, name=_LIMIT))


def _object(found: Prescribed) -> dict[str, Any]:
    return {"origin": found.origin, "version": found.version, "rule": wire.shown(found.rule)}


def _judgement(judged: Judged) -> dict[str, Any]:
    errors = [{**error.detail, "code": error.code, "error": error.message} for error in judged.errors]
    said = {"valid": not errors, "errors": errors, "warnings": judged.warnings, "matches": judged.matches}
    if (one := judged.example) is not None:
        said["example"] = {"labels": dict(one.labels), "annotations": dict(one.annotations), "holds": one.holds}
    return said


def _told(found: Prescribed, status: int = 200) -> Response[bytes]:
    headers = {"ETag": f'"{found.version}"'}
    return answer(_object(found), status, headers)
