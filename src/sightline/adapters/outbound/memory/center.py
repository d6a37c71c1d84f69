"""A center that lives in the same process."""

from collections.abc import Sequence

from typing_extensions import override

from sightline.domain.errors import BadData, Unavailable
from sightline.domain.probes.check import Check
from sightline.domain.probes.parcel import Bearing, Orders, Packed, Receipt
from sightline.domain.probes.reference import Reference
from sightline.ports.center import Briefing, Center
from sightline.ports.clock import Clock


class MemoryCenter(Center):
    """Has the checks that are set, and keeps the parcels that it took, each once. fails: raised by every call, if anything.

    answers_lost: whether what it took is taken, and nobody hears of it. refuses: the id of a parcel that it never takes, if any.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._orders = Orders("0", ())
        self.fails: Exception | None = None
        self.answers_lost = False
        self.refuses = ""
        self.parcels: dict[str, Packed] = {}
        self.bearings: list[Bearing] = []
        self.asked: list[float] = []

    def set(self, *checks: Check, unread: tuple[str, ...] = (), references: tuple[Reference, ...] = ()) -> None:
        """What is to be probed from now on."""
        self._orders = Orders(str(int(self._orders.tag) + 1), checks, unread, references)

    @override
    async def orders(self, known: str, wait: float) -> Briefing:
        self.asked.append(self._clock.monotonic())
        self._answer()
        if known == self._orders.tag:
            await self._clock.sleep(wait)
            self._answer()
        return Briefing(None if known == self._orders.tag else self._orders, self._clock.now())

    @override
    async def push(self, parcels: Sequence[Packed], bearing: Bearing) -> Receipt:
        if self.refuses and self.refuses in {one.id for one in parcels}:
            raise BadData(f"{self.refuses} is refused")
        if self.fails is None:
            self.bearings.append(bearing)
            for one in parcels:
                self.parcels.setdefault(one.id, one)
        self._answer()
        if self.answers_lost:
            raise Unavailable("the answer is lost")
        return Receipt(sum(one.count for one in parcels), 0, self._clock.now())

    def _answer(self) -> None:
        if self.fails is not None:
            raise self.fails
