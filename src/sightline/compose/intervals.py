"""How often things are done."""

from typing import Final

from sightline.domain.errors import SettingsInvalid
from sightline.settings.schema import Settings

_KEYS: Final = (
    "push.interval",
    "statsd.flush_interval",
    "host.interval",
    "containers.interval",
    "own.interval",
    "alerts.interval",
)


def require_intervals(settings: Settings) -> None:
    """Refuse to do something every nought seconds.

    Raises:
        SettingsInvalid: one of the intervals is no time.
    """
    for key in _KEYS:
        section, name = key.split(".")
        if getattr(getattr(settings, section), name) <= 0:
            raise SettingsInvalid(f"{key} is a time above 0s, such as 15s", key=key)
