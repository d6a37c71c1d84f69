"""What can be set about the HTTP door; the names are the keys under `http.` in the settings."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sightline.domain.probes.ping import MAX_BODY
from sightline.domain.timerange import DAY

MIB: Final = 1 << 20
BUILT_UI: Final = Path(__file__).parent / "ui"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """Bounds and names.

    host: the address we listen on; decides which Host headers are ours and who is local.
    token: the secret that callers must show; None lets everybody in who gets through.
    allowed_hosts: further names we are reached by; `*.example.org` covers subdomains, `*` everything.
    allowed_origins: further origins, as `https://grafana.example.org`, whose pages may call us.
    max_body_bytes, max_decompressed_bytes: of one intake request. max_request_samples: samples, or
    series, of one intake request (`intake.request_samples`). max_form_bytes: of one query form, as sent and decompressed.
    admin: whether series may be deleted and the store copied (`http.admin`).
    max_read_queries: of one remote read (`read.max_queries`).
    max_request_alerts, max_alert_bytes: alerts of one request, and bytes of the texts of one (`alerts.`).
    webhook_timeout: for how long, ms, an alert from a webhook fires of which nothing more is said (`alerts.webhook_timeout`).
    max_ping_bytes: of the body of one ping (`pings.max_body_bytes`); kept_ping_bytes: of it that are kept.
    max_inflight_bytes: of all intake requests under way together, as sent plus decompressed.
    read_timeout: seconds that a client may stand still, with a request's head, its body, or in taking our answer.
    max_websockets: live connections at once. lifecycle: whether callers may have the program read again and stop.
    external_url: where people reach the web UI, empty where nobody said. trace_link: where another program shows traces, likewise
    (`traces.link`).
    ui_folder: the built web UI. version, revision: what we say we are.
    """

    host: str = "127.0.0.1"
    token: bytes | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    max_body_bytes: int = 32 * MIB
    max_decompressed_bytes: int = 64 * MIB
    max_request_samples: int = 1_000_000
    max_form_bytes: int = 4 * MIB
    admin: bool = False
    max_read_queries: int = 100
    max_request_alerts: int = 10_000
    max_alert_bytes: int = 65_536
    webhook_timeout: int = 7 * DAY
    max_ping_bytes: int = MIB
    kept_ping_bytes: int = MAX_BODY
    max_inflight_bytes: int = 256 * MIB
    read_timeout: float = 30.0
    max_websockets: int = 1000
    lifecycle: bool = False
    external_url: str = ""
    trace_link: str = ""
    ui_folder: Path = BUILT_UI
    version: str = "0"
    revision: str = ""
