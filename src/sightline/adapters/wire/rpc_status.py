"""Failures as google.rpc.Status says them, which OTLP uses over HTTP and gRPC alike, in protobuf and in JSON.

Source: https://github.com/googleapis/googleapis, google/rpc/status.proto, code.proto and error_details.proto:

    Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3 }
    RetryInfo { google.protobuf.Duration retry_delay = 1 }
"""

from typing import Final

import msgspec

from sightline.adapters.wire.protobuf import encoded_varint, field

INVALID_ARGUMENT: Final = 3
DEADLINE_EXCEEDED: Final = 4
NOT_FOUND: Final = 5
PERMISSION_DENIED: Final = 7
RESOURCE_EXHAUSTED: Final = 8
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14
UNAUTHENTICATED: Final = 16

_CANONICAL: Final = {
    "not_found": NOT_FOUND,
    "body_too_large": RESOURCE_EXHAUSTED,
    "media_type_unsupported": INVALID_ARGUMENT,
    "unauthenticated": UNAUTHENTICATED,
    "forbidden": PERMISSION_DENIED,
    "intake_overloaded": UNAVAILABLE,
    "storage_full": UNAVAILABLE,
    "unavailable": UNAVAILABLE,
    "request_timeout": DEADLINE_EXCEEDED,
    "method_not_allowed": UNIMPLEMENTED,
    "internal": INTERNAL,
}
_RETRY_INFO: Final = b"type.googleapis.com/google.rpc.RetryInfo"


def canonical(code: str, *, is_bad_data: bool = True) -> int:
    """The canonical number of one of our codes; of one that says nothing else, that the data is bad, or that the fault is ours."""
    return _CANONICAL.get(code, INVALID_ARGUMENT if is_bad_data else INTERNAL)


def status(code: int, message: str, retry_after: int = 0) -> bytes:
    """A Status as protobuf. retry_after: seconds after which the request may be sent again, where that helps."""
    made = b"\x08" + encoded_varint(code) + field(2, message.encode(errors="replace"))
    if retry_after:
        delay = field(1, b"\x08" + encoded_varint(retry_after))
        made += field(3, field(1, _RETRY_INFO) + field(2, delay))
    return made


def status_json(code: int, message: str) -> bytes:
    """A Status as JSON."""
    return msgspec.json.encode({"code": code, "message": message})
