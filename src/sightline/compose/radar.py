"""What looks for rules that watch nothing."""

from collections.abc import Iterable
from typing import Final

from sightline.application.adopt import Adopt
from sightline.application.count import Count
from sightline.application.evaluate import Evaluate
from sightline.application.radar import SHORTEST, Radar, RadarLimits
from sightline.application.read import Read
from sightline.compose.core import Core
from sightline.domain.alerts.rule import AlertRule
from sightline.domain.errors import SettingsInvalid
from sightline.settings.schema import Settings

LOOK_EVERY: Final = 600.0
"""Seconds between two times at which it is seen whether a look is due: the first one comes so long after the start."""


def make_radar(
    settings: Settings, core: Core, read: Read, evaluate: Evaluate, adopt: Adopt, own: Iterable[AlertRule]
) -> Radar:
    """What looks at the rules of files and of the catalog. own: those that come with the program.

    Raises:
        SettingsInvalid: a time that cannot be.
    """
    limits = radar_limits(settings)
    return Radar(
        evaluate,
        adopt,
        core.reader,
        read,
        Count(core.reader),
        core.clock,
        core.telemetry,
        limits,
        own=[rule.name for rule in own],
    )


def radar_limits(settings: Settings) -> RadarLimits:
    """The bounds.

    Raises:
        SettingsInvalid: a time that cannot be.
    """
    rules = settings.rules
    if rules.radar_window < SHORTEST:
        raise SettingsInvalid("rules.radar_window is a time of 1m at least, such as 7d", key="rules.radar_window")
    if rules.radar_timeout <= 0:
        raise SettingsInvalid("rules.radar_timeout is a time above 0s, such as 30s", key="rules.radar_timeout")
    return RadarLimits(
        rules.radar_window,
        rules.radar_timeout.seconds,
        settings.retention,
        settings.query.lookback,
        settings.alerts.interval,
    )
