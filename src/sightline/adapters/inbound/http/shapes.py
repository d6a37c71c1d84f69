"""In which shape a request is refused, where a path belongs to a protocol that has its own."""

from typing import Final

from sightline.adapters.inbound.http import alertmanager_paths, healthchecks_paths, influx_paths, otlp_paths
from sightline.adapters.inbound.http.errors import ENVELOPE, Shape

_BY_PATH: Final = {**influx_paths.SHAPES, **otlp_paths.SHAPES}


def shape_of(path: str) -> Shape:
    """The shape of refusals at a path."""
    known = _BY_PATH.get(path)
    if known is not None:
        return known
    if path.startswith(healthchecks_paths.PREFIX):
        return healthchecks_paths.SHAPE
    return alertmanager_paths.SHAPE if path.startswith(alertmanager_paths.PREFIXES) else ENVELOPE
