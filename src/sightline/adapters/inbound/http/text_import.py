"""Samples in the Prometheus text format, pushed: POST /api/v1/import/prometheus, the path and parameters of VictoriaMetrics."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.unpacked import INLINE_BYTES, unpacked
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.exposition_decoder import TEXT, ExpositionDecoder
from sightline.domain.errors import InvalidParameter
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.samples import Index, WriteBatch
from sightline.domain.scrape.scraped import NO_TIME, Scraped

PATH: Final = "/api/v1/import/prometheus"
WRITTEN: Final = "X-Prometheus-Remote-Write-Samples-Written"
"""The header that remote write 2.0 has for how many samples were stored."""


def routes(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> list[HTTPRouteHandler]:
    """The handler of this file; `inflight` is shared by all that reads bodies."""
    decoder = ExpositionDecoder(max_samples=settings.max_request_samples)

    @post(PATH)
    async def import_text(request: Request[Any, Any, Any]) -> Response[Any]:
        added = _extra_labels(Parameters.of(request.scope["query_string"]))
        with inflight.share() as share:
            text = await unpacked(_scope(request), request.receive, settings, use_cases.telemetry, share)
            kind = _media_type(header(_scope(request), b"content-type"))
            decode = partial(_batches, decoder, text, kind, added, use_cases.clock.now())
            batch, exemplars = await asyncio.to_thread(decode) if len(text) > INLINE_BYTES else decode()
            del text, decode  # storing may take a while, and the columns are all that is needed
            await use_cases.ingest(request.user, batch)
            if exemplars is not NO_EXEMPLARS:
                await use_cases.exemplars.keep(request.user, exemplars)
        return Response(None, status_code=204, headers={WRITTEN: str(len(batch))})

    return [import_text]


def _batches(
    decoder: ExpositionDecoder, text: bytes, media_type: str, added: Mapping[str, str], now: int
) -> tuple[WriteBatch, ExemplarBatch]:
    """The samples and exemplars; those without a time have `now`, ms."""
    found = decoder.decode(text, media_type)
    times = np.where(found.times == NO_TIME, np.int64(now), found.times)
    labels, place = (
        (found.labels, np.arange(len(found.labels), dtype=np.uint32)) if not added else _relabelled(found, added)
    )
    exemplars = found.exemplars
    if exemplars is not NO_EXEMPLARS:
        own = np.where(exemplars.times == NO_TIME, np.int64(now), exemplars.times)
        exemplars = replace(exemplars, series=labels, owners=place[exemplars.owners], times=own)
    return WriteBatch(labels, place[found.series], times, found.values), exemplars


def _relabelled(found: Scraped, added: Mapping[str, str]) -> tuple[tuple[Labels, ...], Index]:
    """Label sets with further labels, which go before labels of the same name, and where each is; equal ones become one."""
    numbers: dict[Labels, int] = {}
    place = np.empty(len(found.labels), np.uint32)
    for number, labels in enumerate(found.labels):
        place[number] = numbers.setdefault(Labels.of(labels, **added), len(numbers))
    return tuple(numbers), place


def _extra_labels(given: Parameters) -> dict[str, str]:
    """What `extra_label=name=value`, which may be repeated, adds to every series."""
    added = {}
    for text in given.every("extra_label"):
        name, equals, value = text.partition("=")
        if not equals or not name:
            message = f"parameter 'extra_label' must be name=value, not {text[:100]!r}"
            raise InvalidParameter(message, parameter="extra_label")
        added[name] = value
    return added


def _media_type(said: str | None) -> str:
    """The type of the body: what clients send that say nothing of it, as curl does, is taken for the text format."""
    kind = (said or "").partition(";")[0].strip().lower()
    return (
        TEXT if said is None or kind in {"", "application/x-www-form-urlencoded", "application/octet-stream"} else said
    )


def _scope(request: Request[Any, Any, Any]) -> Any:
    """The request's scope, as ASGI's own functions want it."""
    return request.scope
