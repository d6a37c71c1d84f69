"""What is measured, in this order. A new measurement is one file in measurements/ and one line here."""

from collections.abc import Callable, Mapping
from typing import Final

from bench.measurements import idle, intake, latency, live, queries, report, restart, scrape, start
from bench.plan import Plan
from bench.result import Section

MEASUREMENTS: Final[Mapping[str, Callable[[Plan], Section]]] = {
    "start": start.measure,
    "idle": idle.measure,
    "intake": intake.measure,
    "latency": latency.measure,
    "queries": queries.measure,
    "restart": restart.measure,
    "live": live.measure,
    "report": report.measure,
    "scrape": scrape.measure,
}
