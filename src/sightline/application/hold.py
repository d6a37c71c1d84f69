"""Hold what people define in memory, of all tenants, as long as the catalog has it too."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from sightline.domain.errors import SightlineError
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.ports.catalog import Catalog

T = TypeVar("T")


def _key(tenant: Tenant, told: str) -> str:
    return json.dumps([tenant, told], ensure_ascii=False)


@dataclass(frozen=True)  # slots are not for what is made under an alias that names its parameter
class Codec(Generic[T]):
    """How a tenant's thing becomes a document of the catalog, and back. decode raises SightlineError where it cannot."""

    encode: Callable[[Tenant, T], bytes]
    decode: Callable[[bytes], tuple[Tenant, T]]


@dataclass(frozen=True, slots=True)
class Filing(Generic[T]):
    """How things of a kind are filed.

    name: what the catalog calls the kind, and called: what people do. tell: what tells one of a tenant's from another. key: what
    the document is called of the one that this tells.
    """

    name: str
    called: str
    codec: Codec[T]
    tell: Callable[[T], str]
    key: Callable[[Tenant, str], str] = _key


def _nobody(_tenant: Tenant, _before: object, _now: object) -> None:
    return None


class Hold(Generic[T]):
    """Documents of one kind. What is asked is answered from memory, once they are read; a change that returned survives a restart.

    They are documents of the program's own tenant, whoever's they are: at the start nobody knows which tenants there are. Whoever
    changes holds a `turn`. unread: what is stored and cannot be used, for people; it stays where it is.
    """

    def __init__(
        self,
        catalog: Catalog,
        filing: Filing[T],
        changed: Callable[[Tenant, T | None, T | None], object] = _nobody,
    ) -> None:
        """changed: is called when one was read, or changed: whose, what it was, and what it is; None where it is not there."""
        self._catalog = catalog
        self._filing = filing
        self._changed = changed
        self._tenants: dict[Tenant, dict[str, T]] = {}
        self._versions: dict[str, int] = {}
        self._turn = asyncio.Lock()
        self._is_read = False
        self.unread: list[str] = []

    @property
    def tenants(self) -> Collection[Tenant]:
        """Those that have, or had, one."""
        return self._tenants.keys()

    def of(self, tenant: Tenant) -> Mapping[str, T]:
        """A tenant's, by what tells them apart."""
        return self._tenants.get(tenant, {})

    async def load(self) -> None:
        """Read those of the last run, unless that is done.

        Raises:
            Unavailable: they cannot be read.
        """
        if not self._is_read:
            async with self.turn():
                pass

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        """The right to change, which one has at a time; they are read by then.

        Raises:
            Unavailable: they cannot be read.
        """
        async with self._turn:
            if not self._is_read:
                await self._read()
            yield

    async def keep(self, tenant: Tenant, made: T) -> T:
        """Write one down, in place of the version that is known, and see it from now on.

        Raises:
            Conflict, StorageFull, Unavailable: nothing is stored.
        """
        key = self._filing.key(tenant, self._filing.tell(made))
        body, known = self._filing.codec.encode(tenant, made), self._versions.get(key, 0)
        document = await self._catalog.put(LOCAL.tenant, self._filing.name, key, body, expected=known)
        self._see(tenant, made, key, document.version)
        return made

    async def forget(self, tenant: Tenant, held: T) -> None:
        """Remove one.

        Raises:
            StorageFull, Unavailable: it stays.
        """
        told = self._filing.tell(held)
        key = self._filing.key(tenant, told)
        await self._catalog.delete(LOCAL.tenant, self._filing.name, key)
        del self._tenants[tenant][told]
        self._versions.pop(key, None)
        self._changed(tenant, held, None)

    async def _read(self) -> None:
        documents = await self._catalog.list(LOCAL.tenant, self._filing.name)
        self.unread.clear()
        for document in documents:
            try:
                tenant, found = self._filing.codec.decode(document.body)
            except SightlineError as error:  # such as a time zone that this machine does not have
                self.unread.append(f"the {self._filing.called} {document.key} cannot be used: {error.message}")
                continue
            self._see(tenant, found, document.key, document.version)
        self._is_read = True

    def _see(self, tenant: Tenant, held: T, key: str, version: int) -> None:
        its, told = self._tenants.setdefault(tenant, {}), self._filing.tell(held)
        before, its[told] = its.get(told), held
        self._versions[key] = version
        self._changed(tenant, before, held)
