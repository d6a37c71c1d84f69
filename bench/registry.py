"""What is measured, in this order. A new measurement is one file in measurements/ and one line here."""

from collections.abc import Callable, Mapping
from typing import Final

from bench.measurements import (
    alerting,
    backtest,
    busy,
    disk,
    growth,
    idle,
    imports,
    intake,
    intake_single,
    latency,
    live,
    long,
    memory,
    probes,
    protocols,
    queries,
    reopen,
    report,
    restart,
    rules,
    scrape,
    soak,
    start,
    status_page,
)
from bench.plan import Plan
from bench.result import Section

MEASUREMENTS: Final[Mapping[str, Callable[[Plan], Section]]] = {
    "start": start.measure,
    "idle": idle.measure,
    "intake": intake.measure,
    "intake-single": intake_single.measure,
    "protocols": protocols.measure,
    "imports": imports.measure,
    "disk": disk.measure,
    "memory": memory.measure,
    "latency": latency.measure,
    "queries": queries.measure,
    "rules": rules.measure,
    "backtest": backtest.measure,
    "alerting": alerting.measure,
    "busy": busy.measure,
    "reopen": reopen.measure,
    "growth": growth.measure,
    "long": long.measure,
    "restart": restart.measure,
    "live": live.measure,
    "report": report.measure,
    "scrape": scrape.measure,
    "status-page": status_page.measure,
    "probes": probes.measure,
    "soak": soak.measure,
}
ON_REQUEST: Final = frozenset({"soak"})
"""What takes so long that it is measured only when it is named."""
