"""Every other platform, as far as psutil reads it, under the names that Linux has."""

import os

import psutil

from sightline.domain.metrics.readings import Pairs, Readings

_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def cpu() -> Readings:
    """Seconds by core and mode, and when the machine was started."""
    found: dict[tuple[str, Pairs], float] = {("node_boot_time_seconds", ()): psutil.boot_time()}
    for core, times in enumerate(psutil.cpu_times(percpu=True)):
        seconds = times._asdict()
        for mode in _MODES:
            if mode in seconds:
                found["node_cpu_seconds_total", (("cpu", str(core)), ("mode", mode))] = seconds[mode]
    return found


def load() -> Readings:
    """Load averages of 1, 5 and 15 minutes."""
    return {(f"node_load{minutes}", ()): value for minutes, value in zip((1, 5, 15), os.getloadavg(), strict=True)}


def memory() -> Readings:
    """Memory and swap, in bytes."""
    now, swap = psutil.virtual_memory()._asdict(), psutil.swap_memory()
    names = {
        "total": "MemTotal",
        "available": "MemAvailable",
        "free": "MemFree",
        "active": "Active",
        "inactive": "Inactive",
    }
    found: dict[tuple[str, Pairs], float] = {
        (f"node_memory_{name}_bytes", ()): float(now[key]) for key, name in names.items() if key in now
    }
    found["node_memory_SwapTotal_bytes", ()] = float(swap.total)
    found["node_memory_SwapFree_bytes", ()] = float(swap.free)
    return found


def disks() -> Readings:
    """Operations, bytes and times by device."""
    found: dict[tuple[str, Pairs], float] = {}
    for device, counters in (psutil.disk_io_counters(perdisk=True) or {}).items():
        labels = (("device", device),)
        found["node_disk_reads_completed_total", labels] = float(counters.read_count)
        found["node_disk_writes_completed_total", labels] = float(counters.write_count)
        found["node_disk_read_bytes_total", labels] = float(counters.read_bytes)
        found["node_disk_written_bytes_total", labels] = float(counters.write_bytes)
        found["node_disk_read_time_seconds_total", labels] = counters.read_time / 1000
        found["node_disk_write_time_seconds_total", labels] = counters.write_time / 1000
    return found


def filesystems() -> Readings:
    """Bytes by file system; one that cannot be asked is left out."""
    found: dict[tuple[str, Pairs], float] = {}
    for part in psutil.disk_partitions(all=False):
        try:
            size = os.statvfs(part.mountpoint)
        except OSError:
            continue
        labels = (("device", part.device), ("fstype", part.fstype), ("mountpoint", part.mountpoint))
        found["node_filesystem_size_bytes", labels] = float(size.f_blocks * size.f_frsize)
        found["node_filesystem_free_bytes", labels] = float(size.f_bfree * size.f_frsize)
        found["node_filesystem_avail_bytes", labels] = float(size.f_bavail * size.f_frsize)
        found["node_filesystem_files", labels] = float(size.f_files)
        found["node_filesystem_files_free", labels] = float(size.f_ffree)
        found["node_filesystem_readonly", labels] = float("ro" in part.opts.split(","))
    return found


def network() -> Readings:
    """What each device received and sent, and whether it is up."""
    found: dict[tuple[str, Pairs], float] = {}
    for device, counters in psutil.net_io_counters(pernic=True).items():
        labels = (("device", device),)
        for way, values in {
            "receive": (counters.bytes_recv, counters.packets_recv, counters.errin, counters.dropin),
            "transmit": (counters.bytes_sent, counters.packets_sent, counters.errout, counters.dropout),
        }.items():
            for column, value in zip(("bytes", "packets", "errs", "drop"), values, strict=True):
                found[f"node_network_{way}_{column}_total", labels] = float(value)
    for device, state in psutil.net_if_stats().items():
        found["node_network_up", (("device", device),)] = float(state.isup)
    return found
