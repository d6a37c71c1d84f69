"""The Pushgateway's API: PUT, POST and DELETE of groups at /metrics/job/..., and the rest of it beneath /pushgateway.

Source: https://github.com/prometheus/pushgateway#api, #query-api and #admin-api.
"""

import asyncio
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http import pushed_groups
from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.unpacked import INLINE_BYTES, unpacked
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import exposition
from sightline.adapters.wire.exposition_decoder import OPENMETRICS, TEXT, ExpositionDecoder
from sightline.adapters.wire.family_decoder import MetricFamilyDecoder
from sightline.adapters.wire.grouping_key import grouping_key
from sightline.adapters.wire.instants import instant_text
from sightline.domain.errors import AdminDisabled
from sightline.domain.scrape.scraped import Scraped

PREFIX: Final = "/pushgateway"
"""What all of the API is found beneath, for clients that are given the address of a Pushgateway."""
_METRICS: Final = "/metrics"
_PATHS: Final = tuple(
    f"{prefix}{_METRICS}/{job}/{{labels:path}}" for prefix in ("", PREFIX) for job in ("job", "job@base64")
)
_JSON: Final = "application/json"
_TEXT: Final = "text/plain"
_PROTOBUF: Final = "application/vnd.google.protobuf"


def routes(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> list[HTTPRouteHandler]:
    """The handlers of this file; `inflight` is shared by all that reads bodies."""
    most = settings.max_request_samples
    decoders = _Decoders(ExpositionDecoder(max_samples=most), MetricFamilyDecoder(max_samples=most))
    push = use_cases.push

    async def change(request: Request[Any, Any, Any], *, whole: bool) -> Response[Any]:
        scope = _scope(request)
        grouping = _grouping(scope["path"])
        with inflight.share() as share:
            body = await unpacked(scope, request.receive, settings, use_cases.telemetry, share)
            decode = partial(_decoded, decoders, body, header(scope, b"content-type"))
            scraped = await asyncio.to_thread(decode) if len(body) > INLINE_BYTES else decode()
            del body, decode
            await push(request.user, grouping, scraped, whole=whole)
            if scraped.metadata:
                use_cases.metadata.push(request.user, scraped.metadata)
        return _nothing(200)

    @put(list(_PATHS))
    async def replace_group(request: Request[Any, Any, Any]) -> Response[Any]:
        return await change(request, whole=True)

    @post(list(_PATHS))
    async def add_to_group(request: Request[Any, Any, Any]) -> Response[Any]:
        return await change(request, whole=False)

    @delete(list(_PATHS), status_code=202)
    async def delete_group(request: Request[Any, Any, Any]) -> Response[bytes]:
        await push.delete(request.user, _grouping(request.scope["path"]))
        return _nothing(202)

    @put([f"{prefix}/api/v1/admin/wipe" for prefix in ("", PREFIX)], status_code=202)
    async def wipe(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not settings.admin:
            raise AdminDisabled("pushed groups are wiped only where http.admin = true allows it")
        await push.wipe(request.user)
        return _nothing(202)

    @get(f"{PREFIX}{_METRICS}")
    async def exposed(request: Request[Any, Any, Any]) -> Response[bytes]:
        groups = await push.groups(request.user)
        text = await asyncio.to_thread(pushed_groups.exposed, groups)
        return Response(text, media_type=exposition.CONTENT_TYPE)

    @get(f"{PREFIX}/api/v1/metrics")
    async def listed(request: Request[Any, Any, Any]) -> Response[bytes]:
        groups = await push.groups(request.user)
        return Response(await asyncio.to_thread(pushed_groups.listed, groups), media_type=_JSON)

    @get(f"{PREFIX}/api/v1/status")
    async def status() -> Response[bytes]:
        built = {"version": settings.version, "revision": settings.revision}
        body = {"status": "success", "data": {"build_information": built, "start_time": _started(use_cases)}}
        return Response(msgspec.json.encode(body), media_type=_JSON)

    @get([f"{PREFIX}/-/healthy", f"{PREFIX}/-/ready"])
    async def healthy() -> Response[str]:
        return Response("OK", media_type=_TEXT)

    return [replace_group, add_to_group, delete_group, wipe, exposed, listed, status, healthy]


def _nothing(status: int) -> Response[bytes]:
    """A Pushgateway's answer to a change: no word."""
    return Response(b"", status_code=status, media_type=_TEXT)


def _grouping(path: str) -> dict[str, str]:
    return grouping_key(path.removeprefix(PREFIX).removeprefix(_METRICS))


def _started(use_cases: UseCases) -> str:
    return instant_text(use_cases.program.started)


class _Decoders(NamedTuple):
    """What reads bodies."""

    text: ExpositionDecoder
    families: MetricFamilyDecoder


def _decoded(decoders: _Decoders, body: bytes, said: str | None) -> Scraped:
    """What was pushed; whatever does not say that it is something else is taken for the text format, as there.

    Histograms come with their classic buckets, for of those alone one can tell that another group's fit them.
    """
    kind = (said or "").partition(";")[0].strip().lower()
    if kind == _PROTOBUF:
        return decoders.families.decode(body, native=False, classic=True)
    openmetrics = OPENMETRICS.partition(";")[0]
    return decoders.text.decode(body, OPENMETRICS if kind == openmetrics else TEXT, every=True)


def _scope(request: Request[Any, Any, Any]) -> Any:
    """The request's scope, as ASGI's own functions want it."""
    return request.scope
