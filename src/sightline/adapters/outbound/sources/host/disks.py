"""Block devices, from /proc/diskstats.

Source: the kernel's Documentation/admin-guide/iostats.rst; sectors are 512 bytes there whatever the device's are, times are ms.
"""

import re
from typing import Final

from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.metrics.readings import Pairs, Readings

# Partitions, RAM and loop devices, as node_exporter leaves out by default.
_IGNORED: Final = re.compile(r"(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+")
_SECTOR: Final = 512.0
_MS: Final = 0.001

# In the order of the file's columns; older kernels have fewer.
_COLUMNS: Final = (
    ("node_disk_reads_completed_total", 1.0),
    ("node_disk_reads_merged_total", 1.0),
    ("node_disk_read_bytes_total", _SECTOR),
    ("node_disk_read_time_seconds_total", _MS),
    ("node_disk_writes_completed_total", 1.0),
    ("node_disk_writes_merged_total", 1.0),
    ("node_disk_written_bytes_total", _SECTOR),
    ("node_disk_write_time_seconds_total", _MS),
    ("node_disk_io_now", 1.0),
    ("node_disk_io_time_seconds_total", _MS),
    ("node_disk_io_time_weighted_seconds_total", _MS),
    ("node_disk_discards_completed_total", 1.0),
    ("node_disk_discards_merged_total", 1.0),
    ("node_disk_discarded_sectors_total", 1.0),
    ("node_disk_discard_time_seconds_total", _MS),
    ("node_disk_flush_requests_total", 1.0),
    ("node_disk_flush_requests_time_seconds_total", _MS),
)


def read(roots: Roots) -> Readings:
    """Operations, bytes and times by device."""
    found: dict[tuple[str, Pairs], float] = {}
    for line in (roots.proc / "diskstats").read_text().splitlines():
        _, _, device, *columns = line.split()
        if not _IGNORED.fullmatch(device):
            labels = (("device", device),)
            for (name, unit), column in zip(_COLUMNS, columns, strict=False):
                found[name, labels] = int(column) * unit
    return found
