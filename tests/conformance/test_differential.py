"""The same samples, sent to a real Prometheus and to the whole program, and the same questions to both: they answer alike.

What may differ is named in differences.py; what is asked is in expressions.py, of what in material.py.
"""

import math
import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import pytest
from tests.conformance.differences import DURATIONS, Asked, explained, in_2, is_rounded
from tests.conformance.expressions import WORDED, Expression, Expressions
from tests.conformance.material import BASE, batches, recorded
from tests.conformance.servers import Answer, Server, prometheus
from tests.e2e.program import running, until

from sightline.domain.timerange import Grid

_SHOWN: Final = 5  # differences that are made small and told; more of them do not help
_ATTEMPTS: Final = 400  # at making one smaller
_FLAGS: Final = ("host.enabled=false", "containers.enabled=false", "retention=100y", "own.interval=200ms")
_COMPILED_WITHIN: Final = 150  # seconds, where no kernel is in the cache yet
_HITS: Final = 'sightline_query_cache_requests_total{outcome="hit"}'

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Pair:
    """Both servers, holding the same samples."""

    theirs: Server
    ours: Server

    def ask(self, text: str, grid: Grid, *, is_range: bool) -> Asked:
        """The answers of both to a question."""
        theirs = self.theirs.ask(in_2(text), grid, is_range=is_range)
        return Asked(text, theirs, self.ours.ask(text, grid, is_range=is_range))


