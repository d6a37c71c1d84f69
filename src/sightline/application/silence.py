"""Keep silences: made, edited and ended by people, and remembered for a while after they have expired."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from sightline.application.hold import Codec, Filing, Hold
from sightline.domain.alerts.silence import KEPT_EXPIRED, Silence, check_silence
from sightline.domain.alerts.silencing import Silencing
from sightline.domain.errors import NotFound, TooManySilences
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

SILENCE_KIND: Final = "silence"
"""What silences are called in the catalog."""
MAX_SILENCES: Final = 10_000
"""Silences of one tenant that have not expired, unless told otherwise."""


def _fresh_id() -> str:
    return str(uuid.uuid4())


SilenceCodec = Codec[Silence]
"""How a tenant's silence becomes a document of the catalog, and back."""


class Silences:
    """The use case. What is asked is answered from memory, once `load` is done; a change that returned survives a restart.

    Changes are made one after another. most: of one tenant that have not expired; with those that have, there are twice as many
    at most.
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
        self._silences = Hold(catalog, Filing(SILENCE_KIND, "silence", codec, _id), self._changed)
        self._clock = clock
        self._identify = identify
        self._most = most
        self._silencing: dict[Tenant, Silencing] = {}

    async def load(self) -> None:
        """Read the silences of the last run, unless that is done; what is asked is known only then.

        Raises:
            Unavailable: they cannot be read.
        """
        await self._silences.load()

    @property
    def problems(self) -> list[str]:
        """What is stored and cannot be used, for people."""
        return self._silences.unread

    def all(self, principal: Principal) -> list[Silence]:
        """The silences of the principal's tenant, those that expired lately too."""
        return list(self._silences.of(principal.tenant).values())

    def one(self, principal: Principal, silence_id: str) -> Silence:
        """One silence.

        Raises:
            NotFound: the tenant has none of that id.
        """
        return self._one(principal.tenant, silence_id)

    def silencing(self, tenant: Tenant) -> Silencing:
        """What a tenant's silences hold now; the same as the last time as long as nothing changes."""
        now = self._clock.now()
        found = self._silencing.get(tenant)
        if found is None or (found.until is not None and found.until <= now):
            found = self._silencing[tenant] = Silencing(self._silences.of(tenant).values(), now)
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
        async with self._silences.turn():
            now = self._clock.now()
            check_silence(silence, now)
            before = self._one(tenant, silence.id) if silence.id else None
            if before is not None and before.can_become(silence, now):
                return await self._silences.keep(tenant, replace(silence, updated_at=now))
            await self._make_room(tenant, now)
            made = replace(silence, id=self._identify(), starts_at=max(silence.starts_at, now), updated_at=now)
            await self._silences.keep(tenant, made)
            # Only then, so that at no time an alert is told that both hold.
            if before is not None and not before.has_expired(now):
                await self._silences.keep(tenant, before.expired(now))
            return made

    async def expire(self, principal: Principal, silence_id: str) -> None:
        """End a silence; one that has expired stays as it is.

        Raises:
            NotFound: the tenant has none of that id.
            Conflict, StorageFull, Unavailable: nothing is stored.
        """
        async with self._silences.turn():
            now = self._clock.now()
            found = self._one(principal.tenant, silence_id)
            if not found.has_expired(now):
                await self._silences.keep(principal.tenant, found.expired(now))

    async def sweep(self) -> None:
        """Forget silences that expired KEPT_EXPIRED ago; run it now and then.

        Raises:
            StorageFull, Unavailable: the next time forgets them.
        """
        async with self._silences.turn():
            before = self._clock.now() - KEPT_EXPIRED
            for tenant in tuple(self._silences.tenants):
                its = self._silences.of(tenant).values()
                await self._forget(tenant, (one for one in its if one.has_expired(before)))

    async def _make_room(self, tenant: Tenant, now: int) -> None:
        """See that there may be one more; of those that expired the oldest make room."""
        kept = self._silences.of(tenant).values()
        expired = sorted((one for one in kept if one.has_expired(now)), key=_ended)
        if len(kept) - len(expired) >= self._most:
            message = (
                f"{self._most} silences have not expired, as many as alerts.max_silences allows: "
                "expire some that are no longer needed, or raise it"
            )
            raise TooManySilences(message, limit=self._most)
        await self._forget(tenant, expired[: max(0, len(kept) + 1 - 2 * self._most)])

    async def _forget(self, tenant: Tenant, silences: Iterable[Silence]) -> None:
        for one in tuple(silences):
            await self._silences.forget(tenant, one)

    def _changed(self, tenant: Tenant, _before: Silence | None, _now: Silence | None) -> None:
        self._silencing.pop(tenant, None)

    def _one(self, tenant: Tenant, silence_id: str) -> Silence:
        found = self._silences.of(tenant).get(silence_id)
        if found is None:
            raise NotFound("silence not found", id=silence_id)
        return found


def _id(silence: Silence) -> str:
    return silence.id


def _ended(silence: Silence) -> int:
    return silence.ends_at or 0
