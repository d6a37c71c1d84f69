"""How punctually many targets are scraped, and what that costs."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.loading import QUIET
from bench.plan import Plan
from bench.programs import PROMETHEUS, SIGHTLINE, Program, present
from bench.result import Row, Section, percentile
from bench.server import Failed, running, scratch

SERIES: Final = 500
INTERVAL: Final = 15
_FIRST_PORT: Final = 21_000


def measure(plan: Plan) -> Section:
    """Let every program scrape the same targets, one after the other."""
    found: dict[str, dict[str, list[float]]] = {}
    for program in present():
        for name, value in _run(program, plan).items():
            found.setdefault(name, {}).setdefault(program.name, []).append(value)
    return Section(
        "scrape",
        f"{plan.scrape_targets} targets with {SERIES} series each every {INTERVAL} s, {plan.scrape:g} s long after one interval to "
        "warm. Lateness is seen by the targets: how long after its turn each was asked, its turns being an interval apart and the "
        "first of them where it was asked earliest. The targets share the cores.",
        [
            Row("lateness, 99th percentile", "ms", "lower", found["p99"], limit=200),
            Row("lateness, largest", "ms", "lower", found["max"]),
            Row("scrapes missing", "", "lower", found["missing"]),
            Row("targets up in the end", "", "higher", found["up"], limit=plan.scrape_targets),
            Row("CPU", "% of a core", "lower", found["cpu"]),
            Row("anonymous memory in the end", "MiB", "lower", found["memory"]),
        ],
    )


def _run(program: Program, plan: Plan) -> Mapping[str, float]:
    with scratch() as folder:
        ports = _free_stretch(plan.scrape_targets)
        notes = folder / "asked"
        with _targets(ports, notes):
            flags = _configured(program, folder, ports)
            with running(program, folder, flags) as server:
                time.sleep(INTERVAL + 3)
                before, began = server.process.cpu_seconds(), time.time()
                time.sleep(plan.scrape)
                cpu, ended = server.process.cpu_seconds() - before, time.time()
                memory = server.process.anonymous_bytes()
                with server.connect() as connection:
                    up = connection.get("/api/v1/query", {"query": 'sum(up{job="bench"})'}).json()["data"]["result"]
        asked = [[float(one) for one in line.split()] for line in notes.read_text(encoding="utf-8").split("\n")]
        late, missing = _lateness(asked, began, ended)
        return {
            "p99": percentile(late, 0.99),
            "max": late[-1],
            "missing": missing,
            "up": float(up[0]["value"][1]) if up else 0.0,
            "cpu": 100 * cpu / (ended - began),
            "memory": memory / (1 << 20),
        }


def _lateness(asked: Sequence[Sequence[float]], began: float, ended: float) -> tuple[list[float], float]:
    """Lateness of every scrape in ms, ascending, and how many scrapes are missing."""
    late: list[float] = []
    missing = 0
    for times in asked:
        within = [one for one in times if began <= one <= ended]
        turns = [one % INTERVAL for one in within]
        # Phases lie on a circle: turn it so that no phase is near its seam.
        seam = (turns[0] + INTERVAL / 2) % INTERVAL if turns else 0.0
        phases = [(one - seam) % INTERVAL for one in turns]
        late += [1000 * (one - min(phases)) for one in phases]
        missing += max(0, int((ended - began) / INTERVAL) - len(within))
    return sorted(late) or [float("inf")], float(missing)


@contextmanager
def _targets(ports: range, notes: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.targets", str(ports.start), str(len(ports)), str(SERIES), str(notes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdin is None or process.stdout.readline() != b"ready\n":
            raise Failed("the targets did not start")
        try:
            yield
        finally:
            process.stdin.close()
            process.wait(10)


def _configured(program: Program, folder: Path, ports: range) -> Sequence[str]:
    addresses = [f"127.0.0.1:{port}" for port in ports]
    if program is SIGHTLINE:
        config = folder / "sightline.toml"
        config.write_text(
            f'[[scrape]]\njob = "bench"\ninterval = "{INTERVAL}s"\ntargets = {json.dumps(addresses)}\n',
            encoding="utf-8",
        )
        return ("--config", str(config), *QUIET)
    config = folder / "prometheus.yml"
    job = {"job_name": "bench", "scrape_interval": f"{INTERVAL}s", "static_configs": [{"targets": addresses}]}
    config.write_text(json.dumps({"scrape_configs": [job]}), encoding="utf-8")
    return () if program is PROMETHEUS else (f"-promscrape.config={config}",)


def _free_stretch(count: int) -> range:
    """So many ports in a row that nobody listens on now."""
    for first in range(_FIRST_PORT, 60_000, 1_000):
        ports = range(first, first + count)
        if all(map(_free, ports)):
            return ports
    raise Failed(f"there are not {count} free ports in a row")


def _free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
