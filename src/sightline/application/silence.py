"""Keep silences: made, edited and ended by people, and remembered for a while after they have expired."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from sightline.domain.alerts.silence import KEPT_EXPIRED, Silence, check_silence
from sightline.domain.alerts.silencing import Silencing
from sightline.domain.errors import NotFound, TooManySilences
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

SILENCE_KIND: Final = "silence"
"""What silences are called in the catalog."""
MAX_SILENCES: Final = 10_000
"""Silences of one tenant that have not expired, unless told otherwise."""


def _fresh_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class SilenceCodec:
    """How a tenant's silence becomes a document of the catalog, and back."""

    encode: Callable[[Tenant, Silence], bytes]
    decode: Callable[[bytes], tuple[Tenant, Silence]]


@dataclass(frozen=True, slots=True)
class _Kept:
    silence: Silence
    version: int


class Silences:
    """The use case. What is asked is answered from memory, once `load` is done; a change that returned survives a restart.

    Changes are made one after another. Silences are documents of the program's own tenant, whoever's they are: at the start nobody
    knows which tenants there are. most: of one tenant that have not expired; with those that have, there are twice as many at most.
    """

    def __init__(
        self,
        catalog: Catalog,
        codec: SilenceCodec,
        clock: Clock,
        identify: Callable[[], str] = _fresh_id,
        *,
        most: int = MAX_SILENCES,
    ) -> None:
        self._catalog = catalog
        self._codec = codec
        self._clock = clock
        self._identify = identify
        self._most = most
        self._tenants: dict[Tenant, dict[str, _Kept]] = {}
        self._silencing: dict[Tenant, Silencing] = {}
        self._turn = asyncio.Lock()
        self._is_read = False

    async def load(self) -> None:
        """Read the silences of the last run, unless that is done; what is asked is known only then.

        Raises:
            Unavailable: they cannot be read.
        """
        if not self._is_read:
            async with self._turn:
                await self._load()

    def all(self, principal: Principal) -> list[Silence]:
        """The silences of the principal's tenant, those that expired lately too."""
        return [kept.silence for kept in self._tenants.get(principal.tenant, {}).values()]

    def one(self, principal: Principal, silence_id: str) -> Silence:
        """One silence.

        Raises:
            NotFound: the tenant has none of that id.
        """
        return self._kept(principal.tenant, silence_id).silence

    def silencing(self, tenant: Tenant) -> Silencing:
        """What a tenant's silences hold now; the same as the last time as long as nothing changes."""
        now = self._clock.now()
        found = self._silencing.get(tenant)
        if found is None or (found.until is not None and found.until <= now):
            kept = self._tenants.get(tenant, {}).values()
            found = self._silencing[tenant] = Silencing((one.silence for one in kept), now)
        return found

    async def put(self, principal: Principal, silence: Silence) -> Silence:
        """Make a silence or, where it has an id, edit the one of that id, and give what is there now.

        As in Alertmanager: an edit of the matchers, or of a start that is over, ends it and makes a new one of another id. What is
        new starts now at the earliest.

        Raises:
            BadData: it cannot be so.
            NotFound: the tenant has none of its id.
            TooManySilences: there are as many as there may be.
            Conflict, StorageFull, Unavailable: nothing is stored.
        """
        tenant = principal.tenant
        async with self._turn:
            await self._load()
            now = self._clock.now()
            check_silence(silence, now)
            before = self._kept(tenant, silence.id).silence if silence.id else None
            if before is not None and before.can_become(silence, now):
                return await self._keep(tenant, replace(silence, updated_at=now))
            await self._make_room(tenant, now)
            made = replace(silence, id=self._identify(), starts_at=max(silence.starts_at, now), updated_at=now)
            await self._keep(tenant, made)
            # Only then, so that at no time an alert is told that both hold.
            if before is not None and not before.has_expired(now):
                await self._keep(tenant, before.expired(now))
            return made

    async def expire(self, principal: Principal, silence_id: str) -> None:
        """End a silence; one that has expired stays as it is.

        Raises:
            NotFound: the tenant has none of that id.
            Conflict, StorageFull, Unavailable: nothing is stored.
        """
        async with self._turn:
            await self._load()
            now = self._clock.now()
            found = self._kept(principal.tenant, silence_id).silence
            if not found.has_expired(now):
                await self._keep(principal.tenant, found.expired(now))

    async def sweep(self) -> None:
        """Forget silences that expired KEPT_EXPIRED ago; run it now and then.

        Raises:
            StorageFull, Unavailable: the next time forgets them.
        """
        async with self._turn:
            await self._load()
            before = self._clock.now() - KEPT_EXPIRED
            for tenant in tuple(self._tenants):
                await self._forget(
                    tenant, (one for one in self._of(tenant).values() if one.silence.has_expired(before))
                )

    async def _load(self) -> None:
        if self._is_read:
            return
        for document in await self._catalog.list(LOCAL.tenant, SILENCE_KIND):
            tenant, silence = self._codec.decode(document.body)
            self._of(tenant)[silence.id] = _Kept(silence, document.version)
        self._silencing.clear()
        self._is_read = True

    async def _make_room(self, tenant: Tenant, now: int) -> None:
        """See that there may be one more; of those that expired the oldest make room."""
        kept = self._of(tenant).values()
        expired = sorted((one for one in kept if one.silence.has_expired(now)), key=_ended)
        if len(kept) - len(expired) >= self._most:
            message = (
                f"{self._most} silences have not expired, as many as alerts.max_silences allows: "
                "expire some that are no longer needed, or raise it"
            )
            raise TooManySilences(message, limit=self._most)
        await self._forget(tenant, expired[: max(0, len(kept) + 1 - 2 * self._most)])

    async def _forget(self, tenant: Tenant, kept: Iterable[_Kept]) -> None:
        for one in tuple(kept):
            await self._catalog.delete(LOCAL.tenant, SILENCE_KIND, _named(tenant, one.silence))
            del self._tenants[tenant][one.silence.id]

    async def _keep(self, tenant: Tenant, silence: Silence) -> Silence:
        """Write it down, in place of the version that is known, and see it from now on."""
        known = self._of(tenant).get(silence.id)
        document = await self._catalog.put(
            LOCAL.tenant,
            SILENCE_KIND,
            _named(tenant, silence),
            self._codec.encode(tenant, silence),
            expected=0 if known is None else known.version,
        )
        self._of(tenant)[silence.id] = _Kept(silence, document.version)
        self._silencing.pop(tenant, None)
        return silence

    def _kept(self, tenant: Tenant, silence_id: str) -> _Kept:
        found = self._tenants.get(tenant, {}).get(silence_id)
        if found is None:
            raise NotFound("silence not found", id=silence_id)
        return found

    def _of(self, tenant: Tenant) -> dict[str, _Kept]:
        return self._tenants.setdefault(tenant, {})


def _ended(kept: _Kept) -> int:
    return kept.silence.ends_at or 0


def _named(tenant: Tenant, silence: Silence) -> str:
    """The name of a silence's document."""
    return json.dumps([tenant, silence.id], ensure_ascii=False)
