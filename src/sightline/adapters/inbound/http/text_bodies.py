"""Bodies that are files: YAML or JSON, whatever they are called, but never what a web form sends."""

from typing import Any, Final

from sightline.adapters.inbound.http import body
from sightline.adapters.inbound.http.asgi import Scope, header
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.errors import UnsupportedMediaType

_READ: Final = frozenset(
    {
        "",
        "application/json",
        "application/yaml",
        "application/x-yaml",
        "text/yaml",
        "text/x-yaml",
        "application/octet-stream",
    }
)


async def read_file(scope: Scope, receive: Any, settings: DoorSettings, *, limit: int, name: str) -> bytes:
    """The body, decompressed. limit: bytes. name: whose limit it is, for messages.

    Raises:
        UnsupportedMediaType: of a web form, or of another kind than files of definitions have.
        BodyTooLarge, MalformedBody: as of `body.read` and `body.decoded`.
    """
    kind = media_type(scope)
    if kind not in _READ:
        raise UnsupportedMediaType(
            f"Content-Type {kind[:80]!r} is not read here: send application/yaml or application/json"
        )
    data = await body.read(scope, receive, limit=limit, setting=name, timeout=settings.read_timeout)
    return body.decoded(scope, data, limit, name)


def media_type(scope: Scope) -> str:
    """What the body says it is, without parameters; empty where it says nothing."""
    return (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
