"""Asks a Docker Engine over HTTP; a failure is either the Engine's (Unavailable) or one container's."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

from sightline.adapters.outbound.sources.docker import answers
from sightline.adapters.outbound.sources.docker.address import SETTING, Address
from sightline.adapters.outbound.sources.docker.failures import Gone, ReadFailed
from sightline.domain.containers.container import Container
from sightline.domain.containers.usage import Usage
from sightline.domain.errors import Unavailable

if TYPE_CHECKING:
    import aiohttp

MAX_BODY: Final = 16 << 20
"""Bytes of one answer."""
MAX_EVENT: Final = 1 << 20
"""Bytes of one event, which carries all labels of its container."""
_CONNECT_SECONDS: Final = 3.0
_SPARE: Final = 32  # connections for events, lists and descriptions
_SINCE_ONE_SHOT: Final = (1, 41)
_FILTER: Final = '{"type":["container"]}'


class Engine:
    """A connection to an Engine; use as an async context.

    connections: how many reads may be under way at once. tls_folder: with ca.pem, cert.pem and key.pem, as DOCKER_CERT_PATH.

    Every method raises Unavailable when the Engine cannot be reached, and ReadFailed when it answers something else than it should.
    Answers take as long as they take: whoever asks sets the time.
    """

    def __init__(self, address: Address, *, connections: int = 200, tls_folder: Path | None = None) -> None:
        self._address = address
        self._connections = connections
        self.turns: Final = asyncio.Semaphore(connections)
        """To be taken for a question that has a time limit, so that waiting for a connection does not count."""
        self._tls_folder = tls_folder
        self._stack = AsyncExitStack()
        self._path = ""
        self.one_shot = True
        """Whether the Engine can be asked for one read alone; older ones wait for a second read, one or two seconds."""

    async def __aenter__(self) -> Self:
        # Importing aiohttp takes 0.3 s, which nobody without containers should pay for.
        await asyncio.to_thread(__import__, "aiohttp")
        import aiohttp

        socket = self._address.socket
        tls: Any = await asyncio.to_thread(_tls, self._tls_folder) if self._tls_folder is not None else True
        connector = (
            aiohttp.TCPConnector(limit=self._connections + _SPARE, ssl=tls)
            if socket is None
            else aiohttp.UnixConnector(str(socket), limit=self._connections + _SPARE)
        )
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(self._address.url, connector=connector, timeout=timeout)
        )
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._negotiate()
        except TimeoutError:
            await self._stack.aclose()
            raise Unavailable(
                f"the container engine at {self._address} did not answer within {_CONNECT_SECONDS:g} s"
            ) from None
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def listed(self) -> list[answers.Listed]:
        """All containers, stopped ones included."""
        return answers.listed(await self._get("/containers/json", all="1"))

    async def container(self, id_: str) -> Container:
        """One container as it is now.

        Raises:
            Gone: there is no such container.
        """
        return answers.container(await self._get(f"/containers/{quote(id_, safe='')}/json"))

    async def usage(self, id_: str) -> tuple[Usage | None, Usage | None]:
        """What a container uses, and what it did at the read before, if the Engine says; None: nothing of it runs.

        Raises:
            Gone: there is no such container.
        """
        one_shot = {"one-shot": "1"} if self.one_shot else {}
        return answers.usage(await self._get(f"/containers/{quote(id_, safe='')}/stats", stream="0", **one_shot))

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[answers.Event]]:
        """What happens to containers from now on; from the entry of the context nothing is missed. Ends with the connection."""
        async with self._asked("/events", filters=_FILTER) as response:
            yield _events(response)

    async def _negotiate(self) -> None:
        """Speak the version that the Engine speaks itself: it may refuse older ones, and cease to serve paths without one."""
        async with self._asked("/_ping") as response:
            version = response.headers.get("Api-Version", "")
        numbers = version.split(".")
        if len(numbers) == 2 and all(number.isdecimal() for number in numbers):  # noqa: PLR2004 - major and minor
            self._path = f"/v{version}"
            self.one_shot = (int(numbers[0]), int(numbers[1])) >= _SINCE_ONE_SHOT

    async def _get(self, path: str, **query: str) -> bytes:
        async with self._asked(path, **query) as response:
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > MAX_BODY:
                    raise ReadFailed(f"the engine's answer to {path} is larger than {MAX_BODY} bytes")
            return bytes(body)

    @asynccontextmanager
    async def _asked(self, path: str, **query: str) -> AsyncIterator["aiohttp.ClientResponse"]:
        import aiohttp

        try:
            async with self._session.get(self._path + path, params=query, allow_redirects=False) as response:
                if response.status == HTTPStatus.NOT_FOUND:
                    raise Gone(path)
                if response.status != HTTPStatus.OK:
                    text = (await response.content.read(200)).decode(errors="replace").strip()
                    raise ReadFailed(f"the engine answered {path} with {response.status}: {text}")
                yield response
        except aiohttp.ClientConnectorError as error:
            raise Unavailable(cannot_connect(self._address, error.os_error)) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(f"the container engine at {self._address} went away: {error}") from None


async def _events(response: "aiohttp.ClientResponse") -> AsyncIterator[answers.Event]:
    rest = b""
    async for part in response.content.iter_any():
        *lines, rest = (rest + part).split(b"\n")
        for line in filter(None, map(bytes.strip, lines)):
            yield answers.event(line)
        if len(rest) > MAX_EVENT:
            raise ReadFailed(f"an event is longer than {MAX_EVENT} bytes")


def cannot_connect(address: Address, error: OSError) -> str:
    """What to tell when there is no connection, and what to do about it."""
    if isinstance(error, PermissionError):
        return (
            f"permission denied at {address}: add the user that runs Sightline to the group that owns the socket"
            f" (usually docker), or name another engine with {SETTING}"
        )
    return f"the container engine at {address} cannot be reached: {error.strerror or error}; is it running?"


def _tls(folder: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        if (folder / "cert.pem").exists():
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(f"containers.tls_folder = {folder}: ca.pem, cert.pem and key.pem: {error}") from None
    return context