@pytest.fixture(scope="module")
def pair(require_binary: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A Prometheus and the program with the samples of material.py."""
    folder = tmp_path_factory.mktemp("differential")
    binary = require_binary("prometheus", "prometheus")
    flags = [part for flag in _FLAGS for part in ("--set", flag)]
    with (
        prometheus(binary, folder / "prometheus") as theirs,
        running(folder / "data", *flags) as ours,
        closing(Server(theirs)) as first,
        closing(Server(ours.url)) as second,
    ):
        both = Pair(first, second)
        for batch in batches(recorded()):
            both.theirs.write(batch)
            both.ours.write(batch)

        def settled() -> bool:
            # Answers are kept once it is settled whether kernels run as machine code, which rounds otherwise than their twins.
            ours.get(
                "/api/v1/query_range",
                query="rate(requests_total[5m])",
                start=BASE / 1000,
                end=BASE / 1000 + 1800,
                step=1,
            )
            return bool(ours.get("/api/v1/query", query=_HITS)["data"]["result"])

        until(settled, _COMPILED_WITHIN)
        yield both


def agree(asked: Asked) -> bool:
    """Whether both say the same: labels, instants, order where it is asked for, values to the last bit or nearly, errors."""
    theirs, ours = asked.theirs, asked.ours
    if (theirs.status, theirs.kind) != (ours.status, ours.kind):
        return False
    if theirs.is_error:
        return _worded(theirs) == _worded(ours) or (theirs.kind == "bad_data" and asked.text not in WORDED)
    if theirs.text != ours.text or theirs.rows.keys() != ours.rows.keys():
        return False
    nearly = is_rounded(asked)
    return _in_same_order(asked) and all(
        own.keys() == ours.rows[labels].keys()
        and all(_same(value, ours.rows[labels][at], is_rounded=nearly) for at, value in own.items())
        for labels, own in theirs.rows.items()
    )


def _worded(answer: Answer) -> str:
    """An error without the series and groups it names, which depend on the order of evaluation."""
    # 2 says which parameter is wrong of instant queries alone.
    text = answer.text.removeprefix('invalid parameter "query": ').replace(DURATIONS[1], DURATIONS[0])
    return re.sub(r"the match group .* on the|operation: \[.*\];", "", text)


def _in_same_order(asked: Asked) -> bool:
    """Whether an instant query that sorts has the values in the same order; of equal ones any may come first."""
    if asked.theirs.kind != "vector" or not asked.has(r"^(sort|sort_desc|topk|bottomk) ?\("):
        return True
    theirs, ours = ([value for own in answer.rows.values() for value in own.values()] for answer in _answers(asked))
    return all(_same(a, b, is_rounded=True) for a, b in zip(theirs, ours, strict=True))


def _answers(asked: Asked) -> tuple[Answer, Answer]:
    return asked.theirs, asked.ours


def _same(theirs: float, ours: float, *, is_rounded: bool) -> bool:
    if math.isnan(theirs) or math.isnan(ours):
        return math.isnan(theirs) and math.isnan(ours)
    if is_rounded:
        return theirs == ours or math.isclose(theirs, ours, rel_tol=1e-12, abs_tol=1e-9)
    return theirs == ours and math.copysign(1, theirs) == math.copysign(1, ours)


@dataclass(frozen=True)
class Question:
    """An expression and when it is asked."""

    expression: Expression
    grid: Grid
    is_range: bool

    def differs(self, pair: Pair) -> bool:
        """Whether the answers differ without a reason."""
        asked = pair.ask(str(self.expression), self.grid, is_range=self.is_range)
        return not agree(asked) and not explained(asked)

    def smallest(self, pair: Pair) -> "Question":
        """The least of it that still differs, found with a bounded effort."""
        found, attempts = self, _ATTEMPTS
        while True:
            for less in found.expression.smaller():
                attempts -= 1
                candidate = Question(less, self.grid, self.is_range)
                if attempts < 0:
                    return found
                if candidate.differs(pair):
                    found = candidate
                    break
            else:
                return found

    def told(self, pair: Pair) -> str:
        """The question and both answers, cut short."""
        asked = pair.ask(str(self.expression), self.grid, is_range=self.is_range)
        return f"{asked.text}\n  on {self.grid}\n  theirs {str(asked.theirs)[:400]}\n  ours   {str(asked.ours)[:400]}"


def questions(count: int, seed: int) -> Iterator[Question]:
    """So many questions, three of five for a range."""
    source, rng = Expressions(seed), random.Random(seed)
    for number in range(count):
        expression, is_range = source.any(number % 4), rng.random() < 0.6
        start = BASE + 500 * rng.randrange(0, 3400)
        grid = Grid(start, start + 1000 * rng.randrange(0, 400), 1000 * rng.choice([1, 7, 15, 60]))
        yield Question(expression, grid if is_range else Grid.instant(start), is_range)


@pytest.mark.parametrize(
    ("count", "seed"), [(600, 7), pytest.param(5_000, 70, marks=[pytest.mark.nightly, pytest.mark.timeout(600)])]
)
def test_generated_expressions_are_answered_alike(pair: Pair, count: int, seed: int) -> None:
    """Labels, instants, values and errors are Prometheus', but for the differences that have a name."""
    wrong = [question for question in questions(count, seed) if question.differs(pair)]
    told = [question.smallest(pair).told(pair) for question in wrong[:_SHOWN]]
    assert not wrong, f"{len(wrong)} of {count} differ:\n" + "\n".join(told)


def test_the_questions_are_worth_asking(pair: Pair) -> None:
    """Most have an answer that is not empty, few are explained away, and every error that is asked for comes."""
    asked = [pair.ask(str(one.expression), one.grid, is_range=one.is_range) for one in questions(300, 8)]
    assert sum(one.theirs.is_error for one in asked) < len(asked) / 3
    assert sum(not one.theirs.is_error and not one.theirs.rows for one in asked) < len(asked) * 0.4
    assert sum(not agree(one) for one in asked) < len(asked) / 30
    refused = [pair.ask(text, Grid.instant(BASE + 900_000), is_range=False) for text in WORDED]
    assert all(one.ours.is_error and agree(one) for one in refused)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum_over_time(precise_in_time[1m])", 2.0),
        ("avg_over_time(precise_in_time[1m])", 0.5),
        ("sum(precise)", 2.0),
        ("avg(precise)", 0.5),
        ("sum by (nothing) (precise)", 2.0),
        ("sum(sum_over_time(precise[1m]))", 2.0),
    ],
)
def test_sums_lose_nothing(pair: Pair, text: str, value: float) -> None:
    """1 + 1e100 + 1 - 1e100 is 2, as in Prometheus 3; 2 loses both ones but in sum_over_time."""
    asked = pair.ask(text, Grid.instant(BASE + 90_000), is_range=False)
    assert [*asked.ours.rows.values()] == [{BASE + 90_000: value}]
    assert ([*asked.theirs.rows.values()] == [*asked.ours.rows.values()]) == text.startswith("sum_over_time")
