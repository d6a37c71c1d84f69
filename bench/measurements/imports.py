"""How fast history comes in: years of samples, from a file through `sightline import` into tables."""

import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.history import SERIES, STEP, write_dump, write_lines
from bench.loading import flags, stop_written
from bench.plan import Plan
from bench.programs import SIGHTLINE, VICTORIA_METRICS, Program
from bench.result import Row, Section
from bench.server import Failed, Server, running, scratch

_WANTED: Final = 1_000_000.0
_RATE: Final = "end to end"
_DISK: Final = "on the disk"
_POSTED: Final = 32 << 20
_KEEP: Final = {SIGHTLINE.name: ("--retention", "20y"), VICTORIA_METRICS.name: ("-retentionPeriod=20y",)}


def measure(plan: Plan) -> Section:
    """Import the same samples as promtool dumps them and as VictoriaMetrics exports them, each into an empty folder."""
    last = 1000 * int(time.time() - 30 * 86_400)
    found: dict[str, dict[str, list[float]]] = {}
    with scratch() as folder:
        dump, lines = folder / "dump.txt", folder / "export.jsonl"
        total = write_dump(dump, plan.import_samples, last)
        write_lines(lines, plan.import_samples, last)
        for _ in range(plan.import_runs):
            for name, file, program in (
                ("what promtool dumps", dump, SIGHTLINE),
                ("JSON lines", lines, SIGHTLINE),
                ("JSON lines", lines, VICTORIA_METRICS),
            ):
                if program.installed:
                    for figure, value in _run(program, file, total).items():
                        found.setdefault(f"{name}, {figure}", {}).setdefault(program.name, []).append(value)
    span = total // SERIES * STEP // 86_400_000
    return Section(
        "imports",
        f"{total:,} samples of {SERIES} series, one a minute, {span} days that ended a month ago, from a file, series by series. "
        "Sightline: `sightline import` and the server on this machine, from its start until the last acknowledgement. "
        "VictoriaMetrics: the file posted to /api/v1/import, 32 MiB a request, over one connection.",
        [_row(name, values) for name, values in found.items()],
        ["The server's CPU is that of its whole life, stopped with everything in its tables."],
    )


def _row(name: str, values: Mapping[str, Sequence[float]]) -> Row:
    if name.endswith(_RATE):
        return Row(name, "samples/s", "higher", values, _WANTED)
    return Row(name, "bytes/sample" if name.endswith(_DISK) else "us/sample", "lower", values)


def _run(program: Program, file: Path, total: int) -> dict[str, float]:
    with scratch() as folder, running(program, folder, (*flags(program), *_KEEP[program.name])) as server:
        server.settle()
        before = _children()
        started = time.monotonic()
        (_imported if program is SIGHTLINE else _posted)(server, file)
        seconds = time.monotonic() - started
        client = _children() - before
        server.settle()
        cpu = stop_written(server)
        disk, _ = server.disk_bytes()
    figures = {_RATE: total / seconds, "CPU of the server": 1e6 * cpu / total, _DISK: disk / total}
    return figures | ({"CPU of the client": 1e6 * client / total} if program is SIGHTLINE else {})


def _imported(server: Server, file: Path) -> None:
    url = f"http://127.0.0.1:{server.port}"
    command = [sys.executable, "-m", "sightline", "import", "--url", url, "--again", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1_200, check=False)
    if done.returncode:
        raise Failed(f"the import ended with {done.returncode}: {done.stderr[-500:]}")


def _posted(server: Server, file: Path) -> None:
    with server.connect() as connection, file.open("rb") as lines:
        while some := lines.read(_POSTED):
            answer = connection.post("/api/v1/import", some + lines.readline(), "application/json")
            if answer.status >= 300:  # noqa: PLR2004 - what is not a success
                raise Failed(f"VictoriaMetrics answers {answer.status}")


def _children() -> float:
    """CPU seconds of the programs that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
