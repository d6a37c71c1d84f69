"""What it costs to probe many addresses often, and how punctually that is done; blackbox_exporter beside."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from statistics import median
from typing import Final

import yaml
from bench.answering import answering
from bench.loading import QUIET
from bench.plan import Plan
from bench.programs import BLACKBOX, SIGHTLINE
from bench.result import Row, Section
from bench.server import Failed, Server, running, scratch
from bench.steady import send_steadily

MANY: Final = 10_000
"""Checks every minute."""
OFTEN: Final = 1_000
"""Checks every second."""
_RATE: Final = MANY / 60 + OFTEN
_WARM: Final = 20.0
_LOOK_EVERY: Final = 5.0
_LATENESS: Final = "sightline_check_lateness_seconds_bucket"
_BUCKET: Final = re.compile(rf'^{_LATENESS}{{le="([^"]+)"}} (\S+)$', re.MULTILINE)


def measure(plan: Plan) -> Section:
    """Probe as many as two cores are to carry, and have blackbox_exporter probe as many a second."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in range(plan.probe_runs):
        stay = plan.probe_stay if run == plan.probe_runs - 1 else 0
        for name, value in _sightline(plan, stay).items():
            found.setdefault(name, {}).setdefault(SIGHTLINE.name, []).append(value)
        if BLACKBOX.installed:
            found.setdefault("cpu", {}).setdefault(BLACKBOX.name, []).append(_blackbox(plan))
    theirs = found["cpu"].pop(BLACKBOX.name, [])
    pairs = zip(found["cpu"][SIGHTLINE.name], theirs, strict=False)
    ratios = {SIGHTLINE.name: [ours / other for ours, other in pairs]} if theirs else {}
    longer = [
        Row(f"{what}, {plan.probe_stay / 60:g} min on", "MiB", "lower", found[name])
        for name, what in (
            ("highest", "the same at its highest"),
            ("hot", "of that the newest samples, `hot.max_bytes`"),
        )
        if name in found
    ]
    return Section(
        "probes",
        f"{MANY:,} checks over HTTP every minute and {OFTEN:,} every second, all of one address, {plan.probes:g} s long. "
        "CPU is that of the whole program while it probes, less what it uses at rest, over its probes: judging, series, "
        "history and traces are in it. blackbox_exporter is asked for as many probes a second over connections that stay open, and "
        "does nothing else; who would store what it says is not counted. What is probed, and who asks, share the cores.",
        [
            Row("lateness, 99th percentile at most", "ms", "lower", found["late"], limit=100),
            Row("probes made", "/s", "higher", found["rate"]),
            Row("skipped", "", "lower", found["skipped"]),
            Row("CPU", "us/probe", "lower", found["cpu"]),
            Row("CPU, beside blackbox_exporter's", "ratio", "lower", ratios, limit=1),
            Row("anonymous memory above rest, after a minute", "MiB", "lower", found["memory"], limit=300),
            *longer,
        ],
        [
            f"blackbox_exporter {BLACKBOX.version()} in the same run: {median(theirs):,.0f} us a probe."
            if theirs
            else "blackbox_exporter is not installed here."
        ],
    )


def _sightline(plan: Plan, stay: float) -> Mapping[str, float]:
    """What one run shows; stay: seconds for which its memory is watched after that."""
    settings = ("--set", f"checks.max={MANY + OFTEN}")
    with answering() as port, scratch() as folder, running(SIGHTLINE, folder, (*QUIET, *settings)) as server:
        server.settle()
        resting, at_rest = _cpu(server, plan.probes / 2), server.process.anonymous_bytes()
        _define(server, port)
        time.sleep(_WARM)
        made, late, skipped = _made(server), _late(server), server.metric("sightline_check_skipped_total")
        began, cpu = time.monotonic(), _cpu(server, plan.probes)
        seconds, made = time.monotonic() - began, _made(server) - made
        up = server.metric("sightline_checks", 'state="up"')
        if up < MANY + OFTEN:
            raise Failed(f"{up:.0f} of {MANY + OFTEN} checks are up")
        found = {
            "late": 1000 * _at_most(late, _late(server), 0.99),
            "rate": made / seconds,
            "skipped": server.metric("sightline_check_skipped_total") - skipped,
            "cpu": 1e6 * (cpu - resting) * seconds / made,
            "memory": (server.process.anonymous_bytes() - at_rest) / (1 << 20),
        }
        if stay:
            found["highest"] = (_highest(server, stay) - at_rest) / (1 << 20)
            found["hot"] = server.metric("sightline_hot_bytes") / (1 << 20)
        return found


def _highest(server: Server, seconds: float) -> int:
    """The most anonymous memory that it has meanwhile, bytes."""
    end, highest = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        highest = max(highest, server.process.anonymous_bytes())
        time.sleep(_LOOK_EVERY)
    return highest


def _blackbox(plan: Plan) -> float:
    """Microseconds of CPU a probe."""
    with answering() as port, scratch() as folder, running(BLACKBOX, folder) as server:
        target = f"http://127.0.0.1:{port}/"
        request = f"GET /probe?module=http_2xx&target={target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        send_steadily(server.port, request, rate=_RATE / 2, seconds=2)
        before = server.process.cpu_seconds()
        steady = send_steadily(server.port, request, rate=_RATE, seconds=plan.probes, connections=64)
        return 1e6 * (server.process.cpu_seconds() - before) / steady.sent


def _cpu(server: Server, seconds: float) -> float:
    """Cores that it uses."""
    before, began = server.process.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return (server.process.cpu_seconds() - before) / (time.monotonic() - began)


def _define(server: Server, port: int) -> None:
    with server.connect() as connection:
        for checks in _checks(port):
            answer = connection.post(
                "/api/v1/declared", yaml.safe_dump({"checks": checks}).encode(), "application/yaml"
            )
            if answer.status != HTTPStatus.OK:
                raise Failed(f"defining checks was answered {answer.status}: {answer.body[:300]!r}")


def _checks(port: int) -> Iterator[Sequence[Mapping[str, object]]]:
    """In parts that one request takes."""
    for kind, count, interval in (("many", MANY, "60s"), ("often", OFTEN, "1s")):
        for first in range(0, count, 1000):
            yield [
                {
                    "name": f"{kind} {number}",
                    "url": f"http://127.0.0.1:{port}/{kind}/{number}",
                    "interval": interval,
                    "timeout": "900ms",
                }
                for number in range(first, first + 1000)
            ]


def _made(server: Server) -> float:
    return server.metric("sightline_probes_total")


def _late(server: Server) -> Mapping[float, float]:
    """The buckets of lateness."""
    with server.connect() as connection:
        text = connection.get("/metrics").body.decode()
    return {float(bound): float(count) for bound, count in _BUCKET.findall(text)}


def _at_most(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    """The bound of the bucket that the share of observations between two looks falls into: it is that at most."""
    counts = {bound: count - before.get(bound, 0.0) for bound, count in after.items()}
    wanted = share * max(counts.values())
    return min(bound for bound, count in counts.items() if count >= wanted)
