"""Queries that would take all there is are stopped by their names, and small ones beside them are answered."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import numpy as np
import pytest
from tests.e2e.program import Program, running, until

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

SERIES = 10_000
FLAGS = ("host.enabled=false", "containers.enabled=false", "query.timeout=50s", "query.memory=256MiB")
MIB = 1 << 20
GROWN = 600 * MIB
"""What the program may hold more after all bombs than before: two evaluations, and what the allocator keeps."""

Form = dict[str, str | float]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program with ten thousand series of one metric, and one of another."""
    flags = [part for flag in FLAGS for part in ("--set", flag)]
    with running(tmp_path_factory.mktemp("bombs") / "data", *flags) as started:
        now = int(time.time() * 1000)
        many = tuple(Labels.of(__name__="bomb", id=f"{n:05}", half=str(n % 2), same="a" * 30) for n in range(SERIES))
        numbers, values = np.arange(SERIES, dtype=np.uint32), np.arange(SERIES, dtype=np.float64)
        for ago in (60_000, 30_000, 0):
            started.write(WriteBatch(many, numbers, np.full(SERIES, now - ago), values - ago))
        seconds = 1000 * np.arange(10, dtype=np.int64)
        started.write(
            WriteBatch((Labels.of(__name__="one"),), np.zeros(10, np.uint32), now - seconds[::-1], values[:10])
        )
        yield started


def ask(program: Program, form: Form, path: str = "/api/v1/query") -> tuple[int, str]:
    """Status and code of the answer to a form; the code is empty where there is an answer."""
    request = urllib.request.Request(f"{program.url}{path}", urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
            return answer.status, ""
    except urllib.error.HTTPError as failure:
        with failure:
            told: dict[str, Any] = msgspec.json.decode(failure.read())
        assert told["status"] == "error"
        assert told["error"]
        return failure.code, told["code"]


def nested(function: str, inner: str, times: int) -> str:
    """A function of a function of a function ..."""
    for _ in range(times):
        inner = function.format(inner)
    return inner


MALFORMED, MATCHING = (400, "query_malformed"), (422, "query_vector_matching")
SAMPLES, MEMORY, TIMEOUT = (422, "query_samples_limit"), (422, "query_memory_limit"), (503, "query_timeout")
ANSWERED = (200, "")

SOON = "2s"
"""What those have that only a timeout ends: the shortest would take 13 s on two cores. The others take 3 s and have 50."""
SMALL = "4s"
"""What others have while a thread is taken up."""

BOMBS = {
    "two hundred years of milliseconds": ("max_over_time(bomb[200y:1ms])", MEMORY),
    "a subquery of one series": ("max_over_time(one[10y:1ms])", MEMORY),
    "subqueries of subqueries": ("max_over_time(max_over_time(bomb[1h:1ms])[1h:1ms])", MEMORY),
    "windows of millions in millions": ("sum_over_time(sum_over_time(vector(1)[20d:1s])[20d:1s])", TIMEOUT),
    "sorting windows": ("quantile_over_time(0.5, quantile_over_time(0.5, vector(1)[2d:1s])[2d:1s])", TIMEOUT),
    "all with all": ("bomb * on() group_left() bomb", MATCHING),
    "half with half": ("bomb == on(half) group_right() bomb", MATCHING),
    "one to one that is not": ("bomb / on(same) bomb", MATCHING),
    "parentheses": (nested("({})", "1", 10_000), MALFORMED),
    "signs": ("-" * 10_000 + "1", MALFORMED),
    "sums of sums": (nested("sum({})", "one", 10_000), MALFORMED),
    "a long chain": ("1" + "+1" * 100_000, MALFORMED),
    "ranges of ranges": ("one" + "[1m:]" * 5_000, MALFORMED),
    "a megabyte of one word": ("x" * MIB, MALFORMED),
    "a megabyte of matchers": ("{" + ",".join(f'l{n}="x"' for n in range(90_000)) + "}", MALFORMED),
    "repeated repetitions": ('bomb{same=~"((a{0,1000}){0,1000}){0,1000}"}', MALFORMED),
    "a regex that backtracks elsewhere": ('bomb{same=~"(a+)+b"}', ANSWERED),
    "another one": ('label_replace(bomb, "x", "$1", "same", "(a|a|aa)*c")', ANSWERED),
    "thirty thousand alternatives": (f'bomb{{id=~"{"|".join(map(str, range(30_000)))}"}}', ANSWERED),
    "a label that doubles": (
        nested('label_replace({}, "x", "a$1$1", "x", "(.*)")', "one", 40),
        MEMORY,
    ),
    "labels that double": (nested('label_join({}, "same", "", "same", "same")', "bomb", 30), MEMORY),
    "a template that repeats": (
        nested('label_replace({}, "same", "' + "$1" * 30_000 + '", "same", "(.*)")', "bomb", 3),
        MEMORY,
    ),
    "series that multiply": (
        "bomb" + "".join(f' or label_replace(bomb, "n", "{n}", "", "")' for n in range(280)),
        TIMEOUT,
    ),
    "the same series again and again": ("bomb" + " or bomb" * 280, TIMEOUT),
    "values that become labels": ('count_values("v", bomb)', ANSWERED),
    "the greatest of everything": ('topk(1e9, {__name__=~".+"})', ANSWERED),
    "a duration that adds up": ("one[1" + "+1" * 100_000 + "]", MALFORMED),
    "an argument on each of many lines": ("label_join(one, 'a', ''" + ",\n'b'" * 50_000 + ")", ANSWERED),
    "labels without end": (f"sum by ({','.join(f'l{n}' for n in range(20_000))}) (bomb)", ANSWERED),
}

RANGES = {
    "a value of each series at each instant": ('count_values("v", bomb)', MEMORY),
    "everything at each instant": ('topk(1e9, {__name__=~".+"})', MEMORY),
    "a quantile for each instant": (
        'histogram_quantiles(label_replace(one, "le", "+Inf", "", ""), "q", time() / 1e10)',
        SAMPLES,
    ),
    "windows that have no instant in common": ("sum_over_time(one[1m::59999ms])", ANSWERED),
    "such windows of such windows": ("sum_over_time(max_over_time(one[1m::1m])[1h::59999ms])", SAMPLES),
    "everything sorted": ('sort({__name__=~".+"} or {__name__=~".+"})', MEMORY),
}


def memory(program: Program) -> int:
    """Resident anonymous memory, bytes."""
    status = Path(f"/proc/{program.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon:"))


