"""The same data and the same queries in a real Prometheus: what it answers, the evaluator answers."""

import json
import math
import random
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.values import Scalar, Vector
from sightline.domain.timerange import Grid

# What changed between Prometheus 2 and 3, whose semantics are ours, is kept out of the queries: how counters near zero are
# extrapolated, stddev and stdvar of one infinity, the name of what atan2 gives, and functions that came with 3.
# tests/conformance/*.test hold those. One function has another name in 2, see RENAMED. Which of equal elements topk keeps is
# nobody's business: it gets values that differ. 2 has predict_linear move windows that @ fixed, and aggregations of fixed
# vectors ignore that their parameter moves.
# Prometheus 2 has ranges and lookbacks closed on the left, 3 open: samples 7 ms off the second, subqueries that are 1 ms wider
# than a whole second, and whole seconds everywhere else make that no difference.
RENAMED = {"double_exponential_smoothing": "holt_winters"}
OFF_GRID = 7
BASE = 1_700_000_000_000
SAMPLES = 120
QUERIES = 400

Rows = dict[Labels, dict[int, float]]


def recorded() -> Rows:
    """Counters with resets, gauges, gaps and odd values, of two hosts, every 15 s or so."""
    rng = random.Random(42)
    data: Rows = {}
    for host in ("a", "b"):
        for code in ("200", "404", "500"):
            level, resets, own = rng.randrange(10**6, 2 * 10**6), rng.sample(range(SAMPLES), 3), {}
            for k in range(SAMPLES):
                level = level * 3 // 10 if k in resets else level + rng.randrange(0, 50)
                if rng.random() > 0.05:
                    own[BASE + 15_000 * k + OFF_GRID] = float(level)
            data[Labels.of(__name__="requests_total", host=host, code=code)] = own
        data[Labels.of(__name__="temperature", host=host)] = {
            BASE + 1000 * (15 * k + rng.randrange(0, 5)) + OFF_GRID: round(rng.gauss(0, 30), 2) for k in range(SAMPLES)
        }
        data[Labels.of(__name__="limit", host=host)] = {BASE + 60_000 * k + OFF_GRID: 10_000.0 for k in range(30)}
        data[Labels.of(__name__="owner", host=host, team=f"team-{host}")] = {
            BASE + 60_000 * k + OFF_GRID: 1.0 for k in range(30)
        }
    data[Labels.of(__name__="temperature", host="c")] = {
        BASE + 15_000 * k + OFF_GRID: rng.choice([1.0, math.nan, math.inf, -math.inf, 0.0]) for k in range(30, 60)
    }
    for host in ("a", "b"):
        counts = [20_000] * 4
        for k in range(SAMPLES):
            counts = [count + rng.randrange(0, 5) for count in counts]
            for n, bound in enumerate(("0.1", "0.5", "2", "+Inf")):
                total = sum(counts[: n + 1]) - 100 * (
                    host == "b" and k % 40 == 7 and n == 2
                )  # once in a while it falls
                if rng.random() > 0.03:
                    at = BASE + 15_000 * k + OFF_GRID
                    data.setdefault(Labels.of(__name__="latency_bucket", host=host, le=bound), {})[at] = total
    data[Labels.of(__name__="lonely")] = {BASE + 600_000 + OFF_GRID: 3.0}
    return data


