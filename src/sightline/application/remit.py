"""Remit what a location finds to the program that it probes for, through outages, each result once."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from sightline.application.align import AlignedClock
from sightline.domain.errors import Forbidden, Overloaded, SightlineError, StorageFull, Unauthenticated, Unavailable
from sightline.domain.probes.parcel import Bearing, Lost, Packed
from sightline.domain.probes.result import Result
from sightline.domain.tenancy import Tenant
from sightline.domain.traces.span import Span
from sightline.ports.center import Center
from sightline.ports.outbox import Outbox

HEARTBEAT: Final = 10.0
"""Seconds after which a location says that it is there, where it has found nothing."""

_AT_ONCE: Final = 1_000
"""Results or spans of one parcel."""
_PARCELS: Final = 100
_BYTES: Final = 1 << 20
"""Parcels that go together, after an outage: a day of one result a second is there after a thousand calls."""
_NOT_NOW: Final = (Unavailable, Overloaded, StorageFull, Unauthenticated, Forbidden)

Pack = Callable[[str, Sequence[Result], Sequence[Span]], Packed]
PackLost = Callable[[Lost], Packed]


class Remit:
    """The use case. What is kept is in the outbox, and leaves it once the center has taken it in.

    A parcel keeps its id until then, over restarts too, so that the center knows one that it took when the answer was lost.
    """

    def __init__(
        self,
        outbox: Outbox,
        center: Center,
        clock: AlignedClock,
        pack: Pack,
        pack_lost: PackLost,
        new_id: Callable[[], str],
        version: str = "",
        is_cut_off: Callable[[], bool] = lambda: False,
    ) -> None:
        """`pack`, `pack_lost`: as the wire has parcels. `new_id`: for parcels, at random. `is_cut_off`: whether this place is."""
        self._outbox = outbox
        self._center = center
        self._clock = clock
        self._pack = pack
        self._pack_lost = pack_lost
        self._new_id = new_id
        self._version = version
        self._is_cut_off = is_cut_off
        self._some = asyncio.Event()

    async def keep(self, results: Sequence[tuple[Tenant, Result]]) -> None:
        """Take results; they are remitted soon, or as soon as that is possible.

        Raises:
            Unavailable, StorageFull: the outbox cannot keep them now.
        """
        for start in range(0, len(results), _AT_ONCE):
            some = [result for _, result in results[start : start + _AT_ONCE]]
            await self._put(self._pack(self._new_id(), some, ()))

    async def keep_spans(self, spans: Sequence[tuple[Tenant, Span]]) -> None:
        """Likewise."""
        for start in range(0, len(spans), _AT_ONCE):
            some = [span for _, span in spans[start : start + _AT_ONCE]]
            await self._put(self._pack(self._new_id(), (), some))

    async def some(self) -> None:
        """Return when there is something to remit."""
        await self._some.wait()

    async def once(self) -> None:
        """Hand over all that there is; where there is nothing, say so.

        Raises:
            SightlineError: as of the port. What the center would refuse again is gone then, and counts as lost; the rest stays.
        """
        self._some.clear()
        sent = await self._tell_lost()
        while parcels := await self._outbox.oldest(_PARCELS, _BYTES):
            await self._push(parcels)
            sent = True
        if not sent:
            await self._push(())

    async def _tell_lost(self) -> bool:
        lost = await self._outbox.lost()
        if lost is None:
            return False
        await self._push((self._pack_lost(lost),))
        await self._outbox.told(lost)
        return True

    async def _push(self, parcels: Sequence[Packed]) -> None:
        bearing = Bearing(
            skew=self._clock.skew,
            waiting=self._outbox.waiting,
            version=self._version,
            is_cut_off=self._is_cut_off(),
        )
        asked = self._clock.monotonic()
        try:
            receipt = await self._center.push(parcels, bearing)
        except _NOT_NOW:
            self._some.set()
            raise
        except SightlineError:
            if len(parcels) > 1:  # one of them is to blame, and the first goes alone
                await self._push(parcels[:1])
                return
            for one in parcels:
                await self._outbox.remove(one, lost=True)
            self._some.set()
            raise
        self._clock.measure(asked, receipt.now)
        for one in parcels:
            await self._outbox.remove(one)

    async def _put(self, parcel: Packed) -> None:
        await self._outbox.put(parcel)
        self._some.set()