def is_idle(program: Program) -> bool:
    """Whether no query runs."""
    return not program.get("/api/v1/status/active_queries")["data"]


@pytest.mark.timeout(110)
def test_bombs_are_stopped_by_name_while_small_queries_are_answered(program: Program) -> None:
    """Each ends with its code, every small query beside them has its answer, and what they held is free again."""
    small: list[tuple[int, str]] = []
    before, over = memory(program), threading.Event()

    def ask_on() -> None:
        while not over.wait(0.05):
            small.append(ask(program, {"query": "sum(rate(one[1m]))", "timeout": SMALL}))

    beside = threading.Thread(target=ask_on)
    beside.start()
    try:
        found = {
            name: ask(program, {"query": text, **({"timeout": SOON} if code == TIMEOUT else {})})
            for name, (text, code) in BOMBS.items()
        }
        end = time.time()
        grid: Form = {"start": end - 11_000, "end": end, "step": 1}
        found |= {
            name: ask(program, {"query": text, **grid}, "/api/v1/query_range") for name, (text, _) in RANGES.items()
        }
    finally:
        over.set()
        beside.join()
    assert found == {name: code for name, (_, code) in (BOMBS | RANGES).items()}
    assert len(small) > len(BOMBS)
    assert set(small) == {ANSWERED}
    until(lambda: is_idle(program))
    assert memory(program) - before < GROWN


def test_a_stopped_query_leaves_its_thread(program: Program) -> None:
    """More queries that never end than there are threads, one after the other: large ones that end are answered after them."""
    endless = "sum_over_time(sum_over_time(vector(1)[20d:1s])[20d:1s])"
    for _ in range(3):
        assert ask(program, {"query": endless, "timeout": "300ms"}) == TIMEOUT
    large = "sum(sum_over_time(sum_over_time(vector(1)[2h:1s])[2h:1s]))"
    assert ask(program, {"query": large, "timeout": SMALL}) == ANSWERED


@pytest.mark.parametrize(
    ("points", "wanted"),
    [(11_001, ANSWERED), (11_002, (400, "query_points_limit")), (10**10, (400, "query_points_limit"))],
)
def test_a_range_has_eleven_thousand_steps_at_most(program: Program, points: int, wanted: tuple[int, str]) -> None:
    """The limit is Prometheus': 11,000 steps, which are 11,001 points."""
    form: Form = {"query": "one", "start": 0, "end": points - 1, "step": 1}
    assert ask(program, form, "/api/v1/query_range") == wanted


@pytest.mark.parametrize(("size", "statuses"), [(60_000, {200, 414, 431}), (MIB, {400, 414, 431})])
def test_a_query_in_an_address_has_a_length(program: Program, size: int, statuses: set[int]) -> None:
    """A megabyte of query is refused in an address too, and the server goes on."""
    request = urllib.request.Request(f"{program.url}/api/v1/query?{urlencode({'query': 'x' * size})}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status = answer.status
    except urllib.error.HTTPError as failure:
        with failure:
            status = failure.code
    assert status in statuses
    assert ask(program, {"query": "vector(1)"}) == ANSWERED
