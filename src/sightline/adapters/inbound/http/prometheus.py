"""The Prometheus HTTP API, version 1."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, route
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http import answers
from sightline.adapters.inbound.http.alerts import alert_object
from sightline.adapters.inbound.http.answers import Rendering
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.delivery import deliver
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.names import unescaped
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.queries import Queries
from sightline.adapters.inbound.http.rules import rule_groups, wanted_rules
from sightline.adapters.inbound.http.selectors import selectors
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.watched import routes as watched_routes
from sightline.application.search import Found
from sightline.domain.errors import InvalidParameter
from sightline.domain.labels import Labels, Matchers
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import ALL_TIME, TimeRange

Call = Request[Principal, Any, Any]

TRUNCATED: Final = "results truncated due to limit"


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""
    return [
        *_queries(use_cases, settings),
        *_searches(use_cases, settings),
        *_states(use_cases, settings),
        *watched_routes(use_cases),
    ]


def _queries(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    queries = Queries(use_cases, settings)

    @route("/api/v1/query", http_method=["GET", "POST"], status_code=200)
    async def query(request: Call) -> Response[Any]:
        scope: Any = request.scope
        return deliver(request, await queries.instant(scope, request.receive))

    @route("/api/v1/query_range", http_method=["GET", "POST"], status_code=200)
    async def query_range(request: Call) -> Response[Any]:
        scope: Any = request.scope
        return deliver(request, await queries.range(scope, request.receive))

    return [query, query_range]


def _searches(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @route("/api/v1/labels", http_method=["GET", "POST"], status_code=200)
    async def labels(request: Call) -> Response[Any]:
        given = await parameters(request, settings)
        work = use_cases.search.label_names(request.user, _selected(given), _within(given), given.limit())
        return deliver(request, _names(await attended(request.receive, work)))

    @get("/api/v1/label/{name:str}/values")
    async def label_values(request: Call) -> Response[Any]:
        given = await parameters(request, settings)
        name = unescaped(request.path_params["name"])
        work = use_cases.search.label_values(request.user, name, _selected(given), _within(given), given.limit())
        return deliver(request, _names(await attended(request.receive, work)))

    @route("/api/v1/series", http_method=["GET", "POST"], status_code=200)
    async def series(request: Call) -> Response[Any]:
        given = await parameters(request, settings)
        if given.text("match[]") is None:
            raise InvalidParameter("no match[] parameter provided", parameter="match[]")
        work = use_cases.search.series(request.user, _selected(given), _within(given), given.limit())
        return deliver(request, _label_sets(await attended(request.receive, work)))

    return [labels, label_values, series]


def _states(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @get("/api/v1/alerts")
    async def alerts(request: Call) -> Response[Any]:
        user = request.user
        found = [*use_cases.alerts.alerts(user), *use_cases.rules.alerts(user), *use_cases.uptime.assess.alerts(user)]
        return _success({"alerts": [alert_object(one) for one in found]})

    @get("/api/v1/rules")
    async def rules(request: Call) -> Response[Any]:
        wanted = wanted_rules(await parameters(request, settings))
        found = rule_groups(use_cases.alerts, use_cases.rules, request.user, wanted, use_cases.rules_every)
        return _success(found, use_cases.rules.problems(request.user))

    @get("/api/v1/status/buildinfo")
    async def buildinfo() -> Response[Any]:
        # No `features`: Grafana would take us for Mimir.
        return _success(
            {
                "application": "Sightline",
                "version": settings.version,
                "revision": settings.revision,
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )

    return [alerts, rules, buildinfo]


def _within(given: Parameters) -> TimeRange:
    return TimeRange(given.time("start", ALL_TIME.start), given.time("end", ALL_TIME.end))


def _selected(given: Parameters) -> list[Matchers]:
    return selectors(given.every("match[]"))


def _names(found: Found[str]) -> Rendering:
    def pieces() -> Iterator[bytes]:
        yield b'{"status":"success","data":' + msgspec.json.encode(found.items) + _cut(found) + b"}"

    return Rendering(len(found.items), pieces())


def _label_sets(found: Found[Labels]) -> Rendering:
    def pieces() -> Iterator[bytes]:
        yield b'{"status":"success","data":['
        for start in range(0, len(found.items), answers.BLOCK):
            text = b",".join(map(answers.metric, found.items[start : start + answers.BLOCK]))
            yield b"," + text if start else text
        yield b"]" + _cut(found) + b"}"

    return Rendering(len(found.items), pieces())


def _cut(found: Found[Any]) -> bytes:
    return answers.notes([TRUNCATED]) if found.truncated else b""


def _success(data: Any, warnings: Sequence[str] = ()) -> Response[bytes]:
    said = {"warnings": warnings} if warnings else {}
    return Response(msgspec.json.encode({"status": "success", "data": data, **said}), media_type="application/json")
