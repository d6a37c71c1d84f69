"""Processor time, load, interrupts, context switches, processes and open files, from /proc."""

import os
from typing import Final

from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.metrics.readings import Pairs, Readings

# Columns of /proc/stat as proc(5) gives them, in ticks; guest time is part of user and nice, and told apart once more.
_MODES: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_GUEST_MODES: Final = ("user", "nice")
_IDLE: Final = _MODES.index("idle")
# An idle counter that falls by more than this was reset (the core was taken out and put back); smaller falls are the kernel's
# rounding, and a counter must not fall. Three seconds is node_exporter's figure.
_RESET_SECONDS: Final = 3.0

_TOTALS: Final = {
    "ctxt": "node_context_switches_total",
    "intr": "node_intr_total",
    "processes": "node_forks_total",
    "btime": "node_boot_time_seconds",
    "procs_running": "node_procs_running",
    "procs_blocked": "node_procs_blocked",
}


class Cpu:
    """Reads /proc/stat; remembers the last counters of each core, so that none is reported falling."""

    def __init__(self, roots: Roots) -> None:
        self._path = roots.proc / "stat"
        self._hz = float(os.sysconf("SC_CLK_TCK"))
        self._last: dict[str, list[float]] = {}
        self._series: dict[str, list[tuple[str, Pairs]]] = {}

    def read(self) -> Readings:
        """Seconds by core and mode, and the machine's totals."""
        found: dict[tuple[str, Pairs], float] = {}
        for line in self._path.read_text().splitlines():
            word, _, rest = line.partition(" ")
            if word in _TOTALS:
                found[_TOTALS[word], ()] = float(rest.partition(" ")[0])
            elif word.startswith("cpu") and word != "cpu":
                found.update(zip(self._names(word[3:]), self._seconds(word, rest.split()), strict=False))
        return found

    def _names(self, core: str) -> list[tuple[str, Pairs]]:
        known = self._series.get(core)
        if known is None:
            known = [("node_cpu_seconds_total", (("cpu", core), ("mode", mode))) for mode in _MODES]
            known += [("node_cpu_guest_seconds_total", (("cpu", core), ("mode", mode))) for mode in _GUEST_MODES]
            self._series[core] = known
        return known

    def _seconds(self, core: str, ticks: list[str]) -> list[float]:
        now = [int(tick) / self._hz for tick in ticks]
        last = self._last.get(core)
        if last is not None and now[_IDLE] >= last[_IDLE] - _RESET_SECONDS:
            now = [max(pair) for pair in zip(now, last, strict=True)]
        self._last[core] = now
        return now


def load(roots: Roots) -> Readings:
    """Load averages of 1, 5 and 15 minutes."""
    parts = (roots.proc / "loadavg").read_text().split()
    return {
        ("node_load1", ()): float(parts[0]),
        ("node_load5", ()): float(parts[1]),
        ("node_load15", ()): float(parts[2]),
    }


def file_descriptors(roots: Roots) -> Readings:
    """Open files of the whole machine, and how many there may be."""
    allocated, _, maximum = (roots.proc / "sys/fs/file-nr").read_text().split()
    return {("node_filefd_allocated", ()): float(allocated), ("node_filefd_maximum", ()): float(maximum)}
