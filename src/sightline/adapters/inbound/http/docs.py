"""The API's description, a page that shows it, and the addresses under which other products have such pages."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http import openapi
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.ui import BuiltUi, page_or_notice

PAGE: Final = "/docs"
HISTORY: Final = "/ui/dashboards/host"
"""Where `/dashboard.html` leads: the page with the history of what is measured."""
OPEN: Final = frozenset({PAGE, "/swagger/index.html", "/dashboard.html", "/openapi.json", "/openapi.yaml"})
"""Paths that need no token: what they show is the same for every Sightline."""

_BUILT: Final = "swagger/index.html"
_FRESH: Final = "no-cache"


def routes(settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""
    built = BuiltUi(settings.ui_folder)
    described = _Described(settings.version)

    @get("/openapi.json")
    async def as_json(request: Request[Any, Any, Any]) -> Response[Any]:
        return _text(request, await described.text(openapi.as_json), "application/json")

    @get("/openapi.yaml")
    async def as_yaml(request: Request[Any, Any, Any]) -> Response[Any]:
        return _text(request, await described.text(openapi.as_yaml), "application/yaml")

    @get(PAGE)
    async def page(request: Request[Any, Any, Any]) -> Response[Any]:
        return await page_or_notice(request, built, _BUILT)

    @get("/swagger/index.html")
    async def swagger() -> Response[Any]:
        return _leading_to(PAGE)

    @get("/dashboard.html")
    async def dashboard() -> Response[Any]:
        return _leading_to(HISTORY)

    return [as_json, as_yaml, page, swagger, dashboard]


class _Described:
    """The description's texts, each made when it is first asked for: that takes a while, YAML longest, and few ask."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._making: dict[Callable[[openapi.Tree], bytes], asyncio.Task[bytes]] = {}

    async def text(self, written: Callable[[openapi.Tree], bytes]) -> bytes:
        """As it is written."""
        if written not in self._making:
            self._making[written] = asyncio.create_task(asyncio.to_thread(self._made, written))
        return await asyncio.shield(self._making[written])

    def _made(self, written: Callable[[openapi.Tree], bytes]) -> bytes:
        return written(openapi.document(self._version))


def _text(request: Request[Any, Any, Any], text: bytes, media_type: str) -> Response[Any]:
    etag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    headers = {"Cache-Control": _FRESH, "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(None, status_code=304, headers=headers)
    return Response(text, media_type=media_type, headers=headers)


def _leading_to(place: str) -> Response[Any]:
    return Response(b"", status_code=307, media_type="text/plain", headers={"Location": place, "Cache-Control": _FRESH})
