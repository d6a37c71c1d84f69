"""Obey the program that a location probes for: ask again and again what is to be probed."""

from collections.abc import Callable, Sequence
from typing import Final

from sightline.application.align import AlignedClock
from sightline.application.probe import Judges
from sightline.application.roster import Roster, Rostered
from sightline.domain.errors import BadData
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.reference import Reference
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.ports.center import Center

WAIT: Final = 20.0
"""Seconds that the center may hold a call back while nothing changes; what changes is known at once."""


class Obey:
    """The use case. The roster has what the center said last; while it is away that goes on. What cannot be read is left out."""

    def __init__(
        self,
        center: Center,
        roster: Roster,
        clock: AlignedClock,
        judge: Callable[[Definition], Judges],
        refer: Callable[[Sequence[Reference]], None],
    ) -> None:
        """`judge`: what judges a definition; raises BadData where it cannot. `refer`: takes up references."""
        self._center = center
        self._roster = roster
        self._clock = clock
        self._judge = judge
        self._refer = refer
        self._tag = ""
        self.unread: tuple[str, ...] = ()

    @property
    def has_orders(self) -> bool:
        """Whether it is known what is to be probed."""
        return bool(self._tag)

    async def once(self) -> bool:
        """Ask; whether there were other orders. `unread` names the checks that cannot be probed here, as of a newer version.

        Raises:
            SightlineError: as of the port.
        """
        asked, known = self._clock.monotonic(), self._tag
        briefing = await self._center.orders(known, WAIT if known else 0.0)
        if not known:  # later ones were held back, nobody knows how long
            self._clock.measure(asked, briefing.now)
        orders = briefing.orders
        if orders is None:
            return False
        self._tag = orders.tag
        judged = [(check, self._judged(check)) for check in orders.checks]
        self.unread = (*orders.unread, *(check.name for check, judge in judged if judge is None))
        rostered: list[Rostered] = [(DEFAULT_TENANT, check, judge) for check, judge in judged if judge is not None]
        self._refer(orders.references)
        self._roster.replace(rostered)
        return True

    def _judged(self, check: Check) -> Judges | None:
        try:
            return self._judge(check.definition)
        except BadData:
            return None
