"""The containers of a Docker Engine, or of a Podman that speaks its API, as a source.

`DockerSource` in `source` is the door: it reads what containers use. `watch` knows which containers there are, `engine` asks the
Engine, `answers` reads what it says, `address` finds it.
"""

from sightline.adapters.outbound.sources.docker.source import DockerSource

__all__ = ["DockerSource"]
