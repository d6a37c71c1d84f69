"""How long one evaluation of many alerting rules takes."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.loading import flags, settle_tables
from bench.plan import Plan
from bench.programs import PROMETHEUS, SIGHTLINE, Program
from bench.result import Row, Section
from bench.samples import METRIC, STEP, Request, Shape, requests
from bench.sending import send
from bench.server import Failed, Server, running, scratch

from sightline.adapters.outbound.sql.catalog import SqlCatalog
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.domain.alerts.rule import RULE_KIND, AlertRule, encode_rule
from sightline.domain.tenancy import DEFAULT_TENANT

_EVERY: Final = 5
_GROUPS: Final = 100
_NEVER: Final = 1e12
_BEFORE: Final = 20  # samples of each series that are there when the rules begin
_MEANWHILE: Final = 40  # and those that come in at most while they are evaluated
_EVALUATED_WITHIN: Final = 60.0
_TASK: Final = 'task="evaluate alerts"'


def measure(plan: Plan) -> Section:
    """Give both the same rules and the same samples, and read what they say of their evaluations."""
    limits = {PROMETHEUS.name: 1 / 2}
    rows = [
        Row(
            f"{plan.rules:,} rules, {plan.rules // _GROUPS} bounds of each rate",
            "ms",
            "lower",
            _runs(plan, alike=True),
            against=limits,
        ),
        Row(f"{plan.rules:,} rules, each a rate of its own", "ms", "lower", _runs(plan, alike=False), against=limits),
    ]
    return Section(
        "rules",
        f"One evaluation of {plan.rules:,} alerting rules, each `sum by (x) (rate({METRIC}[1m])) > N` over one group of 100 of "
        f"10,000 series, every {_EVERY} s; no alert fires. First rules of one group differ in N alone, then also in the length of "
        f"the rate, from 60 s upwards by a second each. {_BEFORE} samples of each series are in tables, and one of each comes "
        f"in every {STEP // 1000} s meanwhile. By the programs' own metrics: of Sightline its task "
        "`evaluate alerts`, of Prometheus prometheus_rule_group_last_duration_seconds.",
        rows,
        [
            "Sightline works out once what rules of one round have in common, Prometheus every rule for itself.",
            "Sightline's rules are put into its catalog while it is stopped; the few rules that it brings along are evaluated too.",
            "Sightline evaluates four at once; Prometheus has them in one group and evaluates one after the other.",
            "VictoriaMetrics evaluates rules in a program of its own that the Debian package lacks.",
        ],
    )


def _runs(plan: Plan, *, alike: bool) -> dict[str, list[float]]:
    """Milliseconds of each run, by program. alike: the rules of one group differ in their bound alone."""
    expressions = _expressions(plan.rules, alike=alike)
    return {
        program.name: [1000 * one for one in _run(program, plan, expressions)]
        for program in (SIGHTLINE, PROMETHEUS)
        if program.installed
    }


def _run(program: Program, plan: Plan, expressions: Sequence[str]) -> list[float]:
    with scratch() as folder, _with_rules(program, folder, expressions) as server:
        shape = Shape(int(time.time()) * 1000 - _BEFORE * STEP, _BEFORE + _MEANWHILE, samples_a_request=1)
        bodies = list(requests(shape))
        a_round = shape.series // shape.series_a_request
        send(server, bodies[: _BEFORE * a_round])
        with _coming_in(server, shape, bodies[_BEFORE * a_round :]):
            settle_tables(server)
            _next(server)  # it may have begun before all was there
            return [_next(server) for _ in range(plan.rule_runs)]


@contextmanager
def _coming_in(server: Server, shape: Shape, bodies: Sequence[Request]) -> Iterator[None]:
    """Write a round of samples whenever its time has come.

    Raises:
        Failed: a write was refused.
    """
    a_round = shape.series // shape.series_a_request
    stopped = threading.Event()

    def work() -> None:
        for number in range(_MEANWHILE):
            due = (shape.start + (_BEFORE + number) * shape.step) / 1000
            if stopped.wait(max(0.0, due - time.time())):
                return
            send(server, bodies[number * a_round : (number + 1) * a_round], connections=1)

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(work)
        try:
            yield
        finally:
            stopped.set()
        writing.result()


@contextmanager
def _with_rules(program: Program, folder: Path, expressions: Sequence[str]) -> Iterator[Server]:
    """The program with its rules installed."""
    if program is SIGHTLINE:
        with running(program, folder, flags(program, "flush.age=5s")):
            pass  # it makes its folder
        asyncio.run(_install(folder / "data" / "catalog.sqlite", expressions))
    else:
        _configure(folder, expressions)
    with running(program, folder, flags(program, f"alerts.interval={_EVERY}s", "flush.age=5s")) as server:
        yield server


def _expressions(count: int, *, alike: bool) -> list[str]:
    """One group after the other, each time above another bound, so that no two rules are the same."""
    return [
        f'sum by (x) (rate({METRIC}{{group="g{number % _GROUPS:03d}"}}[{60 if alike else 60 + number // _GROUPS}s]))'
        f" > {_NEVER + number:.0f}"
        for number in range(count)
    ]


async def _install(catalog: Path, expressions: Sequence[str]) -> None:
    database = await SqlDatabase.open(catalog)
    try:
        documents = SqlCatalog(database)
        for number, expression in enumerate(expressions):
            rule = AlertRule(f"bench-{number:04d}", expression)
            await documents.put(DEFAULT_TENANT, RULE_KIND, rule.name, encode_rule(rule))
    finally:
        await database.close()


def _configure(folder: Path, expressions: Sequence[str]) -> None:
    rules = [{"alert": f"Bench{number:04d}", "expr": text} for number, text in enumerate(expressions)]
    group = {"name": "bench", "interval": f"{_EVERY}s", "rules": rules}
    (folder / "rules.yml").write_text(json.dumps({"groups": [group]}), encoding="utf-8")
    (folder / "prometheus.yml").write_text(json.dumps({"rule_files": ["rules.yml"]}), encoding="utf-8")


def _next(server: Server) -> float:
    """Wait for the end of the next evaluation; gives how long it took, in seconds.

    Raises:
        Failed: none ended within a minute, or a rule failed.
    """
    count, seconds = _evaluated(server)
    deadline = time.monotonic() + _EVALUATED_WITHIN
    while time.monotonic() < deadline:
        time.sleep(0.25)
        now, its = _evaluated(server)
        if now > count:
            _check(server)
            return (its - seconds) / (now - count) if server.program is SIGHTLINE else its
    raise Failed(f"{server.program.name} did not evaluate its rules within {_EVALUATED_WITHIN:g} s")


def _evaluated(server: Server) -> tuple[float, float]:
    """How many evaluations there were, and the seconds of all of them (Sightline) or of the last (Prometheus)."""
    if server.program is SIGHTLINE:
        name = "sightline_task_duration_seconds"
        return server.metric(f"{name}_count", _TASK), server.metric(f"{name}_sum", _TASK)
    return (
        server.metric("prometheus_rule_group_iterations_total"),
        server.metric("prometheus_rule_group_last_duration_seconds"),
    )


def _check(server: Server) -> None:
    """Every rule is well."""
    with server.connect() as connection:
        groups = connection.get("/api/v1/rules").json()["data"]["groups"]
    ill = [rule for group in groups for rule in group["rules"] if rule["health"] == "err"]
    if ill:
        raise Failed(
            f"{server.program.name}: {len(ill)} rules fail, such as {ill[0]['name']}: {ill[0].get('lastError')}"
        )
