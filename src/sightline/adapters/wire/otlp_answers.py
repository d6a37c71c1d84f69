"""What an export is answered with. Source: https://opentelemetry.io/docs/specs/otlp/ (1.x).

ExportMetricsServiceResponse { ExportMetricsPartialSuccess partial_success = 1 }
ExportMetricsPartialSuccess  { int64 rejected_data_points = 1; string error_message = 2 }
"""

import msgspec

from sightline.adapters.wire.protobuf import encoded_varint, field


def metrics_answer(rejected: int, message: str) -> bytes:
    """The response as protobuf; without a partial success where nothing was rejected and there is nothing to say."""
    if not rejected and not message:
        return b""
    count = b"\x08" + encoded_varint(rejected) if rejected else b""
    return field(1, count + field(2, message.encode(errors="replace")))


def metrics_answer_json(rejected: int, message: str) -> bytes:
    """Likewise as JSON; a 64-bit integer is a string there."""
    if not rejected and not message:
        return b"{}"
    said = {"rejectedDataPoints": str(rejected)} if rejected else {}
    return msgspec.json.encode({"partialSuccess": {**said, "errorMessage": message}})
