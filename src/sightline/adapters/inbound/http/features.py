"""What this program can do, by Prometheus' names: GET /api/v1/features."""

from collections.abc import Mapping
from typing import Final

from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.promql.signatures import AGGREGATIONS, FUNCTIONS, PRECEDENCE

_ANY: Final = ("exclude_alerts", "label_values_match", "openapi_3.1", "query_stats", "query_warnings")
_OF_TIME: Final = ("remote_write_receiver", "time_range_labels", "time_range_series")
_LANGUAGE: Final = (
    *("anchored", "at_modifier", "bool", "by", "duration_expr", "fill", "fill_left", "fill_right"),
    *("group_left", "group_right", "ignoring", "negative_offset", "offset", "on"),
    *("per_query_lookback_delta", "per_step_stats", "smoothed", "subqueries", "without"),
)
_MATCHERS: Final = ("=~", "!~")


def features(settings: DoorSettings) -> Mapping[str, Mapping[str, bool]]:
    """By category and name, whether it can be used; what is not named is not known here."""
    return {
        "api": {**dict.fromkeys((*_ANY, *_OF_TIME), True), "lifecycle": settings.lifecycle, "admin": settings.admin},
        "promql": dict.fromkeys(_LANGUAGE, True),
        "promql_functions": dict.fromkeys(sorted(FUNCTIONS), True),
        "promql_operators": dict.fromkeys(sorted({*PRECEDENCE, *AGGREGATIONS, *_MATCHERS}), True),
    }
