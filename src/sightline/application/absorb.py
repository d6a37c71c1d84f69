"""Take in what OpenTelemetry's exporters bring: points, their exemplars, and what their metrics are."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sightline.application.accumulate import Accumulate
from sightline.application.exemplify import Exemplify
from sightline.application.ingest import Ingest
from sightline.application.metadata import MetricMetadata
from sightline.domain.metrics.exemplars import NO_EXEMPLARS
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.points import Points
from sightline.domain.metrics.roster import Roster
from sightline.domain.scrape.scraped import Metadata
from sightline.domain.tenancy import Principal

Decode = Callable[[bytes, Roster], Points]
"""From a message to points, whose series are named in the roster."""

_NAMED: Final = 3
_INLINE_BYTES: Final = 8 * 1024
"""Of a message: a longer one is decoded in a thread and leaves the loop to others."""


@dataclass(frozen=True, slots=True)
class Absorbed:
    """How many points were rejected, and why; empty where none was."""

    rejected: int = 0
    message: str = ""


class Absorb:
    """The use case. `decode` reads the message of metrics; `accumulate` stores what has deltas, `ingest` the rest."""

    def __init__(
        self, decode: Decode, ingest: Ingest, accumulate: Accumulate, exemplars: Exemplify, metadata: MetricMetadata
    ) -> None:
        self._decode = decode
        self._ingest = ingest
        self._accumulate = accumulate
        self._exemplars = exemplars
        self._metadata = metadata

    async def metrics(self, principal: Principal, message: bytes) -> Absorbed:
        """Store the valid points of an ExportMetricsServiceRequest; the rest is part of the answer.

        Raises:
            MalformedBody, BodyTooLarge: nothing is stored: the message is none, or holds too much.
            Overloaded, StorageFull, Unavailable: nothing is stored; try again later.
        """
        roster = self._ingest.roster(principal.tenant)
        if len(message) > _INLINE_BYTES:
            points = await asyncio.to_thread(self._decode, message, roster)
        else:
            points = self._decode(message, roster)
        del message  # storing may take a while, and the columns are all that is needed
        if points.deltas is None:
            taken = await self._ingest.partly(principal, points.batch)
        else:
            taken = await self._accumulate(principal, points)
        if points.exemplars is not NO_EXEMPLARS:
            await self._exemplars.keep(principal, points.exemplars)
        if points.described:
            said = {name: Metadata(one.type, one.help, one.unit) for name, one in points.described.items()}
            self._metadata.push(principal, said)
        return _absorbed(points.count, (*points.left_out, *taken.left_out))


def _absorbed(count: int, left_out: tuple[LeftOut, ...]) -> Absorbed:
    """The answer; a point of several samples may have been left out for several reasons, and is one."""
    if not left_out:
        return Absorbed()
    reasons = [each.error.message for each in left_out[:_NAMED]]
    if len(left_out) > _NAMED:
        reasons.append(f"and {len(left_out) - _NAMED} reasons more")
    return Absorbed(min(count, sum(each.samples for each in left_out)), "; ".join(reasons))
