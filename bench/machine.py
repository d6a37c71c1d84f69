"""What the figures were measured on."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Final

from bench.programs import NODE_EXPORTER, PROGRAMS

_STEAL: Final = 8  # the field of the first line of /proc/stat, proc_stat(5)


def describe() -> dict[str, str]:
    """Facts of this machine and of the programs, as words; nothing that names the machine."""
    facts = {
        "processor": f"{_of('cpuinfo', 'model name')}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{int(_of('meminfo', 'MemTotal').removesuffix('kB')) / (1 << 20):.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }
    return facts | {program.name: program.version() for program in (*PROGRAMS, NODE_EXPORTER)} | {"commit": _commit()}


def load() -> float:
    """The load average of the last minute: above about 1 before a run, somebody else is at work."""
    return os.getloadavg()[0]


def withheld() -> float:
    """Seconds of a core so far in which work was ready to run and the hypervisor gave the processor to others (steal)."""
    ticks = int(Path("/proc/stat").read_text(encoding="utf-8").partition("\n")[0].split()[_STEAL])
    return ticks / os.sysconf("SC_CLK_TCK")


def _commit() -> str:
    """Which Sightline this is; empty where the code lies in no repository."""
    commit = _git("rev-parse", "--short", "HEAD")
    return f"{commit} with changes" if _git("status", "--porcelain", "--", "src") else commit


def _git(*arguments: str) -> str:
    folder = Path(__file__).parent.parent
    asked = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False)
    return asked.stdout.strip()


def _of(file: str, name: str) -> str:
    for line in Path("/proc", file).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"
