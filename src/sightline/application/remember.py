"""Remember heartbeats: how they stand, and the pings that came, as documents of the catalog."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sightline.domain.errors import NotFound
from sightline.domain.probes.heartbeat import Pulse
from sightline.domain.probes.ping import KEPT, Ping
from sightline.domain.tenancy import Tenant
from sightline.ports.catalog import Catalog, Change

PULSE_KIND: Final = "heartbeat"
"""What the states of heartbeats are called in the catalog; the key is the check's id."""
PINGS_KIND: Final = "heartbeat_pings:"
"""What begins the kind of one check's pings, before its id. Keys go round, so that the newest replace the oldest."""


@dataclass(frozen=True, slots=True)
class PulseCodec:
    """How states of heartbeats, and pings, become documents of the catalog, and back."""

    encode: Callable[[Pulse], bytes]
    decode: Callable[[bytes], Pulse]
    encode_ping: Callable[[Ping], bytes]
    decode_ping: Callable[[bytes], Ping]


class Remember:
    """The use case. What is written is written together, or not at all.

    Raises, wherever it reads or writes: Unavailable, StorageFull.
    """

    def __init__(self, catalog: Catalog, codec: PulseCodec, kept: int = KEPT) -> None:
        """kept: pings of one check."""
        self._kept = kept
        self._catalog = catalog
        self._codec = codec

    async def pulses(self, tenants: Iterable[Tenant]) -> Mapping[tuple[Tenant, int], Pulse]:
        """How the heartbeats of some tenants stood, by tenant and check."""
        return {
            (tenant, int(document.key)): self._codec.decode(document.body)
            for tenant in tenants
            for document in await self._catalog.list(tenant, PULSE_KIND)
        }

    async def write(self, changes: Sequence[Change]) -> None:
        """Write changes that the others make."""
        if changes:
            await self._catalog.write(changes)

    def pulse(self, tenant: Tenant, check: int, pulse: Pulse) -> Change:
        """The change that keeps how a heartbeat stands."""
        return Change(tenant, PULSE_KIND, str(check), self._codec.encode(pulse))

    def ping(self, tenant: Tenant, check: int, ping: Ping) -> Change:
        """The change that keeps a ping, in place of one that is too old."""
        return Change(tenant, f"{PINGS_KIND}{check}", self._slot(ping.number), self._codec.encode_ping(ping))

    def nothing(self, tenant: Tenant, check: int) -> Iterable[Change]:
        """The changes that leave nothing of a heartbeat."""
        yield Change(tenant, PULSE_KIND, str(check), None)
        for number in range(max(self._kept, KEPT)):  # some may be there of before fewer were kept
            yield Change(tenant, f"{PINGS_KIND}{check}", f"{number:03d}", None)

    async def pings(self, tenant: Tenant, check: int) -> list[Ping]:
        """The pings of a heartbeat that are kept, newest first."""
        documents = await self._catalog.list(tenant, f"{PINGS_KIND}{check}")
        found = [self._codec.decode_ping(one.body) for one in documents]
        return sorted(found, key=lambda one: one.number, reverse=True)[: self._kept]

    async def one_ping(self, tenant: Tenant, check: int, number: int) -> Ping:
        """One of them.

        Raises:
            NotFound: there is no such ping, or it is not kept any more.
        """
        gone = NotFound(f"the check has no ping {number}: its last {self._kept} are kept (pings.kept)", number=number)
        try:
            document = await self._catalog.get(tenant, f"{PINGS_KIND}{check}", self._slot(number))
        except NotFound:
            raise gone from None
        found = self._codec.decode_ping(document.body)
        if found.number != number:
            raise gone
        return found

    def _slot(self, number: int) -> str:
        """Where a ping is kept: there are as many places as pings are kept."""
        return f"{number % self._kept:03d}"
