"""Alerts and groups as people and programs see them who ask what there is.

Source: https://github.com/prometheus/alertmanager, version 2 of its API.
"""

from dataclasses import dataclass
from enum import StrEnum

from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.labels import Labels


class Processing(StrEnum):
    """What the pipeline makes of an alert: nothing yet, receivers are told, or something keeps them from being told."""

    UNPROCESSED = "unprocessed"
    ACTIVE = "active"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert, who is told of it, and what keeps them from being told.

    receivers: names, in the order of routes. silenced_by: ids of silences. inhibited_by: fingerprints of alerts. muted_by: names of
    time intervals. maintained_by: names of maintenance windows.
    """

    alert: PostedAlert
    receivers: tuple[str, ...]
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()
    maintained_by: tuple[str, ...] = ()
    is_processed: bool = True

    @property
    def state(self) -> Processing:
        """What the pipeline makes of it."""
        if not self.is_processed:
            return Processing.UNPROCESSED
        is_held = bool(self.silenced_by or self.inhibited_by or self.muted_by or self.maintained_by)
        return Processing.SUPPRESSED if is_held else Processing.ACTIVE


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Alerts that one receiver is told of together. key: as receivers get it."""

    key: str
    labels: Labels
    receiver: str
    alerts: tuple[ShownAlert, ...]