class Expressions:
    """Random expressions of what the evaluator supports."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def _one(self, *choices: str | Callable[[], str]) -> str:
        chosen = self._rng.choice(choices)
        return chosen if isinstance(chosen, str) else chosen()

    def selector(self) -> str:
        """A selector without modifiers."""
        return self._one(
            "requests_total",
            'requests_total{code="200"}',
            'requests_total{code!="200",host="a"}',
            'requests_total{code=~"4..|5.."}',
            "temperature",
            'temperature{host!~"a|b"}',
            "limit",
            "owner",
            "lonely",
            "nothing",
        )

    def steady(self) -> str:
        """A selector of finite values far from zero."""
        return self._one("requests_total", 'requests_total{code="200"}', 'requests_total{host="a"}', "limit", "lonely")

    def modifier(self) -> str:
        """An offset or an instant, mostly none."""
        return self._one(
            "", "", "", " offset 1m", " offset -45s", f" @ {BASE // 1000 + 900}", " @ end()", " @ start() offset 30s"
        )

    def over_time(self) -> str:
        """A function of a range."""
        width = self._one("40s", "1m", "5m", "13m")
        ranged = f"{self.selector()}[{width}]{self.modifier()}"
        if self._rng.random() < 0.1:
            return f"quantile_over_time({self._one('0', '0.3', '0.95', '1', '2')}, {ranged})"
        if self._rng.random() < 0.3:
            return f"{self._one('rate', 'increase')}({self.steady()}[{width}]{self.modifier()})"
        if self._rng.random() < 0.1:
            return self.trend(f"{self.steady()}[{width}]")
        names = (
            "irate delta idelta sum_over_time avg_over_time min_over_time max_over_time count_over_time changes resets"
        )
        more = "last_over_time stddev_over_time stdvar_over_time present_over_time absent_over_time"
        return f"{self._one(*names.split(), *more.split())}({ranged})"

    def trend(self, ranged: str) -> str:
        """Where a range is heading."""
        return self._one(
            f"deriv({ranged})",
            f"predict_linear({ranged}, {self._one('60', '-7', 'time() - 1.7e9')})",
            f"double_exponential_smoothing({ranged}, {self._one('0.1', '0.9')}, {self._one('0.3', '0.99')})",
        )

    def subquery(self, depth: int) -> str:
        """A function of a subquery, whose instants do not fall on the window's edge."""
        bare = f"[{self._one('40s1ms', '2m1ms', '10m1ms')}:{self._one('', '7s', '30s', '1m')}]"
        suffix = bare + self.modifier()
        if self._rng.random() < 0.3:
            inner = self._one(self.steady(), f"sum by (host) ({self.steady()})", f"{self.steady()} * 2")
            ranged = f"({inner}){suffix}"
            return self._one(f"rate({ranged})", f"stddev_over_time({ranged})", self.trend(f"({inner}){bare}"))
        names = "delta idelta sum_over_time avg_over_time min_over_time max_over_time count_over_time changes resets"
        more = "last_over_time absent_over_time present_over_time"
        if self._rng.random() < 0.1:
            return f"quantile_over_time(0.7, ({self.vector(depth - 1)}){suffix})"
        return f"{self._one(*names.split(), *more.split())}(({self.vector(depth - 1)}){suffix})"

    def ranked(self) -> str:
        """An aggregation that looks at the order of values."""
        clause = self._one("", " by (host)", " by (code)", " without (host)")
        differing = self._one("requests_total", 'requests_total{host="a"}', "temperature")
        count = self._one("0", "1", "2", "2.9", "100", "-1")
        q = self._one("0", "0.25", "0.5", "1", "-1", "7", "NaN")
        return self._one(
            f"{self._one('topk', 'bottomk')}{clause} ({count}, {differing}{self.modifier()})",
            f"{self._one('topk', 'bottomk')}{clause} (time() % 4, {differing})",
            lambda: f"quantile{clause} ({q}, {self.vector(1)})",
            lambda: f"quantile{clause} (scalar(lonely) / 5, {self.selector()})",
            lambda: f'count_values{clause} ("{self._one("value", "host")}", {self.selector()}{self.modifier()})',
        )

    def histogram(self) -> str:
        """A quantile of classic buckets."""
        q = self._one("0", "0.01", "0.5", "0.9", "1", "-0.1", "1.1", "NaN", "time() % 60 / 60")
        buckets = self._one(
            "latency_bucket", "rate(latency_bucket[5m])", "sum by (le) (latency_bucket)", 'latency_bucket{le!="+Inf"}'
        )
        return f"histogram_quantile({q}, {buckets}{self.modifier() if buckets.endswith(('t', '}')) else ''})"

    def labels(self, depth: int) -> str:
        """Labels made from labels."""
        inner = self.vector(depth - 1)
        return self._one(
            f'label_replace({inner}, "first", "$1", "code", "(.).*")',
            f'label_replace({inner}, "code", "${{2}}-$1$$", "host", "(a|b)(.*)")',
            f'label_replace({inner}, "host", "", "code", "4..")',
            f'label_replace({inner}, "__name__", "x_$0", "host", ".+")',
            f'label_join({inner}, "both", "/", "host", "code", "team")',
            f'label_join({inner}, "host", "", "code")',
        )

    def moment(self) -> str:
        """What time it is, or when a sample was."""
        name = self._one(
            "minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"
        )
        inner = self._one("", f"timestamp({self.steady()}{self.modifier()})", "vector(time() * 1.7)", "limit * 1e5")
        return self._one(
            f"{name}({inner})", f"timestamp({self.selector()}{self.modifier()})", f"timestamp(({self.steady()}) + 1)"
        )

    def aggregation(self, depth: int) -> str:
        """An aggregation."""
        clause = self._one("", " by (host)", " by (code)", " without (host)", " by (host, code)", " without ()")
        if self._rng.random() < 0.2:
            return f"{self._one('stddev', 'stdvar')}{clause} ({self.steady()}{self.modifier()})"
        operator = self._one("sum", "avg", "min", "max", "count", "group")
        return f"{operator}{clause} ({self.vector(depth - 1)})"

    def binary(self, depth: int) -> str:
        """Two vectors, or a vector and a number."""
        if self._rng.random() < 0.4:
            operator = self._one("+", "-", "*", "/", "^", "==", "!=", ">", "< bool", ">= bool", "<=")
            number = self._one("0", "1", "100", "-2.5", "1e3", "time()", f"scalar({self.selector()})")
            sides = [self.vector(depth - 1), number]
            self._rng.shuffle(sides)
            return f"({sides[0]}) {operator} ({sides[1]})"
        operator = self._one("+", "-", "*", "/", "==", "!=", ">", "< bool", "and", "or", "unless")
        matching = self._one("", " on(host)", " ignoring(code)", " on(host, code)", " ignoring(code, team)", " on()")
        if operator not in {"and", "or", "unless"} and matching:
            matching += self._one("", " group_left()", " group_right()", " group_left(team)")
        return f"({self.vector(depth - 1)}) {operator}{matching} ({self.vector(depth - 1)})"

    def function(self, depth: int) -> str:
        """A function of values."""
        inner = self.vector(depth - 1)
        simple = [
            f"{name}({inner})"
            for name in (
                *("abs", "ceil", "floor", "round", "sqrt", "exp", "ln", "log2", "log10", "sgn", "deg", "rad"),
                *("atan", "sinh", "asinh", "acosh", "tanh", "atanh", "asin", "acos", "sort", "sort_desc", "absent"),
            )
        ]
        return self._one(
            *simple,
            f"clamp({inner}, -5, 1000)",
            f"clamp_min({inner}, 0)",
            f"round({inner}, 0.7)",
            f"-({inner})",
            f"vector(scalar({inner}))",
        )

    def vector(self, depth: int) -> str:
        """Any of them."""
        if depth == 0:
            return self._one(lambda: f"{self.selector()}{self.modifier()}", self.over_time)
        return self._one(
            self.over_time,
            lambda: self.aggregation(depth),
            lambda: self.binary(depth),
            lambda: self.function(depth),
            lambda: self.subquery(depth),
            lambda: self.labels(depth),
            self.ranked,
            self.histogram,
            self.moment,
        )


