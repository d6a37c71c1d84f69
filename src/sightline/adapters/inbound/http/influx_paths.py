"""Where Influx' protocols are spoken, and in which words a request there is refused."""

from http import HTTPStatus
from typing import Final

import msgspec

from sightline.adapters.inbound.http.errors import Refusal, Shape

WRITE: Final = frozenset({"/write", "/influx/write"})
"""Where lines are written as to version 1; the second is where VictoriaMetrics has it too."""
WRITE_V2: Final = frozenset({"/api/v2/write", "/influx/api/v2/write"})
"""Likewise as to version 2."""
QUERY: Final = ("/query", "/influx/query")
PING: Final = ("/ping", "/influx/ping")
OPEN: Final = frozenset(PING)
"""Paths that need no token."""
WITH_PASSWORD: Final = WRITE | WRITE_V2 | frozenset(QUERY)
"""Paths where the parameter p is a password, and so a token."""

_WORDS: Final = {
    HTTPStatus.BAD_REQUEST: "invalid",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method not allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request too large",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal error",
}


def _in_version_1(refused: Refusal) -> bytes:
    return msgspec.json.encode({"error": refused.message})


def _in_version_2(refused: Refusal) -> bytes:
    return msgspec.json.encode({"code": _WORDS.get(refused.status, "invalid"), "message": refused.message})


_VERSION_1: Final = Shape("InfluxError", _in_version_1)
_VERSION_2: Final = Shape("InfluxErrorV2", _in_version_2)
SHAPES: Final = {**dict.fromkeys(WRITE | frozenset(QUERY), _VERSION_1), **dict.fromkeys(WRITE_V2, _VERSION_2)}
"""By path, the shape of a refusal."""
