"""What is scraped, and what metrics mean, as Prometheus answers."""

import re
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.alerts import rfc3339
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.selectors import selectors
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.application.scrape import Followed
from sightline.domain.errors import InvalidParameter
from sightline.domain.labels import satisfies
from sightline.domain.scrape.scraped import Metadata
from sightline.domain.scrape.target import JobTargets
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import format_duration

Call = Request[Principal, Any, Any]

# A time that never was, as Go writes it.
_NEVER: Final = "0001-01-01T00:00:00Z"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ACTIVE: Final = frozenset({"", "any", "active"})
_DROPPED: Final = frozenset({"", "any", "dropped"})
_WHOLE: Final = re.compile(r"-?\d{1,18}", re.ASCII)


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of targets and metadata."""
    return [*_targets(use_cases, settings), *_metadata(use_cases, settings)]


def _targets(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @get("/api/v1/targets")
    async def targets(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        state, pool = (given.text("state") or "").lower(), given.text("scrapePool") or ""
        active = use_cases.targets.followed(request.user) if state in _ACTIVE else []
        jobs = use_cases.targets.by_job(request.user)
        chosen = {name: found for name, found in jobs.items() if not pool or name == pool}
        return _success(
            {
                "activeTargets": [
                    _active(one, request.url.hostname or "") for one in active if not pool or one.target.job.job == pool
                ],
                "droppedTargets": _dropped(chosen) if state in _DROPPED else [],
                "droppedTargetCounts": {name: found.dropped_count for name, found in sorted(chosen.items())},
            }
        )

    @get("/api/v1/scrape_pools")
    async def scrape_pools(request: Call) -> Response[bytes]:
        return _success({"scrapePools": sorted(use_cases.targets.by_job(request.user))})

    return [targets, scrape_pools]


def _metadata(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    @get("/api/v1/metadata")
    async def metadata(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        limit, per_metric = _limit(given, "limit"), _limit(given, "limit_per_metric", zero_is_all=True)
        found = await use_cases.metadata.by_metric(request.user, given.text("metric") or "", limit, per_metric)
        return _success({name: [_described(one) for one in said] for name, said in found.items()})

    @get("/api/v1/targets/metadata")
    async def targets_metadata(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        matchers, metric = selectors(given.every("match_target"), "match_target"), given.text("metric") or ""
        found = [
            {"target": dict(labels), **({} if metric else {"metric": name}), **_described(one)}
            for labels, name, one in use_cases.metadata.by_target(request.user, metric)
            if not matchers or any(satisfies(labels, each) for each in matchers)
        ]
        return _success(found[: _limit(given, "limit")])

    return [metadata, targets_metadata]


def _active(one: Followed, host: str) -> dict[str, Any]:
    target = one.target
    return {
        "discoveredLabels": dict(target.discovered),
        "labels": dict(target.labels),
        "scrapePool": target.job.job,
        "scrapeUrl": target.url,
        "globalUrl": _global(target.url, host),
        "lastError": one.error,
        "lastScrape": _NEVER if one.scraped_at is None else rfc3339(one.scraped_at),
        "lastScrapeDuration": one.seconds,
        "health": one.health.value,
        "scrapeInterval": format_duration(target.interval),
        "scrapeTimeout": format_duration(target.timeout),
    }


def _dropped(jobs: dict[str, JobTargets]) -> list[dict[str, Any]]:
    return [
        {"discoveredLabels": dict(labels), "scrapePool": name}
        for name, found in jobs.items()
        for labels in found.dropped
    ]


def _described(one: Metadata) -> dict[str, str]:
    return {"type": one.type, "help": one.help, "unit": one.unit}


def _global(url: str, host: str) -> str:
    """The URL as others reach it: who asks us by another name than loopback reaches our neighbours by that name too."""
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK or host in _LOOPBACK or not host:
        return url
    named = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{named}:{parts.port}"))


def _limit(given: Parameters, name: str, *, zero_is_all: bool = False) -> int | None:
    """How many; None for all, which is what a negative number means."""
    text = given.text(name)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text):
        raise InvalidParameter(f"{name} must be a number", parameter=name)
    number = int(text)
    return None if number < 0 or (zero_is_all and not number) else number


def _success(data: Any) -> Response[bytes]:
    return Response(msgspec.json.encode({"status": "success", "data": data}), media_type="application/json")
