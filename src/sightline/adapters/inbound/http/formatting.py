"""The two routes of the Prometheus API that look at a query without asking for data: format_query and parse_query."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.queries import of_query
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.syntax_tree import tree
from sightline.domain.errors import MalformedQuery
from sightline.domain.promql.format import pretty
from sightline.domain.promql.parse import parse_as_written
from sightline.domain.tenancy import Principal

Asked = Request[Principal, Any, Any]

# Parsing and printing this much takes a few milliseconds; more of it must not hold up the event loop.
_QUICK_TEXT: Final = 4096


def routes(settings: DoorSettings) -> list[HTTPRouteHandler]:
    """The handlers, both for GET and POST."""

    @route("/api/v1/format_query", http_method=["GET", "POST"], status_code=200)
    async def format_query(request: Asked) -> Response[Any]:
        """The query as Prometheus lays it out: `{"status": "success", "data": "..."}`."""
        return await _of_query(request, settings, lambda text: pretty(parse_as_written(text)))

    @route("/api/v1/parse_query", http_method=["GET", "POST"], status_code=200)
    async def parse_query(request: Asked) -> Response[Any]:
        """The query's syntax tree as Prometheus' own UI reads it."""
        return await _of_query(request, settings, lambda text: tree(parse_as_written(text)))

    return [format_query, parse_query]


async def _of_query(request: Asked, settings: DoorSettings, work: Callable[[str], Any]) -> Response[bytes]:
    """Answer with what `work` makes of the parameter `query`."""
    text = (await parameters(request, settings)).expression()

    def body() -> bytes:
        return msgspec.json.encode({"status": "success", "data": work(text)})

    try:
        answer = body() if len(text) <= _QUICK_TEXT else await asyncio.to_thread(body)
    except MalformedQuery as error:
        raise of_query(error) from None
    return Response(answer, media_type="application/json")
