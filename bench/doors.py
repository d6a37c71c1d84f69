"""Where bodies are written to, protocol by protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)
class Door:
    """A path that takes bodies in, and what is said with each."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


REMOTE_WRITE: Final = Door(
    "/api/v1/write",
    {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    },
)
INFLUX: Final = Door("/write?db=bench&precision=ns")
OTLP: Final = Door("/v1/metrics", {"Content-Type": "application/x-protobuf"})
