"""What can be set about the gRPC door, and what stands behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sightline.application.absorb import Absorb
from sightline.domain.tenancy import Principal
from sightline.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcSettings:
    """Where it listens, its bounds, and what stands behind it.

    admit: who calls, by the metadata that came along. max_message_bytes: of one message once decompressed
    (`http.max_decompressed_bytes`). max_inflight_bytes: of messages under way at once. drain_seconds: what calls under way are
    given when it stops.
    """

    host: str
    port: int
    absorb: Absorb
    admit: Callable[[Mapping[str, str]], Principal]
    telemetry: Telemetry
    max_message_bytes: int = 64 << 20
    max_inflight_bytes: int = 256 << 20
    drain_seconds: float = 2.0
