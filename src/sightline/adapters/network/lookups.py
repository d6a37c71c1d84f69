"""Host names to addresses, in threads that hold nobody up: neither other work nor the end of the program."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

LOOKUPS: Final = 64
"""Lookups under way at once; further ones wait. A dead name server holds each for tens of seconds."""

Lookup = Callable[[str, int, socket.AddressFamily], list[Any]]


def _system(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)


class ThreadedLookups(AbstractResolver):
    """The system's resolver. asyncio's own use of it shares a handful of threads with everything else."""

    def __init__(self, lookup: Lookup = _system, lookups: int = LOOKUPS) -> None:
        self._lookup = lookup
        self._room = asyncio.Semaphore(lookups)

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any]] = loop.create_future()

        def look() -> None:
            found: list[Any] | OSError
            try:
                found = self._lookup(host, port, family)
            except OSError as error:
                found = error
            except UnicodeError as error:  # a name that no name server could be asked for
                found = OSError(str(error))
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, answer, found)

        async with self._room:
            # Daemons: a lookup that hangs must not hold up the end of the program.
            threading.Thread(target=look, name="lookup", daemon=True).start()
            return [_result(host, port, *one) for one in await answer]

    @override
    async def close(self) -> None:
        return


def _settle(answer: asyncio.Future[list[Any]], found: list[Any] | OSError) -> None:
    if answer.done():
        return
    if isinstance(found, OSError):
        answer.set_exception(found)
    else:
        answer.set_result(found)


def _result(
    host: str, port: int, family: int, _kind: int, proto: int, _name: str, address: tuple[Any, ...]
) -> ResolveResult:
    scoped = address[3] if len(address) > 3 else 0  # noqa: PLR2004 - an IPv6 address has a scope in the fourth place
    numeric = f"{address[0]}%{scoped}" if scoped else address[0]
    return ResolveResult(
        hostname=host,
        host=numeric,
        port=port,
        family=family,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
