"""What a program costs that watches this machine and is asked nothing."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.plan import Plan
from bench.process import Process
from bench.programs import NODE_EXPORTER, PROMETHEUS, SIGHTLINE, VICTORIA_METRICS, Program
from bench.result import Row, Section
from bench.server import free_port, running, scratch


@dataclass(frozen=True, slots=True)
class _Watching:
    """The processes that together watch this machine."""

    processes: tuple[Process, ...]

    def cpu_seconds(self) -> float:
        return sum(process.cpu_seconds() for process in self.processes)

    def anonymous_mib(self) -> float:
        return sum(process.anonymous_bytes() for process in self.processes) / (1 << 20)

    def threads(self) -> float:
        return sum(process.threads() for process in self.processes)


def measure(plan: Plan) -> Section:
    """All at the same time: each takes a few hundredths of a core."""
    with ExitStack() as stack:
        watching = {SIGHTLINE.name: stack.enter_context(_sightline())}
        for program in (PROMETHEUS, VICTORIA_METRICS):
            if program.installed and NODE_EXPORTER.installed:
                watching[program.name] = stack.enter_context(_scraping(program))
        time.sleep(plan.idle_settling)
        started = time.monotonic()
        before = {name: one.cpu_seconds() for name, one in watching.items()}
        time.sleep(plan.idle)
        passed = time.monotonic() - started
        share = {name: [100 * (one.cpu_seconds() - before[name]) / passed] for name, one in watching.items()}
        memory = {name: [one.anonymous_mib()] for name, one in watching.items()}
        threads = {name: [one.threads()] for name, one in watching.items()}
    return Section(
        "idle",
        f"Over {plan.idle:g} s, {plan.idle_settling:g} s after the start, with the default settings. Each peer scrapes a "
        "node_exporter of its own every 5 s and itself every 15 s, as often as Sightline reads; both processes are counted.",
        [
            Row("CPU", "% of a core", "lower", share, limit=3),
            Row("anonymous memory", "MiB", "lower", memory),
            Row("threads", "", "neither", threads),
        ],
        ["Sightline also evaluates two alert rules every 5 s, which the peers here do not."],
    )


@contextmanager
def _sightline() -> Iterator[_Watching]:
    with scratch() as folder, running(SIGHTLINE, folder) as server:
        yield _Watching((server.process,))


@contextmanager
def _scraping(program: Program) -> Iterator[_Watching]:
    with scratch() as folder, scratch() as beside, running(NODE_EXPORTER, beside) as exporter:
        config, port = folder / "prometheus.yml", free_port()
        config.write_text(_SCRAPES.format(exporter=exporter.port, itself=port), encoding="utf-8")
        with running(program, folder, _flags(program, config), port) as server:
            yield _Watching((server.process, exporter.process))


def _flags(program: Program, config: Path) -> list[str]:
    return [f"-promscrape.config={config}"] if program is VICTORIA_METRICS else []


_SCRAPES = """\
scrape_configs:
  - job_name: node
    scrape_interval: 5s
    static_configs: [{{targets: ["127.0.0.1:{exporter}"]}}]
  - job_name: itself
    scrape_interval: 15s
    static_configs: [{{targets: ["127.0.0.1:{itself}"]}}]
"""
