"""How much of everything is done: the whole plan takes about twelve minutes, the quick one four."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of the measurements. Seconds unless said otherwise; a round is 20 samples of each of 10,000 series."""

    name: str
    starts: int
    idle_settling: float
    idle: float
    intake_runs: int
    intake_rounds: int
    latency: float
    query_rounds: int
    query_steps: int
    query_runs: int
    restarts: int
    live: float
    report: float
    report_runs: int
    scrape: float
    scrape_targets: int


FULL: Final = Plan(
    name="full",
    starts=5,
    idle_settling=45,
    idle=60,
    intake_runs=5,
    intake_rounds=10,
    latency=5,
    query_rounds=19,
    query_steps=360,
    query_runs=7,
    restarts=3,
    live=30,
    report=30,
    report_runs=3,
    scrape=75,
    scrape_targets=500,
)
QUICK: Final = Plan(
    name="quick",
    starts=1,
    idle_settling=5,
    idle=8,
    intake_runs=1,
    intake_rounds=5,
    latency=2,
    query_rounds=7,
    query_steps=120,
    query_runs=3,
    restarts=1,
    live=5,
    report=6,
    report_runs=1,
    scrape=30,
    scrape_targets=100,
)
