"""What servers report, POST /api/v1/ingest, straight from ASGI: no framework between the bytes and the decoder."""

import asyncio
from typing import Final

from sightline.adapters.inbound.http.asgi import Receive, Scope, Send, respond
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.json_body import check_format
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.unpacked import unpacked
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.server_report import ServerReportDecoder
from sightline.domain.servers.report import ServerReport

PATH: Final = "/api/v1/ingest"

# About a thousand samples, decoded in a millisecond; what takes longer leaves the loop to others.
_INLINE_BYTES: Final = 128 * 1024


class ReportIntake:
    """POST /api/v1/ingest."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> None:
        self._use_cases = use_cases
        self._settings = settings
        self._inflight = inflight
        # One for the loop and one for threads, of which one decodes at a time.
        self._decoder = ServerReportDecoder(settings.max_request_samples)
        self._large = ServerReportDecoder(settings.max_request_samples)
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one report: 202 once every sample is acknowledged; errors of the tree are the dispatcher's to render."""
        check_format(scope)
        with self._inflight.share() as share:
            data = await unpacked(scope, receive, self._settings, self._use_cases.telemetry, share)
            report = await self._decoded(data)
            accepted = await self._use_cases.report(scope["user"], report)
        await respond(send, 202, b'{"accepted":%d}' % accepted, "application/json")

    async def _decoded(self, data: bytes) -> ServerReport:
        now = self._use_cases.clock.now()
        if len(data) <= _INLINE_BYTES:
            return self._decoder.decode(data, now)
        async with self._turn:
            return await asyncio.to_thread(self._large.decode, data, now)
