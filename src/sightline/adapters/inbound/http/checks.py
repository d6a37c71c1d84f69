"""Checks: defined, tried, paused and looked back on, as JSON; and `/targets` and `/status`, their short form."""

from typing import Any, Final

from litestar import Request, Response, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.check_lists import listing, whole
from sightline.adapters.inbound.http.check_lists import status as status_of
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.json_body import answer, read_json
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.versions import expected_version
from sightline.adapters.wire import check as wire
from sightline.adapters.wire.check_shown import (
    lost_object,
    outcome_object,
    result_object,
    strip_object,
    transition_object,
    uptime_object,
)
from sightline.adapters.wire.instants import instant_text
from sightline.application.examine import Examined
from sightline.application.review import Seen
from sightline.domain.errors import InvalidParameter, NotFound
from sightline.domain.probes.check import Check, Definition
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import DAY, MAX_TIME, MIN_TIME, SECOND, TimeRange, format_duration

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/checks"
_ONE: Final = f"{PATH}/{{check_id:int}}"
_LIMIT: Final = "of a check"
_USUAL: Final = 100
_OF_STRIP: Final = 40
_MOST_STRIPS: Final = 200
_LONGEST_ID: Final = 20  # digits: no check has a longer number
_CREATED: Final = 201


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""
    return [
        *_reading(use_cases, settings),
        *_looking_back(use_cases, settings),
        *_saving(use_cases, settings),
        *_acting(use_cases, settings),
        *_short(use_cases, settings),
    ]


