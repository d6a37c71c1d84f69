"""Issue what opens the doors that pings come through: tokens of checks, and ping keys of tenants."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace

from sightline.application.recognize import Secrets
from sightline.domain.errors import Conflict, InvalidField, NotFound
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Heartbeat
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

PING_KEY_KIND: Final = "ping_key"
MAX_KEYS: Final = 100
"""Of one tenant."""
MAX_NAME: Final = 100


def fresh_token() -> str:
    """A token that nobody guesses: 122 random bits, in the form of a UUID, which Healthchecks' clients want."""
    return str(uuid.uuid4())


def _fresh_key() -> str:
    return uuid.uuid4().hex


def with_token(
    definition: Definition, before: Definition | None = None, token: Callable[[], str] = fresh_token
) -> Definition:
    """A definition whose heartbeat has a token: its own, or else that of the definition before it, or else a fresh one."""
    options = definition.options
    if not isinstance(options, Heartbeat) or options.token:
        return definition
    kept = before.options.token if before is not None and isinstance(before.options, Heartbeat) else ""
    return replace(definition, options=replace(options, token=kept or token()))


@dataclass(frozen=True, slots=True)
class PingKey:
    """What stands before a check's slug in an address. created_at: ms."""

    tenant: Tenant
    id: str
    name: str
    key: str
    created_at: int


_DECODER: Final = msgspec.json.Decoder(PingKey)


class PingKeys:
    """The use case. Keys are documents of the program's own tenant, whoever's they are; `load` comes first."""

    def __init__(
        self,
        catalog: Catalog,
        clock: Clock,
        identify: Callable[[], str] = fresh_token,
        make_key: Callable[[], str] = _fresh_key,
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        self._identify = identify
        self._make_key = make_key
        self._keys: dict[str, PingKey] = {}
        self._secrets: Secrets[PingKey] = Secrets()
        self._turn = asyncio.Lock()
        self._is_read = False

    async def load(self) -> None:
        """Read the keys, unless that is done.

        Raises:
            Unavailable: they cannot be read.
        """
        if not self._is_read:
            async with self._turn:
                await self._load()

    def tenant_of(self, key: str) -> Tenant | None:
        """Whose a key is; None where it is nobody's."""
        found = self._secrets.find(key)
        return None if found is None else found.tenant

    async def all(self, principal: Principal) -> list[PingKey]:
        """The keys of the principal's tenant, the oldest first."""
        await self.load()
        its = (one for one in self._keys.values() if one.tenant == principal.tenant)
        return sorted(its, key=lambda one: (one.created_at, one.id))

    async def add(self, principal: Principal, name: str) -> PingKey:
        """Make a key. name: for people, such as who uses it.

        Raises:
            InvalidField: no name.
            Conflict: there are as many as there may be.
            StorageFull, Unavailable: nothing is stored.
        """
        if len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
            raise InvalidField(
                f"name: up to {MAX_NAME} characters that can be shown, no blank at either end", field="name"
            )
        async with self._turn:
            await self._load()
            if len(await self.all(principal)) >= MAX_KEYS:
                raise Conflict(f"there are {MAX_KEYS} ping keys, as many as there may be: delete one", limit=MAX_KEYS)
            made = PingKey(principal.tenant, self._identify(), name, self._make_key(), self._clock.now())
            await self._catalog.put(LOCAL.tenant, PING_KEY_KIND, made.id, msgspec.json.encode(made), expected=0)
            self._take(made)
            return made

    async def delete(self, principal: Principal, key_id: str) -> None:
        """Remove a key: nobody comes in by it any more.

        Raises:
            NotFound: the tenant has none of that id.
            StorageFull, Unavailable: it stays.
        """
        async with self._turn:
            await self._load()
            found = self._keys.get(key_id)
            if found is None or found.tenant != principal.tenant:
                raise NotFound(f"there is no ping key with the id {key_id[:60]!r}", id=key_id)
            await self._catalog.delete(LOCAL.tenant, PING_KEY_KIND, key_id)
            del self._keys[key_id]
            self._secrets.remove(found.key)

    async def _load(self) -> None:
        if self._is_read:
            return
        for document in await self._catalog.list(LOCAL.tenant, PING_KEY_KIND):
            self._take(_DECODER.decode(document.body))
        self._is_read = True

    def _take(self, key: PingKey) -> None:
        self._keys[key.id] = key
        self._secrets.put(key.key, key)
