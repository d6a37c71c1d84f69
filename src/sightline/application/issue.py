"""Issue what opens the doors that pings come through: tokens of checks, and ping keys of tenants."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace

from sightline.application.hold import Codec, Filing, Hold
from sightline.application.recognize import Secrets
from sightline.domain.errors import Conflict, InvalidField, NotFound
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Heartbeat
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

PING_KEY_KIND: Final = "ping_key"
MAX_KEYS: Final = 100
"""Of one tenant, unless settings say otherwise."""
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
    """The use case. `load` comes first."""

    def __init__(
        self,
        catalog: Catalog,
        clock: Clock,
        identify: Callable[[], str] = fresh_token,
        make_key: Callable[[], str] = _fresh_key,
        *,
        most: int = MAX_KEYS,
    ) -> None:
        """most: keys of one tenant."""
        self._most = most
        filing = Filing(PING_KEY_KIND, "ping key", Codec(_encode, _decode), _id, _key)
        self._keys = Hold(catalog, filing, self._changed)
        self._clock = clock
        self._identify = identify
        self._make_key = make_key
        self._secrets: Secrets[PingKey] = Secrets()

    async def load(self) -> None:
        """Read the keys, unless that is done.

        Raises:
            Unavailable: they cannot be read.
        """
        await self._keys.load()

    def tenant_of(self, key: str) -> Tenant | None:
        """Whose a key is; None where it is nobody's."""
        found = self._secrets.find(key)
        return None if found is None else found.tenant

    async def all(self, principal: Principal) -> list[PingKey]:
        """The keys of the principal's tenant, the oldest first."""
        await self.load()
        return sorted(self._keys.of(principal.tenant).values(), key=lambda one: (one.created_at, one.id))

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
        async with self._keys.turn():
            if len(self._keys.of(principal.tenant)) >= self._most:
                message = f"there are {self._most} ping keys, as many as pings.max_keys allows: delete one, or raise it"
                raise Conflict(message, limit=self._most)
            made = PingKey(principal.tenant, self._identify(), name, self._make_key(), self._clock.now())
            return await self._keys.keep(principal.tenant, made)

    async def delete(self, principal: Principal, key_id: str) -> None:
        """Remove a key: nobody comes in by it any more.

        Raises:
            NotFound: the tenant has none of that id.
            StorageFull, Unavailable: it stays.
        """
        async with self._keys.turn():
            found = self._keys.of(principal.tenant).get(key_id)
            if found is None:
                raise NotFound(f"there is no ping key with the id {key_id[:60]!r}", id=key_id)
            await self._keys.forget(principal.tenant, found)

    def _changed(self, _tenant: Tenant, before: PingKey | None, now: PingKey | None) -> None:
        if before is not None:
            self._secrets.remove(before.key)
        if now is not None:
            self._secrets.put(now.key, now)


def _id(key: PingKey) -> str:
    return key.id


def _key(_: Tenant, key_id: str) -> str:
    """What a key's document is called: ids are of all tenants together."""
    return key_id


def _encode(_: Tenant, key: PingKey) -> bytes:
    return msgspec.json.encode(key)


def _decode(body: bytes) -> tuple[Tenant, PingKey]:
    found = _DECODER.decode(body)
    return found.tenant, found
