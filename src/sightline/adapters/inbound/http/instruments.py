"""What the door says about itself. Labels hold route templates, never paths that a caller chose."""

from typing import Final

from sightline.ports.telemetry import Instrument, Kind

REQUESTS: Final = Instrument(
    "sightline_http_requests_total", "Requests answered, by route and status code.", Kind.COUNTER, ("route", "code")
)
SECONDS: Final = Instrument(
    "sightline_http_request_duration_seconds",
    "Time from the first to the last byte of an answer, by route.",
    Kind.HISTOGRAM,
    ("route",),
    (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0),
)
BYTES_IN: Final = Instrument(
    "sightline_http_intake_bytes_total", "Bytes of intake bodies as they were sent, by route.", Kind.COUNTER, ("route",)
)
INFLIGHT: Final = Instrument(
    "sightline_http_intake_inflight_bytes", "Bytes of intake bodies under way, as sent plus decompressed.", Kind.GAUGE
)
WEBSOCKETS: Final = Instrument("sightline_http_websockets", "Live connections.", Kind.GAUGE)
WEBSOCKET_DROPPED: Final = Instrument(
    "sightline_http_websocket_dropped_samples_total", "Live samples that slow listeners missed.", Kind.COUNTER
)

INFLUX_STRINGS: Final = Instrument(
    "sightline_influx_strings_total",
    "String fields of Influx lines, which are no samples and not stored.",
    Kind.COUNTER,
)

UNMATCHED: Final = "unmatched"
"""The route label of requests that no route took."""
