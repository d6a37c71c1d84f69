"""GET /api/v1/radar: rules that watch nothing or say nothing, with what was found of each."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.alerts import rfc3339
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.rules import FILE, GROUP
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.application.radar import Judged, Sweep
from sightline.domain.alerts.radar import Finding, Reason, Suspect
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import SECOND, format_duration

Call = Request[Principal, Any, Any]


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """The handler."""
    radar = use_cases.radar

    @get("/api/v1/radar")
    async def look(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        sweep = await attended(request.receive, radar.look(request.user, given.span("window")))
        answer: dict[str, Any] = {"status": "success", "data": swept(sweep)}
        if sweep.is_partial:
            answer["warnings"] = [_left_out(sweep, radar.timeout)]
        return Response(msgspec.json.encode(answer), media_type="application/json")

    return [look]


def swept(sweep: Sweep) -> dict[str, Any]:
    """The JSON object of a look: rules of which something was found, or that could not be looked at."""
    return {
        "start": rfc3339(sweep.within.start),
        "end": rfc3339(sweep.within.end),
        "rules": sweep.rules,
        "looked": len(sweep.judged),
        "partial": sweep.is_partial,
        "found": [_judged(one) for one in sweep.judged if one.findings or one.problem],
    }


def finding_object(one: Finding) -> dict[str, Any]:
    """The JSON object of a finding."""
    said: dict[str, Any] = {"reason": one.reason.value, "message": one.message}
    if not isinstance(one, Suspect):
        if one.reason is Reason.FLAPS:
            said |= {"ends": one.ends, "labels": dict(one.labels)}
        return {**said, "start": rfc3339(one.within.start), "share": round(one.share, 4)}
    return {
        **said,
        "selector": one.selector,
        "place": one.place.value,
        "matches": one.matches,
        "metricExists": one.metric_exists,
        "matcher": one.matcher,
        "nearest": list(one.nearest),
        "lastSeen": None if one.last_seen is None else rfc3339(one.last_seen),
    }


def _judged(one: Judged) -> dict[str, Any]:
    rule = one.rule
    said = {
        "file": rule.file or FILE,
        "group": rule.group or GROUP,
        "name": rule.name,
        "type": "recording" if one.is_recording else "alerting",
        "yieldsNothing": one.yields_nothing,
        "findings": [finding_object(each) for each in one.findings],
    }
    return {**said, "problem": one.problem} if one.problem else said


def _left_out(sweep: Sweep, timeout: float) -> str:
    allowed = format_duration(round(timeout * SECOND))
    return f"{len(sweep.judged)} of {sweep.rules} rules were looked at within {allowed}: raise rules.radar_timeout to see the rest"
