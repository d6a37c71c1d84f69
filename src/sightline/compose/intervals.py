"""How often things are done."""

from typing import Final

from sightline.domain.errors import SettingsInvalid
from sightline.settings.schema import Settings

INTERVALS: Final = (
    "push.interval",
    "statsd.flush_interval",
    "host.interval",
    "containers.interval",
    "own.interval",
    "alerts.interval",
    "alerts.group_interval",
    "alerts.repeat_interval",
)


def require_intervals(settings: Settings) -> None:
    """Refuse to do something every nought seconds.

    Raises:
        SettingsInvalid: one of INTERVALS is no time.
    """
    for key in INTERVALS:
        require_interval(settings, key)


def require_interval(settings: Settings, key: str) -> None:
    """Likewise for one of them."""
    section, name = key.split(".")
    if getattr(getattr(settings, section), name) <= 0:
        raise SettingsInvalid(f"{key} is a time above 0s, such as 15s", key=key)
