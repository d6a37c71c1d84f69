"""What a sample takes on the disk once everything is merged."""

import asyncio
import time
from pathlib import Path

from bench.loading import flags, force_merges, settle_tables
from bench.parts import table_bytes
from bench.plan import Plan
from bench.programs import SIGHTLINE, VICTORIA_METRICS, Program
from bench.result import Row, Section
from bench.samples import STEP, Request, Shape, requests
from bench.sending import send
from bench.server import Failed, running, scratch

from sightline.adapters.outbound.clickhouse.embedded import Embedded


def measure(plan: Plan) -> Section:
    """Write the same samples to both, let them merge, and look at their folders."""
    rounds = plan.disk_rounds
    start = int(time.time() - 60) * 1000 - rounds * 20 * STEP
    counters, left, everything = _both(list(requests(Shape(start, rounds))))
    gauges, _, _ = _both(list(requests(Shape(start, rounds, kind="gauge"))))
    return Section(
        "disk",
        f"{Shape(start, rounds).samples:,} samples of 10,000 series, {rounds * 20} of each, 15 s apart, by remote write. Counted "
        "are the folders of the tables of samples once all is written and merged: no log, no index of labels.",
        [
            Row("counters", "bytes/sample", "lower", counters, against={VICTORIA_METRICS.name: 1.0}),
            Row("gauges with two decimals", "bytes/sample", "lower", gauges, against={VICTORIA_METRICS.name: 1.5}),
            Row("counters, merged as each sees fit", "bytes/sample", "lower", left),
            Row("counters, with index and everything else but the log", "bytes/sample", "lower", everything),
        ],
        [
            "VictoriaMetrics is told to merge all it has (/internal/force_merge), and so is Sightline's engine once it is stopped.",
            "The last two rows are of before that.",
            "Parts that Sightline has merged but not yet deleted are not counted in its tables; they are in the last row.",
            "Prometheus has no tables of samples that are younger than two hours.",
            "Sightline also stores a few hundred samples of its own every 15 s; they are counted as bytes and not as samples.",
        ],
    )


def _both(bodies: list[Request]) -> tuple[dict[str, list[float]], ...]:
    """Bytes a sample of each program: in tables once all is merged, in tables before, and of everything but the log before."""
    found: tuple[dict[str, list[float]], ...] = ({}, {}, {})
    for program in (SIGHTLINE, VICTORIA_METRICS):
        if program.installed:
            for row, value in zip(found, _run(program, bodies), strict=True):
                row[program.name] = [value]
    return found


def _run(program: Program, bodies: list[Request]) -> tuple[float, float, float]:
    with scratch() as folder:
        with running(program, folder, flags(program, "flush.age=1s")) as server:
            sent = send(server, bodies)
            settle_tables(server)
            left = table_bytes(server)
            everything, log = server.disk_bytes()
            force_merges(server)
        if program is SIGHTLINE:
            asyncio.run(_merge(folder / "data" / "clickhouse"))
        merged = table_bytes(server)
    if left is None or merged is None:
        raise Failed(f"{program.name} has no tables of samples")
    return merged / sent.samples, left / sent.samples, (everything - log) / sent.samples


async def _merge(folder: Path) -> None:
    """Let the engine of a stopped Sightline merge all samples."""
    engine = await Embedded.open(folder)
    try:
        await engine.command("OPTIMIZE TABLE chunks FINAL")
    finally:
        await engine.close()
