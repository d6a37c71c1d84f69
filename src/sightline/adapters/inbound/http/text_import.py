"""Samples in the Prometheus text format, pushed: POST /api/v1/import/prometheus, the paths and parameters of VictoriaMetrics."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.streamed import blocks, is_streamed
from sightline.adapters.inbound.http.unpacked import INLINE_BYTES, unpacked
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.exposition_decoder import TEXT, ExpositionDecoder, is_openmetrics
from sightline.adapters.wire.exposition_import import ExpositionImport
from sightline.adapters.wire.exposition_numbers import milliseconds
from sightline.adapters.wire.grouping_key import grouping_key
from sightline.domain.errors import InvalidParameter, Overloaded
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.left_out import LeftOut, Taken, refusal
from sightline.domain.metrics.samples import Index, WriteBatch
from sightline.domain.scrape.scraped import NO_TIME, Metadata, Scraped
from sightline.domain.tenancy import Principal

PATH: Final = "/api/v1/import/prometheus"
_LABELLED: Final = f"{PATH}/metrics"
"""What stands before labels in the path, as in the path of a push to the Pushgateway."""
WRITTEN: Final = "X-Prometheus-Remote-Write-Samples-Written"
"""The header that remote write 2.0 has for how many samples were stored."""
_REASONS: Final = 10_000


def routes(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> list[HTTPRouteHandler]:
    """The handler of this file; `inflight` is shared by all that reads bodies."""
    reader = ExpositionImport(ExpositionDecoder(max_samples=settings.max_request_samples))

    @post([PATH, f"{_LABELLED}/job/{{labels:path}}", f"{_LABELLED}/job@base64/{{labels:path}}"])
    async def import_text(request: Request[Any, Any, Any]) -> Response[Any]:
        scope = _scope(request)
        given = Parameters.of(scope["query_string"])
        added, now = _added_labels(scope["path"], given), _time(given, use_cases.clock.now())
        kind = _media_type(header(scope, b"content-type"))
        account = _Account()
        with inflight.share() as share:
            if is_streamed(scope, settings) and not is_openmetrics(kind):
                texts = blocks(scope, request.receive, settings, use_cases.telemetry, share)
            else:
                texts = _whole(unpacked(scope, request.receive, settings, use_cases.telemetry, share))
            async for text in texts:
                decode = partial(_read, reader, text, kind, added, now, account.lines)
                found = await asyncio.to_thread(decode) if len(text) > INLINE_BYTES else decode()
                account.lines += text.count(b"\n")
                del text, decode  # storing may take a while, and the columns are all that is needed
                account.add(await stored(request.user, found, wait=bool(account.samples)))
        if account.left_out:
            raise refusal(account.left_out, account.samples)
        return Response(None, status_code=204, headers={WRITTEN: str(account.samples)})

    async def stored(user: Principal, found: _Found, *, wait: bool) -> Taken:
        """Store a part; in the middle of a body that would come again from its start, it waits for intake to have room."""
        taken = await _taken(use_cases, user, found, patience=settings.read_timeout if wait else 0)
        if found.exemplars is not NO_EXEMPLARS:
            await use_cases.exemplars.keep(user, found.exemplars)
        if found.metadata:
            use_cases.metadata.push(user, found.metadata)
        return taken

    return [import_text]


async def _whole(text: Awaitable[bytes]) -> AsyncIterator[bytes]:
    """A body in one part."""
    yield await text


class _Found(NamedTuple):
    """What a body brings, and what of it cannot be read."""

    batch: WriteBatch
    exemplars: ExemplarBatch
    left_out: tuple[LeftOut, ...]
    metadata: Mapping[str, Metadata]


@dataclass(slots=True)
class _Account:
    """What became of a body so far. lines: how many line feeds it had."""

    samples: int = 0
    lines: int = 0
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, taken: Taken) -> None:
        """One more part. Reasons beyond a few thousand are counted with the last one."""
        self.samples += taken.samples
        for each in taken.left_out:
            if len(self.left_out) < _REASONS:
                self.left_out.append(each)
            else:
                self.left_out[-1] = LeftOut(self.left_out[-1].error, self.left_out[-1].samples + each.samples)


async def _taken(use_cases: UseCases, user: Principal, found: _Found, *, patience: float) -> Taken:
    """Store a batch; while intake has no room for it, try again for `patience` seconds.

    Raises:
        Overloaded, StorageFull, Unavailable: nothing of it is stored.
    """
    unread = found.left_out
    while True:
        try:
            taken = await use_cases.ingest.partly(user, found.batch, unread)
        except Overloaded as error:
            pause = float(error.detail.get("retry_after", 1))
            if pause > patience:
                raise
            patience -= pause
            unread = ()  # they are counted
            await use_cases.clock.sleep(pause)
        else:
            known = () if unread else found.left_out
            return Taken(taken.samples, taken.histograms, (*known, *taken.left_out))


def _read(
    reader: ExpositionImport, text: bytes, media_type: str, added: Mapping[str, str], now: int, lines_before: int
) -> _Found:
    """The samples and exemplars; those without a time have `now`, ms."""
    imported = reader.decode(text, media_type, lines_before)
    found = imported.scraped
    times = np.where(found.times == NO_TIME, np.int64(now), found.times)
    labels, place = (
        (found.labels, np.arange(len(found.labels), dtype=np.uint32)) if not added else _relabelled(found, added)
    )
    exemplars = found.exemplars
    if exemplars is not NO_EXEMPLARS:
        own = np.where(exemplars.times == NO_TIME, np.int64(now), exemplars.times)
        exemplars = replace(exemplars, series=labels, owners=place[exemplars.owners], times=own)
    return _Found(
        WriteBatch(labels, place[found.series], times, found.values), exemplars, imported.left_out, found.metadata
    )


def _relabelled(found: Scraped, added: Mapping[str, str]) -> tuple[tuple[Labels, ...], Index]:
    """Label sets with further labels, which go before labels of the same name, and where each is; equal ones become one."""
    numbers: dict[Labels, int] = {}
    place = np.empty(len(found.labels), np.uint32)
    for number, labels in enumerate(found.labels):
        place[number] = numbers.setdefault(Labels.of(labels, **added), len(numbers))
    return tuple(numbers), place


def _added_labels(path: str, given: Parameters) -> dict[str, str]:
    """What the path and `extra_label=name=value`, which may be repeated, add to every series."""
    added = grouping_key(path.removeprefix(_LABELLED)) if path.startswith(_LABELLED) else {}
    for text in given.every("extra_label"):
        name, equals, value = text.partition("=")
        if not equals or not name:
            message = f"parameter 'extra_label' must be name=value, not {text[:100]!r}"
            raise InvalidParameter(message, parameter="extra_label")
        added[name] = value
    return added


def _time(given: Parameters, now: int) -> int:
    """The time of samples that bring none: `timestamp`, ms, or now."""
    text = given.text("timestamp")
    if text is None:
        return now
    try:
        return milliseconds(text.encode())
    except ValueError as error:
        message = f"parameter 'timestamp' is a time in milliseconds, not {text[:100]!r}: {error}"
        raise InvalidParameter(message, parameter="timestamp") from None


def _media_type(said: str | None) -> str:
    """The type of the body: what clients send that say nothing of it, as curl does, is taken for the text format."""
    kind = (said or "").partition(";")[0].strip().lower()
    return (
        TEXT if said is None or kind in {"", "application/x-www-form-urlencoded", "application/octet-stream"} else said
    )


def _scope(request: Request[Any, Any, Any]) -> Any:
    """The request's scope, as ASGI's own functions want it."""
    return request.scope
