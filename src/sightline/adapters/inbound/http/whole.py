"""The short way for small requests: agents send thousands a second, each whole in one read and with the same head.

A head that a connection has sent before, byte for byte, is not parsed again; a body that came with it is there at once; and a
whole answer is one write. Everything else goes the server's ordinary way, and what the application sees is the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from sightline.adapters.inbound.http.asgi import ANSWER, BODY, MEMO, Scope, header

MAX_HEADS: Final = 16
"""Heads that a connection remembers."""
MAX_HEAD_BYTES: Final = 4096
"""Of a head that is remembered."""

_END: Final = b"\r\n\r\n"
# What makes a request more than its head and a body of known length.
_SPECIAL: Final = (b"transfer-encoding", b"expect", b"upgrade", b"connection")


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was parsed: its ASGI scope, as it was before the application saw it, and how long its body is."""

    scope: Scope
    length: int


def split(data: bytes) -> tuple[bytes, bytes]:
    """What may be a head, and what follows it; no head when there is no end of one."""
    end = data.find(_END) + len(_END)
    return (data[:end], data[end:]) if end >= len(_END) else (b"", data)


def learn(data: bytes, scope: Scope) -> tuple[bytes, Head] | None:
    """The head of a request that was parsed and that `data` holds exactly; None for one that is not to be remembered."""
    head, body = split(data)
    if not head or len(head) > MAX_HEAD_BYTES or scope["http_version"] != "1.1":
        return None
    kept: Scope = {**scope, MEMO: {}}
    kept.pop(ANSWER, None)  # each request has its own
    if any(header(kept, name) is not None for name in _SPECIAL):
        return None
    length = header(kept, b"content-length") or "0"
    return (head, Head(kept, len(body))) if length == str(len(body)) else None


def offer(scope: Scope, cycle: RequestResponseCycle, body: bytes) -> None:
    """Hand a whole body to a request's cycle, and the short way of reading it to the application."""
    cycle.body += body
    cycle.more_body = False
    cycle.message_event.set()
    scope[BODY] = partial(_take, cycle)


def offer_answer(cycle: RequestResponseCycle) -> None:
    """Hand the short way of answering to the application."""
    cast("Scope", cycle.scope)[ANSWER] = partial(_answer, cycle)


def _take(cycle: RequestResponseCycle) -> bytes:
    """The body, as the first `receive` would have it; the next one waits for the client to leave."""
    cast("Scope", cycle.scope).pop(BODY)
    body = bytes(cycle.body)
    cycle.body = bytearray()
    cycle.message_event.clear()
    return body


def _answer(cycle: RequestResponseCycle, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
    """Write a whole answer at once; false, and nothing is written, when it needs the server's ordinary way."""
    if cycle.flow.write_paused or cycle.disconnected or cycle.response_started or not cycle.keep_alive:
        return False
    if cycle.waiting_for_100_continue:
        return False
    pieces: list[Any] = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        if name == b"connection" or b"\n" in value or b"\r" in value:
            return False
        pieces += (name, b": ", value, b"\r\n")
    pieces += (b"\r\n", body)
    cycle.transport.write(b"".join(pieces))
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()
    return True
