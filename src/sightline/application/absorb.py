"""Take in what OpenTelemetry's exporters bring: points, their exemplars, and what their metrics are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sightline.application.accumulate import Accumulate
from sightline.application.exemplify import Exemplify
from sightline.application.ingest import Ingest
from sightline.application.metadata import MetricMetadata
from sightline.application.offload import Offload
from sightline.domain.metrics.exemplars import NO_EXEMPLARS
from sightline.domain.metrics.left_out import Taken
from sightline.domain.metrics.points import Points
from sightline.domain.metrics.roster import Roster
from sightline.domain.scrape.scraped import Metadata
from sightline.domain.tenancy import Principal

Decode = Callable[[bytes, Roster], Points]
"""From a message to points, whose series are named in the roster."""

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Absorbed:
    """How many points were rejected, and why; empty where none was."""

    rejected: int = 0
    message: str = ""


class Absorb:
    """The use case. `decode` reads the message of metrics; `accumulate` stores what has deltas, `ingest` the rest.

    `tell` hears how many points were rejected and why, where any were: not every exporter shows what it is answered.
    """

    def __init__(
        self,
        decode: Decode,
        ingest: Ingest,
        accumulate: Accumulate,
        exemplars: Exemplify,
        metadata: MetricMetadata,
        offload: Offload,
        tell: Callable[[int, str], None] = lambda _, __: None,
    ) -> None:
        self._decode = decode
        self._ingest = ingest
        self._accumulate = accumulate
        self._exemplars = exemplars
        self._metadata = metadata
        self._tell = tell
        self._decoding = offload.kind()

    async def metrics(self, principal: Principal, message: bytes) -> Absorbed:
        """Store the valid points of an ExportMetricsServiceRequest; the rest is part of the answer.

        Raises:
            MalformedBody, BodyTooLarge: nothing is stored: the message is none, or holds too much.
            Overloaded, StorageFull, Unavailable: nothing is stored; try again later.
        """
        decode = partial(self._decode, message, self._ingest.roster(principal.tenant))
        points = await self._decoding.run(len(message), decode)
        del message, decode  # storing may take a while, and the columns are all that is needed
        if points.deltas is None:
            taken = await self._ingest.partly(principal, points.batch, points.left_out)
        else:
            taken = await self._accumulate(principal, points)
        if points.exemplars is not NO_EXEMPLARS:
            await self._exemplars.keep(principal, points.exemplars)
        if points.described:
            said = {name: Metadata(one.type, one.help, one.unit) for name, one in points.described.items()}
            self._metadata.push(principal, said)
        absorbed = _absorbed(points, taken)
        if absorbed.message:
            self._tell(absorbed.rejected, absorbed.message)
        return absorbed


def _absorbed(points: Points, taken: Taken) -> Absorbed:
    """The answer. A point is rejected when any of its samples is; what was left out of none is told all the same."""
    causes = taken.left_out  # the decoder's among them
    if not causes:
        return Absorbed()
    reasons = [each.error.message for each in causes[:_NAMED]]
    if len(causes) > _NAMED:
        reasons.append(f"and {len(causes) - _NAMED} reasons more")
    unread = sum(each.samples for each in points.left_out)
    return Absorbed(unread + points.losing(taken.refused), "; ".join(reasons))
