"""Sign what readers of status pages are given: links in mails, messages to programs, and cookies."""

from collections.abc import Callable
from typing import Final

from sightline.domain.errors import Conflict, NotFound
from sightline.domain.probes.sealed import KEY_BYTES
from sightline.domain.tenancy import LOCAL
from sightline.ports.catalog import Catalog

KEY_KIND: Final = "status_key"
"""Under which kind the catalog keeps the key."""
_KEY: Final = "key"


class SigningKey:
    """The program's own secret, made when it is first needed, the same for all copies of it."""

    def __init__(self, catalog: Catalog, random: Callable[[int], bytes]) -> None:
        self._catalog = catalog
        self._random = random
        self._key: bytes | None = None

    async def get(self) -> bytes:
        """The key."""
        while self._key is None:
            try:
                self._key = bytes.fromhex((await self._catalog.get(LOCAL.tenant, KEY_KIND, _KEY)).body.decode())
            except NotFound:
                try:
                    text = self._random(KEY_BYTES).hex().encode()
                    await self._catalog.put(LOCAL.tenant, KEY_KIND, _KEY, text, 0)
                except Conflict:
                    continue  # another copy made it
        return self._key
