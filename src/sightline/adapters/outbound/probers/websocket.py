"""A WebSocket: its handshake, and a message each way where a check wants that.

Source: RFC 6455.
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha1
from secrets import token_bytes
from time import monotonic
from typing import Any, Final

import pycurl
from typing_extensions import override

from sightline.adapters.network.curl.exchange import Exchanges, Said
from sightline.adapters.network.curl.headers import has_header, header_lines, with_agent
from sightline.adapters.network.curl.hop import Hop
from sightline.adapters.network.curl.places import WEBSOCKET, BadPlace, place_of
from sightline.adapters.network.curl.request import Request
from sightline.domain.errors import BadData
from sightline.domain.probes.options import WebSocket
from sightline.domain.probes.outcome import Outcome, Phase, Reason
from sightline.domain.regex import compiled_regex
from sightline.ports.prober import Attempt, Prober

_MAX_MESSAGE: Final = 1 << 20
"""Bytes of one message that is looked at."""
_CHUNK: Final = 65_536
_SWITCHED: Final = 101
_NORMAL: Final = 1_000
_MAGIC: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server adds to our key, to show that it knows RFC 6455."""


class WebSocketProber(Prober):
    """Opens a WebSocket at a URL, each time anew."""

    kinds = frozenset({"websocket"})

    def __init__(self, exchanges: Exchanges) -> None:
        self._exchanges = exchanges

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        options = attempt.definition.options
        if not isinstance(options, WebSocket):
            message = f"{attempt.definition.kind} is not asked over WebSocket"
            return Outcome(reason=Reason.BAD_TARGET, message=message)
        try:
            request, expected = _request_of(attempt.definition.url, options)
        except BadPlace as error:
            return Outcome(reason=Reason.BAD_TARGET, message=str(error))
        key = b64encode(token_bytes(16)).decode()
        talk = _Talk(request.place.authority, key, options, expected, attempt.timeout)
        further = [f"Sec-WebSocket-Key: {key}"]
        if attempt.traceparent and not has_header(request.lines, "traceparent"):
            further.append(f"traceparent: {attempt.traceparent}")
        return await self._exchanges.exchange(request, attempt.timeout, tuple(further), talk)


def _request_of(url: str, options: WebSocket) -> tuple[Request, Any]:
    """What is asked for a check, and the regex that a message must match; None without one."""
    try:
        expected = compiled_regex(options.expect) if options.expect else None
    except BadData as error:
        raise BadPlace(f"expect: {error}") from None
    lines = header_lines(options.headers, "headers")
    if options.subprotocols:
        lines += header_lines({"Sec-WebSocket-Protocol": ", ".join(options.subprotocols)}, "subprotocols")
    request = Request(
        place=place_of(url, WEBSOCKET),
        lines=with_agent(lines),
        tls=options.tls,
        ip_version=options.ip_version,
        max_redirects=None,
        is_websocket=True,
    )
    return request, expected


class _Failed(Exception):
    """What went wrong in a talk: a reason, and a message."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.fault = (reason, message)


@dataclass(frozen=True, slots=True)
class _Talk:
    """See what was agreed on, send what is to be sent, wait for what is expected, and say goodbye.

    key: what the handshake was begun with. expected: a regex; None where nothing is.
    """

    name: str
    key: str
    options: WebSocket
    expected: Any
    seconds: float

    async def __call__(self, curl: Any, hop: Hop, deadline: float) -> Said:
        try:
            self._see(hop)
            return Said(None, await self._exchange(curl, deadline))
        except _Failed as failed:
            return Said(failed.fault)
        except (pycurl.error, BlockingIOError):
            return Said((Reason.RESET, f"{self.name} broke the WebSocket off"))

    def _see(self, hop: Hop) -> None:
        """What libcurl leaves to us."""
        if hop.status != _SWITCHED:
            raise _Failed(Reason.UNEXPECTED, f"{self.name} answered {hop.status} and does not speak WebSocket there")
        accepted = b64encode(sha1(f"{self.key}{_MAGIC}".encode(), usedforsecurity=False).digest()).decode()
        if hop.header("sec-websocket-accept") != accepted:
            raise _Failed(Reason.PROTOCOL, f"{self.name} agreed to another WebSocket than this one")
        chosen = hop.header("sec-websocket-protocol")
        if chosen and chosen not in self.options.subprotocols:
            raise _Failed(Reason.PROTOCOL, f"{self.name} chose a subprotocol that was not offered")

    async def _exchange(self, curl: Any, deadline: float) -> bytes:
        found, heard = b"", 0
        try:
            async with asyncio.timeout(deadline - monotonic()):
                if self.options.send:
                    await _when_ready(curl, lambda: curl.ws_send(self.options.send), to_write=True)
                while self.expected is not None:
                    found = await self._message(curl)
                    heard += 1
                    if self.expected.search(found) is not None:
                        break
        except TimeoutError:
            if heard:
                said = f"{self.name} sent {heard} messages in {self.seconds:g} s, none of them as expected"
                raise _Failed(Reason.UNEXPECTED, said) from None
            said = f"{self.name} timed out after {self.seconds:g} s in phase {Phase.TRANSFER}: no message came"
            raise _Failed(Reason.TIMED_OUT, said) from None
        with suppress(BlockingIOError):  # a goodbye that nobody reads is none
            curl.ws_close(_NORMAL)
        return found

    async def _message(self, curl: Any) -> bytes:
        """The next whole message."""
        parts = bytearray()
        while True:
            data, meta = await _when_ready(curl, lambda: curl.ws_recv(_CHUNK))
            if meta.flags & pycurl.WS_CLOSE:
                raise _Failed(Reason.UNEXPECTED, f"{self.name} closed the WebSocket before what is expected came")
            if not meta.flags & (pycurl.WS_TEXT | pycurl.WS_BINARY):
                continue
            parts += data
            if len(parts) > _MAX_MESSAGE:
                raise _Failed(Reason.ANSWER_TOO_LARGE, f"{self.name} sent a message of more than {_MAX_MESSAGE} bytes")
            if not meta.bytesleft and not meta.flags & pycurl.WS_CONT:
                return bytes(parts)


async def _when_ready(curl: Any, action: Callable[[], Any], *, to_write: bool = False) -> Any:
    """Do something with the connection as soon as it is ready for that."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return action()
        except BlockingIOError:
            pass
        fd = curl.getinfo(pycurl.ACTIVESOCKET)
        ready = asyncio.Event()
        add, remove = (loop.add_writer, loop.remove_writer) if to_write else (loop.add_reader, loop.remove_reader)
        add(fd, ready.set)
        try:
            await ready.wait()
        finally:
            remove(fd)
