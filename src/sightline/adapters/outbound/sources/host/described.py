"""What the metrics of a host mean, for those who look for one."""

from collections.abc import Mapping
from typing import Final

from sightline.domain.scrape.scraped import Metadata

_HELP: Final[Mapping[str, str]] = {
    "node_boot_time_seconds": "When the machine was started, seconds since 1970.",
    "node_context_switches_total": "Times that a core turned from one thread to another.",
    "node_cpu_guest_seconds_total": "Time that cores spent in virtual machines, by mode; part of user and nice.",
    "node_cpu_seconds_total": "Time that cores spent in each mode.",
    "node_disk_discard_time_seconds_total": "Time that discards took, together.",
    "node_disk_discarded_sectors_total": "Sectors that were discarded.",
    "node_disk_discards_completed_total": "Discards that were carried out.",
    "node_disk_discards_merged_total": "Discards that were joined with a neighbour.",
    "node_disk_flush_requests_time_seconds_total": "Time that flushes took, together.",
    "node_disk_flush_requests_total": "Flushes that were carried out.",
    "node_disk_io_now": "Reads and writes under way.",
    "node_disk_io_time_seconds_total": "Time in which something was under way: its rate is the share that the disk is busy.",
    "node_disk_io_time_weighted_seconds_total": "Time that reads and writes took, waiting included, each by itself.",
    "node_disk_read_bytes_total": "Bytes read.",
    "node_disk_read_time_seconds_total": "Time that reads took, together.",
    "node_disk_reads_completed_total": "Reads that were carried out.",
    "node_disk_reads_merged_total": "Reads that were joined with a neighbour.",
    "node_disk_write_time_seconds_total": "Time that writes took, together.",
    "node_disk_writes_completed_total": "Writes that were carried out.",
    "node_disk_writes_merged_total": "Writes that were joined with a neighbour.",
    "node_disk_written_bytes_total": "Bytes written.",
    "node_filefd_allocated": "Files that are open.",
    "node_filefd_maximum": "Files that may be open at once.",
    "node_filesystem_avail_bytes": "Room that users may still fill.",
    "node_filesystem_device_error": "1 where the file system could not be asked.",
    "node_filesystem_files": "Files that the file system can hold.",
    "node_filesystem_files_free": "Files that it can hold beyond those that are there.",
    "node_filesystem_free_bytes": "Room that is free, what is kept for root included.",
    "node_filesystem_readonly": "1 where nothing can be written.",
    "node_filesystem_size_bytes": "Size of the file system.",
    "node_forks_total": "Processes that were started.",
    "node_hwmon_chip_names": "The name of each sensor chip; always 1.",
    "node_hwmon_sensor_label": "The name of each sensor; always 1.",
    "node_hwmon_temp_celsius": "Temperature by chip and sensor.",
    "node_intr_total": "Interrupts that were served.",
    "node_load1": "Processes that run or wait to, mean over a minute.",
    "node_load15": "Processes that run or wait to, mean over 15 minutes.",
    "node_load5": "Processes that run or wait to, mean over 5 minutes.",
    "node_network_up": "1 where the device is up.",
    "node_os_info": "Name and version of the operating system; always 1.",
    "node_os_version": "Version of the operating system as a number.",
    "node_pressure_cpu_waiting_seconds_total": "Time in which some process waited for a core.",
    "node_pressure_io_stalled_seconds_total": "Time in which every process waited for a disk.",
    "node_pressure_io_waiting_seconds_total": "Time in which some process waited for a disk.",
    "node_pressure_memory_stalled_seconds_total": "Time in which every process waited for memory.",
    "node_pressure_memory_waiting_seconds_total": "Time in which some process waited for memory.",
    "node_procs_blocked": "Processes that wait for a disk.",
    "node_procs_running": "Processes that run or could.",
    "node_scrape_collector_duration_seconds": "How long a part of this machine took to read.",
    "node_scrape_collector_success": "1 where a part of this machine could be read.",
    "node_thermal_zone_temp": "Temperature of a thermal zone, degrees Celsius.",
    "node_time_seconds": "The machine's time, seconds since 1970.",
    "node_uname_info": "Names of the system and its kernel; always 1.",
    **{
        f"node_network_{direction}_{what}_total": f"{words} {done} by a network device."
        for direction, done in (("receive", "received"), ("transmit", "sent"))
        for what, words in (
            ("bytes", "Bytes"),
            ("packets", "Packets"),
            ("errs", "Errors among what was"),
            ("drop", "Packets dropped among what was"),
        )
    },
    "node_memory_Buffers_bytes": "Memory that holds metadata of disks.",
    "node_memory_Cached_bytes": "Memory that holds pages of files.",
    "node_memory_MemAvailable_bytes": "Memory that programs could still get, what the cache would give back included.",
    "node_memory_MemFree_bytes": "Memory that nothing uses.",
    "node_memory_MemTotal_bytes": "Memory of the machine.",
    "node_memory_SwapFree_bytes": "Swap space that nothing uses.",
    "node_memory_SwapTotal_bytes": "Swap space of the machine.",
}

METADATA: Final[Mapping[str, Metadata]] = {
    name: Metadata("counter" if name.endswith("_total") else "gauge", words) for name, words in _HELP.items()
}
"""By metric, those that people ask for; other lines of /proc/meminfo explain themselves."""
