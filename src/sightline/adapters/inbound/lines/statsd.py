"""StatsD: values are summed up as they come, and the sums stored now and then."""

from typing import Final, Protocol

import structlog

from sightline.adapters.inbound.lines.complaints import Complaints
from sightline.adapters.wire.statsd import Reason, StatsdDecoder
from sightline.domain.errors import SightlineError
from sightline.domain.metrics.left_out import Taken
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.statsd.aggregates import Aggregates
from sightline.domain.tenancy import LOCAL, Principal
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

NAME: Final = "statsd"
VALUES: Final = Instrument(
    "sightline_statsd_values_total",
    "Values by outcome: ok, or why one is left out: by itself (line, name, type, rate, value, event, mapped), because its series is"
    " one of another kind (conflict), or because there are too many series or members of a set (series, members).",
    Kind.COUNTER,
    ("outcome",),
)
SERIES: Final = Instrument("sightline_statsd_series", "Series that are summed up.", Kind.GAUGE)
REFUSED: Final = Instrument(
    "sightline_statsd_refused_samples_total",
    "Samples of sums that intake refused, by the code of the reason; what cannot be taken now comes with the next ones.",
    Kind.COUNTER,
    ("code",),
)

_log = structlog.get_logger("sightline.lines")


class IngestSamples(Protocol):
    """The part of the ingest use case that sums need."""

    async def partly(self, principal: Principal, batch: WriteBatch) -> Taken:
        """Store what is valid of a batch; what was left out is part of the answer."""
        ...


class StatsdLines:
    """Takes blocks of lines, and stores what they sum up to when it is told to."""

    def __init__(
        self, decoder: StatsdDecoder, aggregates: Aggregates, ingest: IngestSamples, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._decoder = decoder
        self._aggregates = aggregates
        self._ingest = ingest
        self._clock = clock
        self._telemetry = telemetry
        self._complaints = Complaints(NAME, clock)

    async def take(self, block: bytes) -> None:
        """Sum up the values of whole lines; what is wrong is counted, and told in the log now and then."""
        found = self._decoder.decode(block)
        wrong = {
            reason: count for reason, count in found.left_out.items() if reason not in {Reason.MAPPED, Reason.EVENT}
        }
        if wrong:
            self._complaints.wrong(sum(wrong.values()), ", ".join(wrong), found.example)
        for reason, count in found.left_out.items():
            self._telemetry.add(VALUES, count, (reason.value,))
        if not len(found.measured):
            return
        unsummed = self._aggregates.add(found.measured, self._clock.monotonic())
        for why, count in unsummed.items():
            self._telemetry.add(VALUES, count, (why.value,))
            self._complaints.wrong(count, why.value)
        self._telemetry.add(VALUES, len(found.measured) - sum(unsummed.values()), ("ok",))

    async def flush(self) -> None:
        """Store every sum, at this moment.

        Raises:
            SightlineError: intake does not take them now; they come with the next ones.
        """
        batch = self._aggregates.flush(self._clock.monotonic(), self._clock.now())
        self._telemetry.set(SERIES, len(self._aggregates))
        if not len(batch):
            return
        taken = await self._ingest.partly(LOCAL, batch)
        self._aggregates.stored()
        for left_out in taken.left_out:
            self._telemetry.add(REFUSED, left_out.samples, (left_out.error.code,))
            self._complaints.wrong(left_out.samples, left_out.error.message)

    async def end(self) -> None:
        """Store what has come since the last flush; the program stops."""
        try:
            await self.flush()
        except SightlineError as error:
            _log.warning("what StatsD's clients sent last is not stored", reason=error.message)
