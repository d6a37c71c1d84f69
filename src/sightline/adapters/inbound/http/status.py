"""What the program says of itself, as Prometheus' /api/v1/status/... and their neighbours have it.

What of Prometheus is told only of Go's runtime is left out. Where settings are shown, secrets are taken out before they get here.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.alerts import rfc3339
from sightline.adapters.inbound.http.features import features
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import Program, UseCases
from sightline.application.count import DEFAULT_LIMIT
from sightline.domain.metrics.cardinality import Cardinality, Counted
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

# What Prometheus says of times when there is no sample: the bounds of 64 bits, the wrong way round.
_NO_FIRST, _NO_LAST = 2**63 - 1, -(2**63)
_RELOAD_FAILED: Final = "Configuration reload has failed."


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""
    return [*_program(use_cases, settings), *_storage(use_cases, settings), *_alerting(use_cases.program)]


def _program(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    program = use_cases.program

    @get("/api/v1/status/config")
    async def config() -> Response[bytes]:
        return _success({"yaml": await asyncio.to_thread(_yaml, program.settings())})

    @get("/api/v1/status/flags")
    async def flags() -> Response[bytes]:
        return _success({key: _flag(value) for key, value in program.settings().items() if not _is_table(value)})

    @get("/api/v1/status/runtimeinfo")
    async def runtimeinfo() -> Response[bytes]:
        return _success(_runtime(program, use_cases.clock.now()))

    @get("/api/v1/features")
    async def all_features() -> Response[bytes]:
        return _success(features(settings))

    return [config, flags, runtimeinfo, all_features]


def _storage(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @get("/api/v1/status/tsdb")
    async def tsdb(request: Call) -> Response[bytes]:
        limit = _limit(await parameters(request, settings))
        return _success(_figures(await use_cases.count.cardinality(request.user, limit)))

    @get("/api/v1/status/walreplay")
    async def walreplay() -> Response[bytes]:
        # The door opens when the log has been read: there is nothing left to wait for.
        return _success({"min": 0, "max": 0, "current": 0})

    return [tsdb, walreplay]


def _alerting(program: Program) -> list[HTTPRouteHandler]:
    @get("/api/v1/alertmanagers")
    async def alertmanagers() -> Response[bytes]:
        return _success({"activeAlertmanagers": [], "droppedAlertmanagers": []})

    @get("/api/v1/notifications")
    async def notifications() -> Response[bytes]:
        last = program.reloaded()
        failed = [{"text": _RELOAD_FAILED, "date": rfc3339(last.at), "active": True, "reason": last.problem}]
        return _success(failed if last.problem else [])

    return [alertmanagers, notifications]


def _limit(given: Parameters) -> int:
    """How many names each list may have; what is no number is refused as 0 is."""
    text = given.text("limit")
    if text is None:
        return DEFAULT_LIMIT
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _yaml(settings: Mapping[str, Any]) -> str:
    import yaml

    tree: dict[str, Any] = {}
    for key, value in settings.items():
        *tables, name = key.split(".")
        place = tree
        for table in tables:
            place = place.setdefault(table, {})
        place[name] = value
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=1000)


def _is_table(value: Any) -> bool:
    """Whether a setting is a list of tables, which no flag can say."""
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _flag(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _runtime(program: Program, now: int) -> dict[str, Any]:
    last = program.reloaded()
    return {
        "startTime": rfc3339(program.started),
        "CWD": program.folder,
        "hostname": program.machine,
        "serverTime": rfc3339(now),
        "reloadConfigSuccess": not last.problem,
        "lastConfigTime": rfc3339(last.at),
        "storageRetention": program.retention,
    }


def _figures(found: Cardinality) -> dict[str, Any]:
    return {
        "headStats": {
            "numSeries": found.series,
            "numLabelPairs": found.pairs,
            "chunkCount": found.chunks,
            "minTime": _NO_FIRST if found.first is None else found.first,
            "maxTime": _NO_LAST if found.last is None else found.last,
        },
        "seriesCountByMetricName": _listed(found.by_metric),
        "labelValueCountByLabelName": _listed(found.values_by_label),
        "memoryInBytesByLabelName": _listed(found.bytes_by_label),
        "seriesCountByLabelValuePair": _listed(found.by_pair),
    }


def _listed(counted: Counted) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in counted]


def _success(data: Any) -> Response[bytes]:
    return Response(msgspec.json.encode({"status": "success", "data": data}), media_type="application/json")
