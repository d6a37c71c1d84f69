"""Attest when servers that report were last heard of, as series, so that rules can tell who fell silent."""

from typing import Final, Protocol

from sightline.application.record import IngestSamples
from sightline.domain.errors import SightlineError
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.left_out import is_partial
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.servers.report import HOSTNAME
from sightline.domain.servers.server import Server
from sightline.domain.tenancy import LOCAL, Principal
from sightline.domain.timerange import SECOND
from sightline.ports.clock import Clock

LAST_SEEN: Final = "server_last_seen_timestamp_seconds"
"""The metric's name. It has no label `server_id`, by which reported series are known."""


class KnownServers(Protocol):
    """The part of the register that this needs."""

    async def all(self, principal: Principal, /) -> list[Server]:
        """The servers of the principal's tenant."""
        ...


class Attest:
    """The use case. Each server that has reported has a series by its hostname; that of one that was removed ends."""

    def __init__(
        self, servers: KnownServers, ingest: IngestSamples, clock: Clock, *, principal: Principal = LOCAL
    ) -> None:
        self._servers = servers
        self._ingest = ingest
        self._clock = clock
        self._principal = principal
        self._shown: frozenset[Labels] = frozenset()

    async def run_once(self) -> None:
        """Write when each was last heard of, at the clock's time.

        Raises:
            SightlineError: the servers cannot be read, or the samples not be taken in; markers that are owed are written the next
                time.
        """
        servers = await self._servers.all(self._principal)
        seen = [(_series(server), server.last_seen / SECOND) for server in servers if server.last_seen is not None]
        present = frozenset(labels for labels, _ in seen)
        samples = [*seen, *((labels, float(STALE)) for labels in sorted(self._shown - present))]
        if not samples:
            return
        try:
            await self._ingest(self._principal, WriteBatch.at(self._clock.now(), samples))
        except SightlineError as error:
            if not is_partial(error):
                raise
        self._shown = present


def _series(server: Server) -> Labels:
    return Labels.of({METRIC_NAME: LAST_SEEN, HOSTNAME: server.about.hostname})
