"""The parameters of a request, from its query string and, where it has one, its form."""

import asyncio
from typing import Any, Final

from litestar import Request

from sightline.adapters.inbound.http import body
from sightline.adapters.inbound.http.asgi import Receive, Scope, header
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.errors import UnsupportedMediaType

_FORM: Final = "application/x-www-form-urlencoded"
_LIMIT: Final = "http.max_form_bytes"
_WITH_FORM: Final = frozenset({"POST", "PUT"})
# Below, taking a gzip apart is sooner done than handed to a thread.
_INLINE_BYTES: Final = 64 * 1024


async def parameters(request: Request[Any, Any, Any], settings: DoorSettings) -> Parameters:
    """Those of a request that came through the framework; errors as `fields`."""
    scope: Any = request.scope
    return await fields(scope, request.receive, settings)


async def fields(scope: Scope, receive: Receive, settings: DoorSettings) -> Parameters:
    """Read them; what the form says comes before the query string.

    Raises:
        BodyTooLarge, MalformedBody, UnsupportedMediaType: the form cannot be read.
        BadData: parameters that do not decode.
    """
    query: bytes = scope["query_string"]
    if scope["method"] not in _WITH_FORM:
        return Parameters.of(query)
    form = await body.read(scope, receive, limit=settings.max_form_bytes, setting=_LIMIT, timeout=settings.read_timeout)
    if not form:
        return Parameters.of(query)
    media_type = (header(scope, b"content-type") or _FORM).partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise UnsupportedMediaType(f"Content-Type {media_type[:80]!r} is not read here: send {_FORM}")
    if len(form) > _INLINE_BYTES:
        text = await asyncio.to_thread(body.decoded, scope, form, settings.max_form_bytes, _LIMIT)
    else:
        text = body.decoded(scope, form, settings.max_form_bytes, _LIMIT)
    return Parameters.of(text, query)
