"""What takes lines of Graphite and StatsD."""

import math

from sightline.adapters.inbound.lines.graphite import GraphiteLines
from sightline.adapters.inbound.lines.statsd import StatsdLines
from sightline.adapters.wire.dotted_names import DottedNames, MappingMalformed
from sightline.adapters.wire.graphite import GraphiteDecoder
from sightline.adapters.wire.statsd import StatsdDecoder
from sightline.compose.core import Core
from sightline.domain.errors import SettingsInvalid
from sightline.domain.statsd.aggregates import Aggregates
from sightline.settings.schema import Settings


def graphite_lines(settings: Settings, core: Core) -> GraphiteLines:
    """What takes Graphite's."""
    names = dotted_names(settings.graphite.mappings, "graphite.mappings")
    return GraphiteLines(GraphiteDecoder(names), core.ingest, core.clock, core.telemetry)


def statsd_lines(settings: Settings, core: Core) -> StatsdLines:
    """What takes StatsD's, and sums them up."""
    given = settings.statsd
    aggregates = Aggregates(
        idle=given.idle.seconds, most=given.max_series, began=core.clock.now(), bounds=histogram_buckets(settings)
    )
    decoder = StatsdDecoder(dotted_names(given.mappings, "statsd.mappings"))
    return StatsdLines(decoder, aggregates, core.ingest, core.clock, core.telemetry)


def histogram_buckets(settings: Settings) -> tuple[float, ...]:
    """The upper bounds of the buckets that StatsD's timers fall into.

    Raises:
        SettingsInvalid: they are none.
    """
    bounds = settings.statsd.buckets
    if not bounds or list(bounds) != sorted(set(bounds)) or not all(map(math.isfinite, bounds)):
        raise SettingsInvalid("statsd.buckets are finite numbers in ascending order", key="statsd.buckets")
    return bounds


def dotted_names(mappings: tuple[str, ...], setting: str) -> DottedNames:
    """How dotted names become labels.

    Raises:
        SettingsInvalid: a mapping of the setting cannot be used.
    """
    try:
        return DottedNames(mappings)
    except MappingMalformed as error:
        raise SettingsInvalid(f"{setting}: {error}", key=setting) from None
