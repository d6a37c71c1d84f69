"""Maintenance windows: listed, read, saved, ended and deleted, as JSON or YAML."""

from typing import Any, Final

from litestar import Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.json_body import answer
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.text_bodies import read_text
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.versions import expected_version
from sightline.adapters.wire import window as wire
from sightline.adapters.wire.instants import instant_or_null, instant_text
from sightline.application.maintain import Maintain
from sightline.domain.probes.window import Window
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import TimeRange

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/windows"
_ONE: Final = f"{PATH}/{{window_id:str}}"
_LIMIT: Final = "of a maintenance window"
_PREVIEWED: Final = 5
"""Next starts that are told before a window is stored."""


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API; none where there are no windows."""
    if use_cases.windows is None:
        return []
    return [*_reading(use_cases, use_cases.windows), *_writing(use_cases, use_cases.windows, settings)]


def _reading(use_cases: UseCases, windows: Maintain) -> list[HTTPRouteHandler]:
    @get(PATH)
    async def all_windows(request: Call) -> Response[bytes]:
        await windows.load()
        given = Parameters.of(request.scope["query_string"])
        at = given.time("at", use_cases.clock.now())
        found = windows.all(request.user)
        if given.truth("active"):
            found = [one for one in found if one.active(at)]
        return answer({"at": instant_text(at), "windows": [_object(one, at) for one in found]})

    @get(_ONE)
    async def one_window(request: Call) -> Response[bytes]:
        await windows.load()
        found = windows.one(request.user, request.path_params["window_id"])
        return _told(found, use_cases.clock.now())

    return [all_windows, one_window]


def _writing(use_cases: UseCases, windows: Maintain, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @post(PATH)
    async def create(request: Call) -> Response[bytes]:
        made = await windows.add(request.user, await _written(request, settings))
        return _told(made, use_cases.clock.now(), 201)

    @post(f"{PATH}/preview", status_code=200)
    async def preview(request: Call) -> Response[bytes]:
        return answer(_ahead(await _written(request, settings), use_cases.clock.now()))

    @put(_ONE)
    async def save(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        expected = expected_version(header(scope, b"if-match"), None, "a maintenance window")
        window = await _written(request, settings)
        saved = await windows.put(request.user, request.path_params["window_id"], window, expected)
        return _told(saved, use_cases.clock.now())

    @post(f"{_ONE}/end", status_code=200)
    async def end(request: Call) -> Response[bytes]:
        return _told(await windows.end(request.user, request.path_params["window_id"]), use_cases.clock.now())

    @delete(_ONE, status_code=204)
    async def remove(request: Call) -> None:
        await windows.delete(request.user, request.path_params["window_id"])

    return [create, preview, save, end, remove]


async def _written(request: Call, settings: DoorSettings) -> Window:
    text = await read_text(request, settings, limit=wire.MAX_BYTES, name=_LIMIT)
    return (wire.from_json if text.is_json else wire.from_yaml)(text.data)


def _object(window: Window, at: int) -> dict[str, Any]:
    """A window, and how it stands at an instant."""
    stretch, start = window.stretch(at), window.next_start(at)
    return {
        "id": window.id,
        **wire.shown(window),
        "version": window.version,
        "created_at": instant_text(window.created_at),
        "updated_at": instant_text(window.updated_at),
        "active": stretch is not None,
        "active_until": None if stretch is None else instant_text(stretch.end),
        "next_start": instant_or_null(start),
        "next_end": None if start is None else instant_text(start + window.longest),
    }


def _ahead(window: Window, at: int) -> dict[str, Any]:
    """When a window would be active: now, and from its next starts on."""
    now, start = window.stretch(at), at
    found: list[TimeRange] = []
    while len(found) < _PREVIEWED and (following := window.next_start(start)) is not None:
        start = following
        found.append(TimeRange(start, start + window.longest))
    return {"stretches": [_stretch(one) for one in ([] if now is None else [now]) + found]}


def _stretch(one: TimeRange) -> dict[str, str]:
    return {"start": instant_text(one.start), "end": instant_text(one.end)}


def _told(window: Window, at: int, status: int = 200) -> Response[bytes]:
    return answer(_object(window, at), status, {"ETag": f'"{window.version}"'})
