"""Attend to the places from which checks are probed, over restarts: whoever is heard first is not taken for the only one."""

import json
from collections.abc import Mapping
from typing import Final

from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import MINUTE, SECOND
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

PLACES_KIND: Final = "places"
"""What the document with the places of all tenants is called in the catalog."""
_KEY: Final = "heard"
_AWAITED: Final = 10 * MINUTE
"""How long a place that was heard in the last run is waited for in this one."""


class Attend:
    """The use case. A place is in use from its first result until it is silent for longer than any of its checks allows."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._until: dict[Tenant, dict[str, int]] = {}
        self._stored: Mapping[str, list[str]] = {}

    async def load(self) -> None:
        """Take up the places of the last run.

        Raises:
            Unavailable: they cannot be read.
        """
        until = int(self._clock.monotonic() * SECOND) + _AWAITED
        for document in await self._catalog.list(LOCAL.tenant, PLACES_KIND):
            self._stored = json.loads(document.body)
            self._until = {Tenant(name): dict.fromkeys(places, until) for name, places in self._stored.items()}

    def heard(self, tenant: Tenant, place: str, until: int) -> None:
        """A place brought a result, and is in use until then at least, ms on the clock that never goes back."""
        places = self._until.setdefault(tenant, {})
        if places.get(place, -1) < until:
            places[place] = until

    def left(self, tenant: Tenant, place: str) -> None:
        """A place is in use no more."""
        self._until.get(tenant, {}).pop(place, None)

    def count(self, tenant: Tenant) -> int:
        """How many places a tenant's checks are probed from."""
        return len(self._until.get(tenant, ()))

    async def store(self) -> None:
        """Forget places that are silent, and store which are left, where that is news. To be called every second or so.

        Raises:
            Unavailable, StorageFull: it will be stored later.
        """
        now = int(self._clock.monotonic() * SECOND)
        for tenant, places in list(self._until.items()):
            for place in [name for name, until in places.items() if until < now]:
                del places[place]
            if not places:
                del self._until[tenant]
        found = {str(tenant): sorted(places) for tenant, places in self._until.items()}
        if found != self._stored:
            await self._catalog.put(LOCAL.tenant, PLACES_KIND, _KEY, json.dumps(found).encode())
            self._stored = found
