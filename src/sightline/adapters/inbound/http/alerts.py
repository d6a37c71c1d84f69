"""An alert as Prometheus shows it, with the reason for its state, and since when it is in it, beside."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sightline.adapters.inbound.http.floats import exponent_text
from sightline.domain.alerts.notice import Alert

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def alert_object(alert: Alert) -> dict[str, Any]:
    """The JSON object of one alert."""
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": alert.state.value,
        "activeAt": rfc3339(alert.active_at),
        "changedAt": rfc3339(alert.changed_at),
        "value": exponent_text(alert.value),
        "reason": alert.reason.value,
    }


def rfc3339(milliseconds: int) -> str:
    """An instant as `2026-11-21T07:00:00.123Z`, decimals only where there are any."""
    instant = _EPOCH + timedelta(milliseconds=milliseconds)
    text = instant.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds")
    return text.removesuffix("+00:00") + "Z"
