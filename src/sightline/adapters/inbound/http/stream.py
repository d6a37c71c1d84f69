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
from sightline.application.tail import Dropped, LiveSamples, Update
from sightline.domain.labels import Matchers
from sightline.domain.servers.report import selecting

PATH: Final = "/api/v1/stream"


def frame(update: Update) -> str | None:
    """Samples and what was missed; alerts are not told here."""
    if isinstance(update, LiveSamples):
        return b"".join(enveloped(update.labels, update.offsets, update.times, update.values)).decode()
    if isinstance(update, Dropped):
        return msgspec.json.encode({"dropped": update.samples}).decode()
    return None


def _selected(given: Parameters) -> Sequence[Matchers]:
    return [selecting(reported(given))]


DIALECT: Final = Dialect(_selected, frame, greets=False)