def _reading(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    review = use_cases.uptime.review

    @get(PATH)
    async def all_checks(request: Call) -> Response[Any]:
        given = await parameters(request, settings)
        return await listing(request, use_cases, await review.all(request.user), given)

    @get(_ONE)
    async def one_check(request: Call) -> Response[bytes]:
        return _told(use_cases, await review.one(request.user, request.path_params["check_id"]))

    return [all_checks, one_check]


def _looking_back(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    review = use_cases.uptime.review

    @get(f"{_ONE}/results")
    async def results(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        within = TimeRange(given.time("start", MIN_TIME), given.time("end", MAX_TIME))
        limit, location = given.limit() or _USUAL, given.text("location") or ""
        check = await use_cases.uptime.enroll.get(request.user, request.path_params["check_id"])
        found = await review.results(request.user, check.id, limit, within, location)
        lost = await use_cases.delegate.lost(request.user.tenant, check.definition, within, location)
        return answer({"results": [result_object(one) for one in found], "lost": [lost_object(*one) for one in lost]})

    @get(f"{_ONE}/transitions")
    async def transitions(request: Call) -> Response[bytes]:
        given, now = await parameters(request, settings), use_cases.clock.now()
        within = TimeRange(given.time("start", now - DAY), given.time("end", now))
        found = await review.transitions(request.user, request.path_params["check_id"], within)
        return answer({"transitions": [transition_object(one) for one in found]})

    @get(f"{PATH}/strips")
    async def strips(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        wanted = _ids(given.text("ids") or "")
        found = await review.strips(request.user, wanted, given.limit() or _OF_STRIP)
        uptimes = await review.uptime(request.user, tuple(found))
        return answer({"strips": [strip_object(one, its, uptimes[one]) for one, its in found.items()]})

    @get(f"{_ONE}/uptime")
    async def uptime(request: Call) -> Response[bytes]:
        check = (await review.one(request.user, request.path_params["check_id"])).check
        found = (await review.uptime(request.user, (check.id,)))[check.id]
        return answer({name: uptime_object(one) for name, one in found.items()})

    return [results, transitions, strips, uptime]


def _saving(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    enroll, review = use_cases.uptime.enroll, use_cases.uptime.review

    @post(PATH)
    async def create(request: Call) -> Response[bytes]:
        definition = wire.read_check(await _read(request, settings))
        (check,) = await enroll.add(request.user, (definition,))
        return _told(use_cases, await review.one(request.user, check.id), _CREATED)

    async def replaced(request: Call, definition: Definition, before: Check) -> Response[bytes]:
        scope: Any = request.scope
        expected = expected_version(header(scope, b"if-match"), None, "a check")
        await enroll.put(request.user, before.id, definition, expected)
        return _told(use_cases, await review.one(request.user, before.id))

    @put(_ONE)
    async def save(request: Call) -> Response[bytes]:
        before = await enroll.get(request.user, request.path_params["check_id"])
        definition = wire.read_check(await _read(request, settings), before.definition)
        return await replaced(request, definition, before)

    @patch(_ONE)
    async def change(request: Call) -> Response[bytes]:
        before = await enroll.get(request.user, request.path_params["check_id"])
        definition = wire.changed_check(await _read(request, settings), before.definition)
        return await replaced(request, definition, before)

    @delete(_ONE, status_code=204)
    async def remove(request: Call) -> None:
        await enroll.delete(request.user, request.path_params["check_id"])

    return [create, save, change, remove]


def _acting(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    uptime = use_cases.uptime

    @post(f"{PATH}/try", status_code=200)
    async def examine(request: Call) -> Response[bytes]:
        like = Parameters.of(request.scope["query_string"]).number("like")  # the check whose secrets masks stand for
        stored = None if like is None else (await uptime.enroll.get(request.user, like)).definition
        definition = wire.read_check(await _read(request, settings), stored)
        return answer(_examined(await uptime.examine(request.user, definition)))

    @post(f"{_ONE}/{{action:str}}", status_code=200)
    async def act(request: Call) -> Response[bytes]:
        check_id, action = request.path_params["check_id"], request.path_params["action"]
        if action == "probe":
            definition = (await uptime.enroll.get(request.user, check_id)).definition
            return answer(_examined(await uptime.examine(request.user, definition)))
        if action not in {"pause", "resume"}:
            raise NotFound(f"there is no action {action[:40]!r}: pause, resume and probe are there")
        await uptime.enroll.switch(request.user, check_id, enabled=action == "resume")
        return _told(use_cases, await uptime.review.one(request.user, check_id))

    return [examine, act]


def _short(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    enroll, review = use_cases.uptime.enroll, use_cases.uptime.review

    @post("/targets")
    async def add_target(request: Call) -> Response[bytes]:
        (check,) = await enroll.add(request.user, (wire.read_check(await _read(request, settings)),))
        return answer(_target(check), _CREATED, {"Location": f"{PATH}/{check.id}"})

    @get("/targets")
    async def targets(request: Call) -> Response[bytes]:
        return answer([_target(check) for check in await enroll.all(request.user)])

    @get("/status")
    async def status(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        target = given.number("target_id")
        if target is None:
            raise InvalidParameter("target_id: say of which target, as in /status?target_id=1", parameter="target_id")
        seen = await review.one(request.user, target)
        found = await review.results(request.user, target, given.limit() or _USUAL, TimeRange(MIN_TIME, MAX_TIME))
        uptime = (await review.uptime(request.user, (target,)))[target]
        return answer(
            {
                "target_id": target,
                "name": seen.check.name,
                **status_of(use_cases, seen),
                "uptime": {name: uptime_object(one) for name, one in uptime.items()},
                "results": [result_object(one) for one in found],
            }
        )

    return [add_target, targets, status]


def _ids(text: str) -> list[int]:
    """The numbers of checks that a parameter lists."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not 0 < len(parts) <= _MOST_STRIPS or not all(part.isascii() and part.isdecimal() for part in parts):
        message = f"ids: say of which checks, at most {_MOST_STRIPS}, as in ids=1,2,3"
        raise InvalidParameter(message, parameter="ids")
    return [int(part[:_LONGEST_ID]) for part in parts]


def _target(check: Check) -> dict[str, Any]:
    shown, said = wire.shown(check), check.definition
    its = {name: shown[name] for name in ("id", "name", "url", "type", "enabled", "interval", "timeout", "created_at")}
    return its | {"interval": _in_seconds(said.interval), "timeout": _in_seconds(said.timeout)}


def _in_seconds(length: int) -> str:
    """A length, ms, as programs compare it: `60s`, not `1m`."""
    return format_duration(length) if length % SECOND else f"{length // SECOND}s"


def _examined(found: Examined) -> dict[str, Any]:
    return {
        "at": instant_text(found.at),
        "verdict": found.judgement.verdict,
        "reason": found.judgement.reason,
        "message": found.judgement.message,
        "outcome": outcome_object(found.outcome),
        "conditions": [{"text": one.text, "holds": not one.why, "why": one.why} for one in found.conditions],
    }


async def _read(request: Call, settings: DoorSettings) -> Any:
    return wire.from_json(await read_json(request, settings, limit=wire.MAX_BYTES, name=_LIMIT))


def _told(use_cases: UseCases, seen: Seen, status: int = 200) -> Response[bytes]:
    headers = {"ETag": f'"{seen.check.version}"'}
    if status == _CREATED:
        headers["Location"] = f"{PATH}/{seen.check.id}"
    return answer(whole(use_cases, seen), status, headers)
