"""GET /api/v1/reports: what happened in a day or a week, as JSON, a page, or text."""

from dataclasses import asdict
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.alerts import rfc3339
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.check_shown import uptime_object
from sightline.domain.errors import InvalidParameter
from sightline.domain.reports.page import as_html, as_text
from sightline.domain.reports.summary import MOST_SHOWN, AlertTally, RuleTally, Summary
from sightline.domain.reports.uptime import UptimeSummary
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

_FORMATS: Final = ("json", "html", "text")
_HEADERS: Final = {
    # The page is of styles alone; whatever else an alert's text could bring is not carried out.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'",
    "Cache-Control": "no-store",
}


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """The handler of this file."""

    @get("/api/v1/reports")
    async def report(request: Call) -> Response[bytes]:
        given = Parameters.of(request.scope["query_string"])
        form = given.text("format") or "json"
        if form not in _FORMATS:
            raise InvalidParameter(f"format: wants one of {', '.join(_FORMATS)}, not {form[:80]!a}", parameter="format")
        summary = await attended(request.receive, use_cases.summarize(request.user, given.span("period")))
        if form == "html":
            page = as_html(summary, link=settings.external_url)
            return Response(page.encode(), media_type="text/html", headers=_HEADERS)
        if form == "text":
            return Response(as_text(summary).encode(), media_type="text/plain")
        body = {"status": "success", "data": report_object(summary)}
        return Response(msgspec.json.encode(body), media_type="application/json")

    return [report]


def report_object(summary: Summary) -> dict[str, Any]:
    """The JSON object of a report; lengths of time are seconds."""
    return {
        "start": rfc3339(summary.within.start),
        "end": rfc3339(summary.within.end),
        "fired": summary.fired,
        "stillFiring": summary.still,
        "meanTimeToResolve": _seconds(summary.to_resolve),
        "partial": summary.is_partial,
        "rules": [_rule(one) for one in summary.rules],
        "machines": [_machine(one) for one in summary.machines[:MOST_SHOWN]],
        "notices": {"since": rfc3339(summary.notices_since), "receivers": [asdict(one) for one in summary.told]},
        "slowestGroups": [
            {"name": one.name, "file": one.file, "took": one.took, "interval": one.interval / 1_000}
            for one in summary.slow[:MOST_SHOWN]
        ],
        "failingRules": [
            {"name": one.name, "problem": one.problem, "since": None if one.since is None else rfc3339(one.since)}
            for one in summary.failing
        ],
        "uptime": None if summary.uptime is None else _uptime(summary.uptime),
    }


def _uptime(its: UptimeSummary) -> dict[str, Any]:
    return {
        "checks": its.checks,
        **uptime_object(its.whole),
        "lowest": [{"check": one.name, **uptime_object(one.uptime)} for one in its.lowest[:MOST_SHOWN]],
        "slowest": [{"check": one.name, "mean": one.mean, "p95": one.most} for one in its.slowest],
        "slowestProblem": its.slow_problem or None,
        "incidents": [
            {
                "id": one.id,
                "check": one.check,
                "kind": one.kind,
                "title": one.title,
                "details": one.details,
                "startedAt": rfc3339(one.started_at),
                "endedAt": None if one.ended_at is None else rfc3339(one.ended_at),
            }
            for one in its.incidents[:MOST_SHOWN]
        ],
        "incidentsTotal": len(its.incidents),
        "incidentsFollowing": its.following,
        "openIncidents": its.lasting,
        "partial": its.is_partial,
        "endings": [{"check": one.name, "what": one.what, "at": rfc3339(one.at)} for one in its.endings[:MOST_SHOWN]],
    }


def _rule(one: RuleTally) -> dict[str, Any]:
    return {
        "name": one.name,
        "severity": one.severity,
        "alerts": one.alerts,
        "fired": one.fired,
        "firing": _seconds(one.firing),
        "longest": _seconds(one.longest),
        "resolved": one.resolved,
        "meanTimeToResolve": _seconds(one.to_resolve),
        "stillFiring": one.still,
        "endsInADay": one.busiest,
        "flaps": one.flaps,
    }


def _machine(one: AlertTally) -> dict[str, Any]:
    return {"rule": one.name, "labels": dict(one.labels), "fired": one.fired, "firing": _seconds(one.firing)}


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1_000
