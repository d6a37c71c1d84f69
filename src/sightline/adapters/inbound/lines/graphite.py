"""Graphite's plaintext protocol: lines become samples as they come."""

from typing import Final, Protocol

from sightline.adapters.inbound.lines.complaints import Complaints
from sightline.adapters.wire.graphite import GraphiteDecoder, Reason
from sightline.domain.errors import Overloaded, StorageFull, Unavailable
from sightline.domain.metrics.left_out import Taken
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

NAME: Final = "graphite"
LINES: Final = Instrument(
    "sightline_graphite_lines_total",
    "Lines by outcome: ok, refused by intake, or why a line brings no sample (fields, path, value, time, mapped).",
    Kind.COUNTER,
    ("outcome",),
)
WAITS: Final = Instrument(
    "sightline_graphite_waits_total",
    "Times that lines waited because intake could not take them, by the code of the reason.",
    Kind.COUNTER,
    ("reason",),
)
_RETRY_AFTER: Final = 1.0


class IngestSamples(Protocol):
    """The part of the ingest use case that lines need."""

    async def partly(self, principal: Principal, batch: WriteBatch) -> Taken:
        """Store what is valid of a batch; what was left out is part of the answer."""
        ...

    def roster(self, tenant: Tenant) -> Roster:
        """Where a decoder may name a tenant's series."""
        ...


class GraphiteLines:
    """Takes blocks of lines. While intake cannot take samples a block waits, and with it whoever sent it."""

    def __init__(self, decoder: GraphiteDecoder, ingest: IngestSamples, clock: Clock, telemetry: Telemetry) -> None:
        self._decoder = decoder
        self._ingest = ingest
        self._clock = clock
        self._telemetry = telemetry
        self._complaints = Complaints(NAME, clock)

    async def take(self, block: bytes) -> None:
        """Store the samples of whole lines; what is wrong is counted, and told in the log now and then."""
        found = self._decoder.decode(block, self._clock.now(), self._ingest.roster(LOCAL.tenant))
        for reason, lines in found.left_out.items():
            self._telemetry.add(LINES, lines, (reason.value,))
        wrong = {reason: lines for reason, lines in found.left_out.items() if reason is not Reason.MAPPED}
        if wrong:
            self._complaints.wrong(sum(wrong.values()), ", ".join(wrong), found.example)
        if not len(found.batch):
            return
        taken = await self._stored(found.batch)
        self._telemetry.add(LINES, taken.samples, ("ok",))
        for left_out in taken.left_out:
            self._telemetry.add(LINES, left_out.samples, ("refused",))
            self._complaints.wrong(left_out.samples, left_out.error.message)

    async def _stored(self, batch: WriteBatch) -> Taken:
        while True:
            try:
                return await self._ingest.partly(LOCAL, batch)
            except (Overloaded, StorageFull, Unavailable) as error:
                self._telemetry.add(WAITS, labels=(error.code,))
                await self._clock.sleep(float(error.detail.get("retry_after", _RETRY_AFTER)))
