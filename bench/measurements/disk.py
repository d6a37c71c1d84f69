"""What a sample takes on the disk once everything is merged."""

import time

from bench.loading import flags, force_merges, settle_tables
from bench.parts import table_bytes
from bench.plan import Plan
from bench.programs import SIGHTLINE, VICTORIA_METRICS, Program
from bench.result import Row, Section
from bench.samples import STEP, Request, Shape, requests
from bench.sending import send
from bench.server import Failed, running, scratch


def measure(plan: Plan) -> Section:
    """Write the same samples to both, let them merge, and look at their folders."""
    rounds = plan.disk_rounds
    start = int(time.time() - 60) * 1000 - rounds * 20 * STEP
    counters, everything = _both(list(requests(Shape(start, rounds))))
    gauges, _ = _both(list(requests(Shape(start, rounds, kind="gauge"))))
    return Section(
        "disk",
        f"{Shape(start, rounds).samples:,} samples of 10,000 series, {rounds * 20} of each, 15 s apart, by remote write. Counted "
        "are the folders of the tables of samples once all is written and merges have come to rest: no log, no index of labels.",
        [
            Row("counters", "bytes/sample", "lower", counters, against={VICTORIA_METRICS.name: 1.0}),
            Row("gauges with two decimals", "bytes/sample", "lower", gauges, against={VICTORIA_METRICS.name: 1.5}),
            Row("counters, with index and everything else but the log", "bytes/sample", "lower", everything),
        ],
        [
            "VictoriaMetrics is told to merge all it has (/internal/force_merge); Sightline merges as it sees fit.",
            "Parts that Sightline has merged but not yet deleted are not counted in its tables; they are in the last row.",
            "Prometheus has no tables of samples that are younger than two hours.",
            "Sightline also stores a few hundred samples of its own every 15 s; they are counted as bytes and not as samples.",
        ],
    )


def _both(bodies: list[Request]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    tables, everything = {}, {}
    for program in (SIGHTLINE, VICTORIA_METRICS):
        if program.installed:
            in_tables, in_all = _run(program, bodies)
            tables[program.name], everything[program.name] = [in_tables], [in_all]
    return tables, everything


def _run(program: Program, bodies: list[Request]) -> tuple[float, float]:
    with scratch() as folder, running(program, folder, flags(program, "flush.age=1s")) as server:
        sent = send(server, bodies)
        settle_tables(server)
        force_merges(server)
        tables = table_bytes(server)
        everything, log = server.disk_bytes()
    if tables is None:
        raise Failed(f"{program.name} has no tables of samples")
    return tables / sent.samples, (everything - log) / sent.samples
