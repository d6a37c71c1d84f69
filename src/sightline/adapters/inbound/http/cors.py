"""What a browser wants to hear before it lets a page of another origin read our answers.

Source: https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from typing import Final

from sightline.adapters.inbound.http.asgi import Scope, Send, header, respond

_METHODS: Final = "GET, POST"
_HEADERS: Final = "Authorization, Content-Type, X-Scope-OrgID"
_MAX_AGE: Final = "600"


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks if a page may ask; it shows no token yet."""
    return scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method") is not None


async def allow(send: Send) -> None:
    """Answer a preflight: yes, so."""
    headers = (
        ("Access-Control-Allow-Methods", _METHODS),
        ("Access-Control-Allow-Headers", _HEADERS),
        ("Access-Control-Max-Age", _MAX_AGE),
    )
    await respond(send, 204, headers=headers)


def readable_by(origin: str) -> list[tuple[bytes, bytes]]:
    """The headers with which pages of an origin may read an answer."""
    return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]
