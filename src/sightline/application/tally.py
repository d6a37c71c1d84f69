"""Tally what locations lost: from when to when nothing is known of what they probed, over restarts."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import astuple
from typing import Final

from sightline.domain.probes.location import Location
from sightline.domain.probes.parcel import Lost
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import TimeRange
from sightline.ports.catalog import Catalog

LOST_KIND: Final = "location_lost"
"""What the losses of a location are called in the catalog, as one document."""
KEPT: Final = 100
"""Losses of a location that are kept: outages that were longer than its buffer lasts."""

_Key = tuple[Tenant, str]


class Tally:
    """The use case. Raises, wherever it reads or writes: Unavailable, StorageFull."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lost: dict[_Key, tuple[Lost, ...]] = {}
        self._reading = asyncio.Lock()
        self._is_read = False

    async def load(self) -> None:
        """Take up what earlier runs were told, unless that is done."""
        if not self._is_read:
            async with self._reading:  # what is read late must not undo what was added since
                if not self._is_read:
                    await self._read()

    async def _read(self) -> None:
        for document in await self._catalog.list(LOCAL.tenant, LOST_KIND):
            tenant, _, name = document.key.partition(":")
            self._lost[Tenant(tenant), name] = tuple(Lost(*one) for one in json.loads(document.body))
        self._is_read = True

    async def add(self, location: Location, lost: Lost) -> None:
        """A location told of a loss; the same one again changes nothing."""
        known = self._lost.get((location.tenant, location.name), ())
        if lost in known:
            return
        kept = (*known, lost)[-KEPT:]
        body = json.dumps([astuple(one) for one in kept]).encode()
        await self._catalog.put(LOCAL.tenant, LOST_KIND, f"{location.tenant}:{location.name}", body)
        self._lost[location.tenant, location.name] = kept

    async def forget(self, location: Location) -> None:
        """A location is gone."""
        if self._lost.pop((location.tenant, location.name), None) is not None:
            await self._catalog.delete(LOCAL.tenant, LOST_KIND, f"{location.tenant}:{location.name}")

    def last(self, location: Location) -> Lost | None:
        """The last loss of a location, if any."""
        known = self._lost.get((location.tenant, location.name))
        return known[-1] if known else None

    def during(self, tenant: Tenant, names: Sequence[str], within: TimeRange) -> list[tuple[str, Lost]]:
        """The losses of locations that touch a time, in ascending order of their beginning."""
        found = [(name, one) for name in names for one in self._lost.get((tenant, name), ())]
        touching = [(name, one) for name, one in found if one.starts_at <= within.end and one.ends_at >= within.start]
        return sorted(touching, key=lambda one: (one[1].starts_at, one[0]))
