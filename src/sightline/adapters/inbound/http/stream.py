"""What servers report, as it comes: WebSocket /api/v1/stream?server_id=&metric_type=, both optional.

{"metrics":[{...},...]}   as GET /api/v1/metrics has them, at most every quarter of a second
{"dropped":n}             samples that this listener missed because it was slow
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.reported import enveloped
from sightline.adapters.inbound.http.servers import reported
from sightline.adapters.inbound.http.websocket import Dialect
from sightline.application.register import Register
from sightline.application.tail import Dropped, LiveSamples, Update
from sightline.domain.labels import Matchers
from sightline.domain.servers.report import selecting
from sightline.domain.tenancy import Principal

PATH: Final = "/api/v1/stream"


def frame(update: Update) -> str | None:
    """Samples and what was missed; alerts are not told here."""
    if isinstance(update, LiveSamples):
        return b"".join(enveloped(update.labels, update.offsets, update.times, update.values)).decode()
    if isinstance(update, Dropped):
        return msgspec.json.encode({"dropped": update.samples}).decode()
    return None


def dialect(servers: Register) -> Dialect:
    """What is said on this stream; a server that is asked for must be one of the listener's tenant."""

    async def selected(principal: Principal, given: Parameters) -> Sequence[Matchers]:
        wanted = reported(given)
        if wanted.server_id is not None:
            await servers.one(principal, wanted.server_id)
        return [selecting(wanted)]

    return Dialect(selected, frame, greets=False)
