"""In which shape a request is refused, where a path belongs to a protocol that has its own."""

from typing import Final

from sightline.adapters.inbound.http import influx_paths, otlp_paths

SHAPES: Final = {**influx_paths.SHAPES, **otlp_paths.SHAPES}
"""By path."""
