"""The queries that run now, and the slow ones of late: GET /api/v1/status/active_queries and /api/v1/status/slow_queries.

The first has the fields of VictoriaMetrics' endpoint of that name, and more.
"""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.application.watch import QueryRun
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]


def routes(use_cases: UseCases) -> list[HTTPRouteHandler]:
    """All handlers of this file."""
    watch = use_cases.watch

    def listed(found: list[QueryRun]) -> Response[Any]:
        data = [described(one, watch.since(one)) for one in found]
        return Response(msgspec.json.encode({"status": "success", "data": data}), media_type="application/json")

    @get("/api/v1/status/active_queries")
    async def running(request: Call) -> Response[Any]:
        return listed(watch.running(request.user))

    @get("/api/v1/status/slow_queries")
    async def slow(request: Call) -> Response[Any]:
        return listed(watch.slow(request.user))

    return [running, slow]


def described(one: QueryRun, took: float) -> dict[str, Any]:
    """What is told of a query. took: seconds so far. Times are in ms, as is the step."""
    question = one.question
    return {
        "id": f"{one.number:016X}",
        "duration": f"{took:.3f}s",
        "kind": question.kind,
        "query": question.text,
        "start": question.grid.start,
        "end": question.grid.end,
        "step": question.grid.step,
        "started": one.started,
        "client": question.client,
        "series": one.series,
        "samples": one.samples,
        "seconds": {"total": round(took, 6), **{phase: round(spent, 6) for phase, spent in one.seconds().items()}},
        "outcome": one.code or "running",
    }
