"""The exemplars of the series that a query selects: GET and POST /api/v1/query_exemplars, as Prometheus answers it."""

from collections.abc import Iterator, Sequence
from typing import Any

from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http import answers
from sightline.adapters.inbound.http.answers import Rendering
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.delivery import deliver
from sightline.adapters.inbound.http.floats import sample_text, time_text
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.domain.errors import InvalidParameter
from sightline.domain.metrics.exemplars import Exemplar, SeriesExemplars
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import ALL_TIME, TimeRange


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """The handler of this file."""

    @route("/api/v1/query_exemplars", http_method=["GET", "POST"], status_code=200)
    async def query_exemplars(request: Request[Principal, Any, Any]) -> Response[Any]:
        given = await parameters(request, settings)
        within = TimeRange(given.time("start", ALL_TIME.start), given.time("end", ALL_TIME.end))
        if within.end < within.start:
            raise InvalidParameter("end timestamp must not be before start timestamp", parameter="end")
        work = use_cases.exemplars.find(request.user, given.text("query") or "", within)
        found = await attended(request.receive, work)
        if found is None:
            return Response(None, status_code=204)  # as Prometheus says it of a query that selects nothing
        return deliver(request, Rendering(sum(len(one.exemplars) for one in found), _pieces(found)))

    return [query_exemplars]


def _pieces(found: Sequence[SeriesExemplars]) -> Iterator[bytes]:
    yield b'{"status":"success","data":['
    for number, one in enumerate(found):
        rows = b",".join(map(_row, one.exemplars))
        yield b'%b{"seriesLabels":%b,"exemplars":[%b]}' % (b"," if number else b"", answers.metric(one.labels), rows)
    yield b"]}"


def _row(one: Exemplar) -> bytes:
    value, time = sample_text(one.value).encode(), time_text(one.time).encode()
    return b'{"labels":%b,"value":"%b","timestamp":%b}' % (answers.metric(one.labels), value, time)
