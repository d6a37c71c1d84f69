"""What a configuration file of Alertmanager says."""

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.receiver import Options, Receiver
from sightline.domain.alerts.route import Route
from sightline.domain.alerts.time_intervals import TimeIntervals


@dataclass(frozen=True, slots=True)
class AlertmanagerConfig:
    """One file, checked: every name that a route has for a receiver or a time interval is there.

    settings: the section `global`, with defaults. templates: patterns of files, as written.
    """

    route: Route
    receivers: Mapping[str, Receiver]
    inhibit_rules: tuple[InhibitRule, ...]
    time_intervals: TimeIntervals
    templates: tuple[str, ...]
    settings: Options
