"""Keep what jobs push before they end, and store it again and again, as if each group were a target that is scraped."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sightline.domain.errors import InconsistentPush, SightlineError
from sightline.domain.labels import LabelLimits, Labels, check
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.push.arriving import arriving
from sightline.domain.push.group import PushGroup
from sightline.domain.push.groups import PushGroups, PushLimits
from sightline.domain.scrape.scraped import Scraped
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

PUSH_KIND: Final = "push_group"
"""What groups are called in the catalog."""
PUSHES: Final = Instrument(
    "sightline_pushes_total",
    "Changes of pushed groups by outcome: ok, or the code of the error.",
    Kind.COUNTER,
    ("outcome",),
)
GROUPS: Final = Instrument("sightline_push_groups", "Pushed groups that are kept, all tenants together.", Kind.GAUGE)

# Of groups that are stored again: what goes into one batch, so that others have a turn in between.
_TOGETHER: Final = 1_000


class IngestSamples(Protocol):
    """The part of the ingest use case that pushing needs."""

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        """Store a batch under the principal's tenant; when this returns it is acknowledged.

        Raises:
            SightlineError: samples were refused, or all of it cannot be taken now.
        """
        ...


@dataclass(frozen=True, slots=True)
class GroupCodec:
    """How a tenant's group becomes a document of the catalog, and back."""

    encode: Callable[[Tenant, PushGroup], bytes]
    decode: Callable[[bytes], tuple[Tenant, PushGroup]]


class Push:
    """The use case. A change that returned survives a restart, and its samples are visible.

    Changes are made one after another. Series that a change ends are marked stale, with the next samples where that fails.
    Groups are documents of the program's own tenant, whoever's they are: at the start nobody knows which tenants there are.
    """

    def __init__(
        self,
        catalog: Catalog,
        codec: GroupCodec,
        ingest: IngestSamples,
        clock: Clock,
        telemetry: Telemetry,
        limits: PushLimits,
        labels: LabelLimits,
    ) -> None:
        self._catalog = catalog
        self._codec = codec
        self._ingest = ingest
        self._clock = clock
        self._telemetry = telemetry
        self._limits = limits
        self._labels = labels
        self._tenants: dict[Tenant, PushGroups] = {}
        self._ended: dict[Tenant, dict[Labels, None]] = {}  # series whose stale marker is still to be stored
        self._turn = asyncio.Lock()
        self._read = False

    async def __call__(
        self, principal: Principal, grouping: Mapping[str, str], scraped: Scraped, *, whole: bool
    ) -> None:
        """Change a group. whole: the body is all that it holds from now on; else families of the same names are replaced.

        Raises:
            InconsistentPush: what was pushed contradicts itself or other groups; the group notes the failure.
            InvalidLabel, BodyTooLarge, Conflict: a label or the size of the group is not allowed.
            Overloaded, StorageFull, Unavailable: not now; nothing is lost when the same is pushed again.
        """
        try:
            await self._push(principal, grouping, scraped, whole=whole)
        except SightlineError as error:
            self._telemetry.add(PUSHES, labels=(error.code,))
            raise
        self._telemetry.add(PUSHES, labels=("ok",))

    async def delete(self, principal: Principal, grouping: Mapping[str, str]) -> None:
        """Let a group go; nothing happens where there is no such group.

        Raises:
            Overloaded, StorageFull, Unavailable: not now.
        """
        await self._delete(principal, [Labels.of(grouping)])

    async def wipe(self, principal: Principal) -> None:
        """Let all groups of the principal's tenant go; likewise."""
        await self._delete(principal, [group.key for group in await self.groups(principal)])

    async def groups(self, principal: Principal) -> list[PushGroup]:
        """The groups of the principal's tenant, in the order in which they were first pushed.

        Raises:
            Unavailable: they cannot be read.
        """
        async with self._turn:
            await self._load()
            return list(self._tenants.get(principal.tenant, ()))

    async def repeat(self) -> None:
        """Store what every group holds, at this moment.

        Raises:
            SightlineError: intake does not take it now.
        """
        async with self._turn:
            await self._load()
        for tenant in {*self._tenants, *self._ended}:
            waiting: list[tuple[Labels, float]] = []
            for group in list(self._of(tenant)):
                waiting += group.samples()
                if len(waiting) >= _TOGETHER:
                    await self._store(tenant, waiting)
                    waiting = []
            await self._store(tenant, waiting)

    async def _push(self, principal: Principal, grouping: Mapping[str, str], scraped: Scraped, *, whole: bool) -> None:
        tenant, key = principal.tenant, Labels.of(grouping)
        async with self._turn:
            await self._load()
            groups, now = self._of(tenant), self._clock.now()
            before = groups.get(key) or PushGroup(key, {})
            failed: InconsistentPush | None = None
            try:
                after = before.changed(arriving(scraped, grouping), now, whole=whole)
                groups.check(after)
            except InconsistentPush as error:
                failed, after = error, replace(before, failed_at=now)
                groups.check(after)  # which may be one group too many
            for labels, _ in after.samples():
                check(labels, self._labels)
            await self._keep(tenant, after)
            self._end(tenant, groups.put(after))
            self._tell()
        await self._store(tenant, after.samples())
        if failed is not None:
            raise failed

    async def _delete(self, principal: Principal, keys: Iterable[Labels]) -> None:
        tenant = principal.tenant
        async with self._turn:
            await self._load()
            for key in keys:
                await self._catalog.delete(LOCAL.tenant, PUSH_KIND, _named(tenant, key))
                self._end(tenant, self._of(tenant).remove(key))
            self._tell()
        await self._store(tenant, ())

    async def _keep(self, tenant: Tenant, group: PushGroup) -> None:
        await self._catalog.put(LOCAL.tenant, PUSH_KIND, _named(tenant, group.key), self._codec.encode(tenant, group))

    async def _load(self) -> None:
        """Read the groups of the last run, once."""
        if self._read:
            return
        for document in await self._catalog.list(LOCAL.tenant, PUSH_KIND):
            tenant, group = self._codec.decode(document.body)
            self._of(tenant).put(group)
        self._read = True
        self._tell()

    def _of(self, tenant: Tenant) -> PushGroups:
        groups = self._tenants.get(tenant)
        if groups is None:
            groups = self._tenants[tenant] = PushGroups(self._limits)
        return groups

    def _end(self, tenant: Tenant, gone: Iterable[Labels]) -> None:
        self._ended.setdefault(tenant, {}).update(dict.fromkeys(gone))

    async def _store(self, tenant: Tenant, samples: Iterable[tuple[Labels, float]]) -> None:
        """Store samples of now, and the end of the series that ended."""
        live = dict(samples)
        ended = self._ended.pop(tenant, {})
        batch = WriteBatch.at(
            self._clock.now(), [*live.items(), *((labels, STALE) for labels in ended if labels not in live)]
        )
        if not len(batch):
            return
        try:
            await self._ingest(Principal("push", tenant), batch)
        except SightlineError:
            self._end(tenant, ended)
            raise

    def _tell(self) -> None:
        self._telemetry.set(GROUPS, sum(map(len, self._tenants.values())))


def _named(tenant: Tenant, key: Labels) -> str:
    """The name of a group's document."""
    return json.dumps([tenant, key], ensure_ascii=False)
