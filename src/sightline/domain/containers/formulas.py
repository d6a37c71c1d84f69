"""How counters become percentages: the formulas that Docker documents for `docker stats`.

Source: the description of `GET /containers/{id}/stats` in the Docker Engine API, versions 1.41 and later.
"""

from collections.abc import Mapping

from sightline.domain.containers.usage import CpuTime


def cpus_used(before: CpuTime, after: CpuTime, elapsed: float) -> float | None:
    """How many CPUs a container kept busy between two reads, `elapsed` ns apart; None when the reads do not tell.

    Its share of all CPU time of the machine, times the number of CPUs; without the machine's time, its CPU time over real time.
    """
    used = after.used - before.used
    if used < 0:  # the container started anew
        return None
    if after.machine is not None and before.machine is not None:
        whole = after.machine - before.machine
        return used / whole * after.cpus if whole > 0 else None
    return used / elapsed if elapsed > 0 else None


def cpu_percent(cpus: float, after: CpuTime) -> float:
    """The figure that `docker stats` shows for so many busy CPUs: 100 is one CPU, on Windows the whole machine."""
    return 100 * (cpus / after.cpus if after.of_machine else cpus)


def cpu_limit(limit: float | None, after: CpuTime) -> float:
    """How many CPUs a container can keep busy: its limit, and never more than there are."""
    return float(after.cpus) if limit is None else min(limit, float(after.cpus))


def working_set(usage: float, parts: Mapping[str, float]) -> float:
    """Memory less the file cache that was not used lately, which the kernel takes back first.

    parts: the kernel's memory.stat. cgroup v1 counts the container and what is below it in `total_inactive_file`, v2 always in
    `inactive_file`. A cache larger than the usage, read a moment later, is not subtracted.
    """
    inactive = parts.get("total_inactive_file", parts.get("inactive_file", 0.0))
    return usage - inactive if inactive < usage else usage


def percent(part: float, whole: float | None) -> float | None:
    """A part of a whole in percent; None without a whole."""
    return 100 * part / whole if whole else None
