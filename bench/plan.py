"""How much of everything is done: the whole plan takes about forty minutes, the quick one about ten."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of the measurements. Seconds unless said otherwise; a round is 20 samples of each of 10,000 series.

    A single round is one sample of each of 100,000 series.
    """

    name: str
    starts: int
    idle_settling: float
    idle: float
    intake_runs: int
    intake_rounds: int
    single_runs: int
    single_rounds: int
    protocol_runs: int
    line_rounds: int
    point_rounds: int
    histogram_rounds: int
    import_runs: int
    import_samples: int
    disk_rounds: int
    memory_runs: int
    memory_series: int
    memory_settling: float
    latency: float
    query_rounds: int
    query_steps: int
    query_runs: int
    alerts: int
    alert_runs: int
    rules: int
    rule_runs: int
    backtest_days: int
    backtest_runs: int
    reopen_runs: int
    reopen_rounds: int
    busy_probed: int
    busy_rounds: int
    busy_idle: float
    growth: tuple[int, ...]
    growth_runs: int
    long_series: int
    long_days: int
    long_runs: int
    restarts: int
    live: float
    report: float
    report_runs: int
    probes: float
    probe_runs: int
    probe_stay: float
    scrape: float
    scrape_targets: int
    soak: float


FULL: Final = Plan(
    name="full",
    starts=5,
    idle_settling=45,
    idle=60,
    intake_runs=5,
    intake_rounds=50,
    single_runs=5,
    single_rounds=10,
    protocol_runs=5,
    line_rounds=200,
    point_rounds=200,
    histogram_rounds=60,
    import_runs=3,
    import_samples=10_000_000,
    disk_rounds=65,
    memory_runs=5,
    memory_series=100_000,
    memory_settling=20,
    latency=5,
    query_rounds=19,
    query_steps=360,
    query_runs=7,
    alerts=10_000,
    alert_runs=2,
    rules=1_000,
    rule_runs=5,
    backtest_days=7,
    backtest_runs=5,
    reopen_runs=5,
    reopen_rounds=50,
    busy_probed=50,
    busy_rounds=80,
    busy_idle=15,
    growth=(1_000, 10_000, 100_000, 1_000_000),
    growth_runs=5,
    long_series=1_000,
    long_days=30,
    long_runs=5,
    restarts=3,
    live=30,
    report=30,
    report_runs=3,
    probes=40,
    probe_runs=3,
    probe_stay=600,
    scrape=75,
    scrape_targets=500,
    soak=3_600,
)
QUICK: Final = Plan(
    name="quick",
    starts=1,
    idle_settling=5,
    idle=8,
    intake_runs=1,
    intake_rounds=10,
    single_runs=1,
    single_rounds=4,
    protocol_runs=1,
    line_rounds=40,
    point_rounds=40,
    histogram_rounds=12,
    import_runs=1,
    import_samples=2_000_000,
    disk_rounds=10,
    memory_runs=1,
    memory_series=20_000,
    memory_settling=5,
    latency=2,
    query_rounds=7,
    query_steps=120,
    query_runs=3,
    alerts=2_000,
    alert_runs=1,
    rules=200,
    rule_runs=2,
    backtest_days=1,
    backtest_runs=1,
    reopen_runs=1,
    reopen_rounds=10,
    busy_probed=10,
    busy_rounds=15,
    busy_idle=3,
    growth=(1_000, 10_000, 100_000),
    growth_runs=3,
    long_series=20,
    long_days=30,
    long_runs=2,
    restarts=1,
    live=5,
    report=6,
    report_runs=1,
    probes=20,
    probe_runs=1,
    probe_stay=0,
    scrape=30,
    scrape_targets=100,
    soak=60,
)
