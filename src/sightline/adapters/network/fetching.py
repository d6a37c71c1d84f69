"""GET of an address that a message names, past the guard, within bounds."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from sightline.adapters.network.guard import Guard
from sightline.adapters.network.http_config import HttpConfig
from sightline.domain.errors import Unavailable

MAX_BYTES: Final = 64 << 10
"""Of an answer: longer ones are not read to their end."""
TIMEOUT: Final = 10.0
"""Seconds for the whole of it."""

Fetch = Callable[[str], Awaitable[bytes]]
"""Gives what an address answers. Raises Unavailable where it does not, or with another status than 200."""


class GuardedFetch:
    """Asks addresses, but none that is link-local or of a cloud's metadata; redirections are not followed.

    No message shows more of an address than its host.
    """

    def __init__(self, *, allow_metadata_addresses: bool = False, timeout: float = TIMEOUT) -> None:
        self._allow = allow_metadata_addresses
        self._timeout = timeout
        self._config = HttpConfig({"proxy_from_environment": True}, "fetching")

    async def __call__(self, url: str) -> bytes:
        """What the address answers.

        Raises:
            Unavailable: nothing in time, too much, or with another status than 200.
        """
        await asyncio.to_thread(__import__, "aiohttp")  # 0.3 s that nobody should pay for who does not ask
        from yarl import URL

        guard = Guard(allow=self._allow)
        host = URL(url).host or ""
        try:
            guard.check(host)
            async with asyncio.timeout(self._timeout):
                return await self._get(url, host, guard)
        except TimeoutError:
            raise Unavailable(f"{host} did not answer within {self._timeout:g} s") from None
        except OSError as error:
            said = guard.advice(host) if guard.refused else f"{host} cannot be reached: {type(error).__name__}"
            raise Unavailable(said) from None

    async def _get(self, url: str, host: str, guard: Guard) -> bytes:
        import aiohttp

        from sightline.adapters.network.lookups import ThreadedLookups

        way = await asyncio.to_thread(self._config.way, url)
        connector = aiohttp.TCPConnector(resolver=ThreadedLookups(), socket_factory=guard.socket, force_close=True)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.get(
                    url, allow_redirects=False, ssl=way.tls, proxy=way.proxy, timeout=aiohttp.ClientTimeout()
                ) as response,
            ):
                if response.status != HTTPStatus.OK:
                    raise Unavailable(f"{host} answered {response.status}")
                body = bytearray()
                while more := await response.content.read(MAX_BYTES + 1 - len(body)):
                    body += more
                    if len(body) > MAX_BYTES:
                        raise Unavailable(f"{host} answered with more than {MAX_BYTES} bytes")
                return bytes(body)
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from None
