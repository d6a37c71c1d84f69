"""This machine as a source, under node_exporter's names and labels.

`HostSource` in `source` is the door. Each other module reads one part of the machine and yields readings; it raises OSError,
ValueError or LookupError when its part cannot be read.
"""

from sightline.adapters.outbound.sources.host.source import HostSource

__all__ = ["HostSource"]
