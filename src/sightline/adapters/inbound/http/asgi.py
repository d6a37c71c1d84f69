"""The little of ASGI that is spoken directly, beneath the framework."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY: Final = "sightline.body"
"""In a scope: gives the body, where it came whole with the head."""
ANSWER: Final = "sightline.answer"
"""In a scope: writes a whole answer (status, headers, body) at once; false when it must be sent as messages."""
MEMO: Final = "sightline.memo"
"""In a scope: a dictionary that requests of one connection with the same head share, for what follows from the head alone."""

_HEADERS: Final = "sightline.headers"  # where a scope keeps its headers by name, for a request asks for eight

Headers = tuple[tuple[str, str], ...]
AtOnce = Callable[[int, list[tuple[bytes, bytes]], bytes], bool]
"""Sends a whole response; false, and nothing is sent, when it must be sent as messages."""


def header(scope: Scope, name: bytes) -> str | None:
    """The first value of a header, `name` in lower case; None when it was not sent."""
    found: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if found is None:
        found = scope[_HEADERS] = dict(reversed(scope["headers"]))
    value = found.get(name)
    return None if value is None else value.decode("latin-1")


async def respond(send: Send, status: int, body: bytes = b"", media_type: str = "", headers: Headers = ()) -> None:
    """Send a whole response; at once, where `send` has a way to."""
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if media_type:
        raw.append((b"content-type", media_type.encode("latin-1")))
    if body or status not in {204, 304}:
        raw.append((b"content-length", str(len(body)).encode()))
    at_once: AtOnce | None = getattr(send, "at_once", None)
    if at_once is not None and at_once(status, raw, body):
        return
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
