"""Define dashboards: those that come with the program, those in files, and those that people save."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sightline.domain.dashboards.dashboard import DASHBOARD_KIND, Dashboard, check
from sightline.domain.errors import Conflict, NotFound
from sightline.domain.tenancy import Principal
from sightline.ports.catalog import Catalog, Document
from sightline.ports.shelf import Shelf

MAX_DASHBOARDS: Final = 1000
"""Saved ones of one tenant."""


class Origin(StrEnum):
    """Where a dashboard comes from, from strongest to weakest: one of a name hides those below."""

    SAVED = "saved"
    FILE = "file"
    READY_MADE = "ready-made"


@dataclass(frozen=True, slots=True)
class Defined:
    """A dashboard, where it comes from, and its version, which only saved ones have; 0 for the others.

    file: the path of the file it stands in, where it does.
    """

    dashboard: Dashboard
    origin: Origin
    version: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """All dashboards in ascending order of title, and what is wrong with the files."""

    dashboards: tuple[Defined, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Codec:
    """How dashboards become the documents of the catalog, and back."""

    encode: Callable[[Dashboard], bytes]
    decode: Callable[[bytes], Dashboard]


class DefineDashboards:
    """The use case. Files and what comes with the program are read-only here: saving under their name is refused."""

    def __init__(self, catalog: Catalog, shelf: Shelf, ready_made: Iterable[Dashboard], codec: Codec) -> None:
        self._catalog = catalog
        self._shelf = shelf
        self._ready_made = {one.name: Defined(one, Origin.READY_MADE) for one in ready_made}
        self._codec = codec

    async def list(self, principal: Principal) -> Listing:
        """Every dashboard that the principal may see."""
        shelf = await self._shelf.read()
        found = dict(self._ready_made)
        found.update(
            (one.dashboard.name, Defined(one.dashboard, Origin.FILE, file=one.origin)) for one in shelf.dashboards
        )
        for document in await self._catalog.list(principal.tenant, DASHBOARD_KIND):
            found[document.key] = self._saved(document)
        ordered = sorted(found.values(), key=lambda one: (one.dashboard.title.casefold(), one.dashboard.name))
        return Listing(tuple(ordered), shelf.problems)

    async def get(self, principal: Principal, name: str) -> Defined:
        """One dashboard.

        Raises:
            NotFound: there is none of that name.
        """
        try:
            return self._saved(await self._catalog.get(principal.tenant, DASHBOARD_KIND, name))
        except NotFound:
            fixed = await self._fixed(name)
            if fixed is None:
                raise NotFound(f"there is no dashboard named {name!r}", name=name) from None
            return fixed

    async def put(self, principal: Principal, dashboard: Dashboard, expected: int | None) -> Defined:
        """Save a dashboard. expected: the version that it replaces, 0 for a new one, None for whatever is there.

        Raises:
            InvalidParameter: it could not be shown; the message says where.
            Conflict: another version is there, the name belongs to a file or to the program, or there are too many.
        """
        check(dashboard)
        fixed = await self._fixed(dashboard.name)
        if fixed is not None:
            place = fixed.file or "the program itself"
            message = f"the dashboard {dashboard.name!r} comes from {place}: save it under another name"
            raise Conflict(message, name=dashboard.name)
        saved = await self._catalog.list(principal.tenant, DASHBOARD_KIND)
        if len(saved) >= MAX_DASHBOARDS and all(document.key != dashboard.name for document in saved):
            raise Conflict(f"{len(saved)} dashboards are saved, as many as there may be: delete one first")
        body = self._codec.encode(dashboard)
        return self._saved(await self._catalog.put(principal.tenant, DASHBOARD_KIND, dashboard.name, body, expected))

    async def delete(self, principal: Principal, name: str) -> None:
        """Remove a saved dashboard.

        Raises:
            NotFound: there is none of that name.
            Conflict: it comes from a file or with the program.
        """
        if await self._catalog.delete(principal.tenant, DASHBOARD_KIND, name):
            return
        fixed = await self._fixed(name)
        if fixed is not None:
            raise Conflict(
                f"the dashboard {name!r} comes from {fixed.file or 'the program itself'} and stays", name=name
            )
        raise NotFound(f"there is no dashboard named {name!r}", name=name)

    async def _fixed(self, name: str) -> Defined | None:
        for one in (await self._shelf.read()).dashboards:
            if one.dashboard.name == name:
                return Defined(one.dashboard, Origin.FILE, file=one.origin)
        return self._ready_made.get(name)

    def _saved(self, document: Document) -> Defined:
        return Defined(self._codec.decode(document.body), Origin.SAVED, document.version)
