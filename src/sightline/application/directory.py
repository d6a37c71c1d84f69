"""Know which status pages there are, of all tenants, by slug and by domain: readers name no tenant."""

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from sightline.domain.errors import BadData, Conflict, NotFound
from sightline.domain.probes.status_page import STATUS_PAGE_KIND, StatusPage
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

SLUG_KIND: Final = "status_slug"
"""Whose a slug is; kept under the program's own tenant, for a slug is taken for all of them."""
KNOWN_FOR: Final = 15.0
"""Seconds after which it is read again which pages there are: other copies of the program may have changed some."""
NEVER: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Published:
    """A page, whose it is, and its version."""

    tenant: Tenant
    page: StatusPage
    version: int


class Directory:
    """All pages in memory."""

    def __init__(self, catalog: Catalog, decode: Callable[[bytes], StatusPage], clock: Clock) -> None:
        self._catalog = catalog
        self._decode = decode
        self._clock = clock
        self._pages: dict[str, Published] = {}
        self._domains: dict[str, Published] = {}
        self._read_at = NEVER
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_old(self) -> bool:
        """Whether it is to be read again."""
        return self._clock.monotonic() - self._read_at >= KNOWN_FOR

    def known(self) -> Collection[Published]:
        """The pages that are known now."""
        return self._pages.values()

    @property
    def has_domains(self) -> bool:
        """Whether any page is the root of a site."""
        return bool(self._domains)

    def of_domain(self, name: str) -> Published | None:
        """The page that is the root of a site, as far as known; at once."""
        return self._domains.get(name)

    def of_slug(self, slug: str) -> Published | None:
        """The page of a slug that strangers may know of, as far as known; at once."""
        found = self._pages.get(slug)
        return found if found is not None and found.page.published else None

    async def find(self, slug: str) -> Published | None:
        """The page of a slug that strangers may know of; None where there is none."""
        await self.refresh()
        return self.of_slug(slug)

    async def refresh(self) -> None:
        """Read again which pages there are, where that is due. Nobody waits for it but the first time."""
        self.keep_current()
        if self._read_at == NEVER and self._reading is not None:
            await asyncio.shield(self._reading)

    def keep_current(self) -> None:
        """Begin to read again which pages there are, where that is due."""
        if self.is_old and self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="status pages")
            self._reading.add_done_callback(self._has_read)

    def _has_read(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        if not task.cancelled():
            task.exception()  # what was known stays, and the next one tries again

    async def _read(self) -> None:
        pages = {}
        tenants = {Tenant(json.loads(one.body)["tenant"]) for one in await self._catalog.list(LOCAL.tenant, SLUG_KIND)}
        for tenant in tenants:
            for document in await self._catalog.list(tenant, STATUS_PAGE_KIND):
                try:
                    pages[document.key] = Published(tenant, self._decode(document.body), document.version)
                except BadData:
                    continue  # of a newer version of the program, which can show it
        self._pages = pages
        self._domains = _by_domain(pages)
        self._read_at = self._clock.monotonic()

    async def claim(self, tenant: Tenant, page: StatusPage) -> None:
        """Take a slug and the domains of a page for a tenant.

        Raises:
            Conflict: another has one of them.
        """
        await self._read()
        for domain in page.domains:
            owner = self._domains.get(domain)
            if owner is not None and owner.page.slug != page.slug:
                raise Conflict(f"domains: {domain} shows another status page", domain=domain)
        holder = self._pages.get(page.slug)
        if holder is not None and holder.tenant != tenant:
            raise Conflict(f"slug: {page.slug!r} is taken: choose another", slug=page.slug)
        try:
            version = (await self._catalog.get(LOCAL.tenant, SLUG_KIND, page.slug)).version
        except NotFound:
            version = 0
        body = json.dumps({"tenant": tenant}).encode()
        await self._catalog.put(LOCAL.tenant, SLUG_KIND, page.slug, body, version)

    async def release(self, slug: str) -> None:
        """Let go of a slug, and forget its page."""
        self._pages.pop(slug, None)
        self._domains = _by_domain(self._pages)
        await self._catalog.delete(LOCAL.tenant, SLUG_KIND, slug)

    def add(self, published: Published) -> None:
        """Know a page that was saved."""
        self._pages[published.page.slug] = published
        self._domains = _by_domain(self._pages)


def _by_domain(pages: dict[str, Published]) -> dict[str, Published]:
    return {domain: one for one in pages.values() if one.page.published for domain in one.page.domains}