@pytest.fixture(scope="module")
def prometheus(require_binary: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that holds the recorded data."""
    program, promtool = (require_binary(name, "prometheus") for name in ("prometheus", "promtool"))
    folder = tmp_path_factory.mktemp("prometheus")
    lines: list[str] = []
    for name in sorted({labels.name for labels in recorded()}):
        family = name.removesuffix("_total")
        lines.append(f"# TYPE {family} {'counter' if name != family else 'gauge'}\n")
        for labels, own in recorded().items():
            if labels.name == name:
                lines += [
                    f"{labels} {value!r} {at / 1000:.3f}\n".replace("inf ", "Inf ").replace("nan ", "NaN ")
                    for at, value in own.items()
                ]
    (folder / "data.om").write_text("".join([*lines, "# EOF\n"]))
    (folder / "prometheus.yml").write_text("")
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(folder / "data.om"), str(folder / "data")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    server = subprocess.Popen(
        [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={address}",
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_ready(f"http://{address}/-/ready", server)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(20)


def _until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    """Ask until the server answers; a real program needs real time."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline or server.poll() is not None:
                raise


def theirs(address: str, text: str, grid: Grid) -> Rows | str:
    """What Prometheus answers to a range query: rows, or its error."""
    for name, earlier in RENAMED.items():
        text = text.replace(name, earlier)
    form = {"query": text, "start": grid.start / 1000, "end": grid.end / 1000, "step": grid.step / 1000}
    request = urllib.request.Request(f"{address}/api/v1/query_range", urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            body: dict[str, Any] = json.load(reply)
    except urllib.error.HTTPError as error:
        return str(json.load(error)["error"])
    return {
        Labels.of(row["metric"]): {round(at * 1000): float(value) for at, value in row["values"]}
        for row in body["data"]["result"]
    }


def ours(data: Rows, text: str, grid: Grid) -> Rows | str:
    """What the evaluator answers, in the same form."""
    try:
        planned = plan(parse(text), grid, is_range=True)
        value = evaluate(planned, [_fetched(data, fetch.matchers, fetch.within) for fetch in planned.fetches]).value
    except SightlineError as error:
        return error.message
    instants = grid.times().tolist()
    if isinstance(value, Scalar):
        return {Labels(): dict(zip(instants, value.values.tolist(), strict=True))}
    assert isinstance(value, Vector)
    cells = zip(value.labels, value.values.tolist(), value.present.tolist(), strict=True)
    return {labels: {t: v for t, v, p in zip(instants, vs, ps, strict=True) if p} for labels, vs, ps in cells}


def _fetched(data: Rows, matchers: Any, within: Any) -> SeriesColumns:
    found = []
    for labels, own in sorted(data.items()):
        times = [at for at in sorted(own) if within.start <= at <= within.end]
        if times and satisfies(labels, matchers):
            found.append((labels, times, [own[at] for at in times]))
    return SeriesColumns.of(found)


def _differing(data: Rows, address: str, queries: int, seed: int) -> tuple[list[Any], int, int]:
    """What differs among so many random queries, how many of them fail, and how many are empty."""
    expressions, rng = Expressions(seed), random.Random(seed)
    wrong, failed, empty = [], 0, 0
    for number in range(queries):
        text = expressions.vector(number % 4)
        start = BASE + 1000 * rng.randrange(0, 1500)
        grid = Grid(start, start + 1000 * rng.randrange(0, 600), 1000 * rng.choice([1, 7, 15, 60]))
        wanted = theirs(address, text, grid)
        found = ours(data, text, grid)
        failed += isinstance(wanted, str)
        empty += not wanted
        if not agree(found, wanted):
            wrong.append((text, grid, found, wanted))
    return wrong, failed, empty


def agree(found: Rows | str, wanted: Rows | str) -> bool:
    """Whether two answers are the same up to rounding, or fail with the same words."""
    if isinstance(found, str) or isinstance(wanted, str):
        return isinstance(found, str) and isinstance(wanted, str) and _reason(found) == _reason(wanted)
    return found.keys() == wanted.keys() and all(
        found[labels].keys() == wanted[labels].keys()
        and np.allclose(
            list(found[labels].values()),
            [wanted[labels][at] for at in found[labels]],
            rtol=1e-9,
            atol=1e-9,
            equal_nan=True,
        )
        for labels in wanted
    )


def _reason(message: str) -> str:
    """A message without the series that it names, which depend on the order of evaluation."""
    return "duplicate" if message.startswith("found duplicate series") else message.partition(":")[0]


def test_random_queries_agree(prometheus: str) -> None:
    """Some hundred expressions of all forms give the same labels, instants and values, or the same failure."""
    wrong, failed, empty = _differing(recorded(), prometheus, QUERIES, seed=7)
    assert not wrong, f"{len(wrong)} of {QUERIES}: {[(text, grid) for text, grid, *_ in wrong]}"
    assert failed < QUERIES / 3
    assert empty < QUERIES / 2
