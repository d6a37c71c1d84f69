"""Bodies that people write: YAML or JSON, whatever they are called, but never what a web form sends."""

from typing import Any, Final, NamedTuple

from litestar import Request

from sightline.adapters.inbound.http import body
from sightline.adapters.inbound.http.asgi import Scope, header
from sightline.adapters.inbound.http.json_body import JSON
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.errors import UnsupportedMediaType

YAML: Final = "application/yaml"
_READ: Final = frozenset({"", JSON, YAML, "application/x-yaml", "text/yaml", "text/x-yaml", "application/octet-stream"})


class Text(NamedTuple):
    """A body. is_json: it says that it is; what says nothing may be YAML, which JSON is, too."""

    data: bytes
    is_json: bool


async def read_text(request: Request[Any, Any, Any], settings: DoorSettings, *, limit: int, name: str) -> Text:
    """The body, decompressed. limit: bytes. name: whose limit it is, for messages.

    Raises:
        UnsupportedMediaType: of a web form, or of another kind than files of definitions have.
        BodyTooLarge, MalformedBody: as of `body.read` and `body.decoded`.
    """
    scope: Any = request.scope
    kind = _media_type(scope)
    if kind not in _READ:
        raise UnsupportedMediaType(f"Content-Type {kind[:80]!r} is not read here: send {YAML} or {JSON}")
    data = await body.read(scope, request.receive, limit=limit, setting=name, timeout=settings.read_timeout)
    return Text(body.decoded(scope, data, limit, name), kind == JSON)


def _media_type(scope: Scope) -> str:
    """What the body says it is, without parameters; empty where it says nothing."""
    return (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
