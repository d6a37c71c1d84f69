"""What a failure means to HTTP: one table from stable code to status and Prometheus' error type, and the error envelope."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import msgspec

from sightline.adapters.inbound.http.asgi import Headers
from sightline.domain.errors import SightlineError


class ErrorType(StrEnum):
    """The word in `errorType`. The first seven are Prometheus' own; clients show the others as they are."""

    BAD_DATA = "bad_data"
    EXECUTION = "execution"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"
    NOT_ACCEPTABLE = "not_acceptable"
    INTERNAL = "internal"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_MANY_REQUESTS = "too_many_requests"


MEANING: Final[dict[str, tuple[HTTPStatus, ErrorType]]] = {
    "internal": (HTTPStatus.INTERNAL_SERVER_ERROR, ErrorType.INTERNAL),
    "bad_data": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "body_malformed": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "parameter_invalid": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "field_invalid": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "label_invalid": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "tenant_invalid": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "histogram_invalid": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "sample_out_of_bounds": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "delta_series_limit": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "series_id_collision": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "push_inconsistent": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "silences_limit": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "query_malformed": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "query_points_limit": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "read_samples_limit": (HTTPStatus.BAD_REQUEST, ErrorType.BAD_DATA),
    "execution": (HTTPStatus.UNPROCESSABLE_ENTITY, ErrorType.EXECUTION),
    "query_not_supported": (HTTPStatus.UNPROCESSABLE_ENTITY, ErrorType.EXECUTION),
    "query_vector_matching": (HTTPStatus.UNPROCESSABLE_ENTITY, ErrorType.EXECUTION),
    "query_samples_limit": (HTTPStatus.UNPROCESSABLE_ENTITY, ErrorType.EXECUTION),
    "query_memory_limit": (HTTPStatus.UNPROCESSABLE_ENTITY, ErrorType.EXECUTION),
    "notice_refused": (HTTPStatus.UNPROCESSABLE_ENTITY, ErrorType.EXECUTION),
    "query_timeout": (HTTPStatus.SERVICE_UNAVAILABLE, ErrorType.TIMEOUT),
    "query_concurrency_limit": (HTTPStatus.SERVICE_UNAVAILABLE, ErrorType.UNAVAILABLE),
    "not_found": (HTTPStatus.NOT_FOUND, ErrorType.NOT_FOUND),
    "admin_disabled": (HTTPStatus.SERVICE_UNAVAILABLE, ErrorType.UNAVAILABLE),
    "conflict": (HTTPStatus.CONFLICT, ErrorType.CONFLICT),
    "body_too_large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ErrorType.TOO_LARGE),
    "media_type_unsupported": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, ErrorType.UNSUPPORTED_MEDIA_TYPE),
    "unauthenticated": (HTTPStatus.UNAUTHORIZED, ErrorType.UNAUTHORIZED),
    "forbidden": (HTTPStatus.FORBIDDEN, ErrorType.FORBIDDEN),
    "alerts_limit": (HTTPStatus.TOO_MANY_REQUESTS, ErrorType.TOO_MANY_REQUESTS),
    "intake_overloaded": (HTTPStatus.TOO_MANY_REQUESTS, ErrorType.TOO_MANY_REQUESTS),
    "storage_full": (HTTPStatus.SERVICE_UNAVAILABLE, ErrorType.UNAVAILABLE),
    "unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, ErrorType.UNAVAILABLE),
    # Refused at start: should one of these ever reach a request, it is our fault and not the caller's.
    "settings_invalid": (HTTPStatus.INTERNAL_SERVER_ERROR, ErrorType.INTERNAL),
    "data_folder_locked": (HTTPStatus.INTERNAL_SERVER_ERROR, ErrorType.INTERNAL),
    "data_folder_too_new": (HTTPStatus.INTERNAL_SERVER_ERROR, ErrorType.INTERNAL),
    # Said by the door alone, without an error of the tree.
    "method_not_allowed": (HTTPStatus.METHOD_NOT_ALLOWED, ErrorType.METHOD_NOT_ALLOWED),
    "request_timeout": (HTTPStatus.REQUEST_TIMEOUT, ErrorType.TIMEOUT),
}

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"

RETRY_AFTER: Final = 1
"""Seconds to wait before trying again, where the error does not say."""
RETRIED: Final = frozenset({"intake_overloaded", "query_concurrency_limit", "unavailable"})
"""Codes whose answers have a Retry-After."""


class Envelope(msgspec.Struct, frozen=True):
    """The body of every failed request."""

    status: str
    errorType: str  # noqa: N815 - Prometheus' name
    error: str
    code: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A failure as HTTP says it."""

    code: str
    message: str
    headers: Headers = ()

    @property
    def status(self) -> HTTPStatus:
        """The status line's number."""
        return MEANING[self.code][0]

    def body(self) -> bytes:
        """The envelope, as JSON."""
        return msgspec.json.encode(Envelope("error", MEANING[self.code][1], self.message, self.code))


@dataclass(frozen=True, slots=True)
class Shape:
    """How a refusal's body is made, in JSON, and the name that the API's description has for that shape.

    protobuf: the body for a request that is not JSON itself, where the protocol has one.
    """

    schema: str
    body: Callable[[Refusal], bytes]
    protobuf: Callable[[Refusal], bytes] | None = None

    def said(self, refused: Refusal, media_type: str | None) -> tuple[bytes, str]:
        """The body of an answer to a request of that Content-Type, and its own."""
        kind = (media_type or "").partition(";")[0].strip().lower()
        if self.protobuf is None or kind == JSON:
            return self.body(refused), JSON
        return self.protobuf(refused), PROTOBUF


ENVELOPE: Final = Shape("Error", Refusal.body)
"""The shape wherever a protocol does not have one of its own."""

INTERNAL: Final = Refusal("internal", "The server failed; its log has the cause.")


def refusal(error: SightlineError) -> Refusal:
    """What to answer when a request ends in an error of the tree."""
    headers: Headers = ()
    if error.code in RETRIED:
        headers = (("Retry-After", str(max(1, round(error.detail.get("retry_after", RETRY_AFTER))))),)
    elif error.code == "unauthenticated":
        headers = (("WWW-Authenticate", 'Bearer realm="sightline"'),)
    return Refusal(error.code, error.message, headers)
