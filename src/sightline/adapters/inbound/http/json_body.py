"""Bodies that are JSON: which of requests are taken for it and how they are read, and those of answers."""

from typing import Any, Final

import msgspec
from litestar import Request, Response

from sightline.adapters.inbound.http import body
from sightline.adapters.inbound.http.asgi import Scope, header
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.errors import UnsupportedMediaType

JSON: Final = "application/json"
_USUAL_LIMIT: Final = "http.max_form_bytes"


def check_format(scope: Scope) -> None:
    """Take JSON, and bodies that do not say what they are.

    Raises:
        UnsupportedMediaType: another content type, as that of a web form, which any page could send.
    """
    given = header(scope, b"content-type")
    if given is None or given == JSON:
        return
    kind = given.partition(";")[0].strip().lower()
    if kind not in {"", JSON} and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType(
            f"Content-Type {given[:80]!r} is not read here: send {JSON}; curl does with -H 'Content-Type: {JSON}'"
        )


async def read_json(
    request: Request[Any, Any, Any], settings: DoorSettings, *, limit: int | None = None, name: str = _USUAL_LIMIT
) -> bytes:
    """The body of a request that brings JSON, decompressed and not looked at yet.

    limit: bytes; None takes as many as of a form. name: whose limit it is, for messages.

    Raises:
        UnsupportedMediaType: as of `check_format`.
        BodyTooLarge, MalformedBody: as of `body.read` and `body.decoded`.
    """
    scope: Any = request.scope
    check_format(scope)
    most = settings.max_form_bytes if limit is None else limit
    data = await body.read(scope, request.receive, limit=most, setting=name, timeout=settings.read_timeout)
    return body.decoded(scope, data, most, name)


def answer(tree: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """What is answered with, as JSON."""
    return Response(msgspec.json.encode(tree), status_code=status, media_type=JSON, headers=headers)
