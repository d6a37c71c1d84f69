"""What is no query is refused as Prometheus refuses it, and breaks nothing."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Final
from urllib.parse import quote_plus

import pytest
from tests.conformance.differences import in_2
from tests.conformance.garbage import garbage
from tests.conformance.servers import Server, prometheus
from tests.e2e.program import running

_NEW_IN_3: Final = {
    "numbers as durations, and durations as numbers": r"unexpected duration|missing unit character in duration",
    "any text as a name": r"invalid .*label name|unexpected string .* in (label matching|grouping opts)",
    "arithmetic on durations": r"in subquery (selector|or range)|in offset",
    "a text in parentheses, at which 2 stumbles": r"unexpected result in StepInvariantExpr",
}
"""What Prometheus 2.42 refuses and 3 takes, by the words in which 2 refuses it."""
_OURS: Final = {
    "bytes that are no UTF-8, even in comments": r"urlencoded UTF-8",
    "a boundary as @ before a range, which 2 overlooks": r"no @ modifiers allowed before range",
}
"""What Sightline refuses alone, by its own words."""
_TAKEN: Final = re.compile("\ufffd|\\b(start|end|step|range)[^a-z]*[(]")
"""What Sightline takes alone: the replacement character, and the functions of the query's own times, which are new in 3."""
_ERROR: Final = {"status": "error", "errorType": "bad_data"}


@pytest.fixture(scope="module")
def pair(
    require_binary: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Server]]:
    """An empty Prometheus and an empty program."""
    folder = tmp_path_factory.mktemp("garbage")
    binary = require_binary("prometheus", "prometheus")
    flags = ("--set", "host.enabled=false", "--set", "containers.enabled=false")
    with (
        prometheus(binary, folder / "prometheus") as theirs,
        running(folder / "data", *flags) as ours,
        closing(Server(theirs)) as first,
        closing(Server(ours.url)) as second,
    ):
        yield first, second


def asked(server: Server, text: bytes) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer to a query."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, body = server.post("/api/v1/query", b"time=1700000000&query=" + quote_plus(text).encode(), headers)
    return status, json.loads(body)


def renamed(text: bytes) -> bytes:
    """The text with the names of 2."""
    return in_2(text.decode("latin-1")).encode("latin-1")


def told(text: bytes, theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """What was asked and said."""
    return f"{text!r}\n  theirs {str(theirs)[:300]}\n  ours   {str(ours)[:300]}"


def is_allowed(text: bytes, theirs: str, ours: str) -> bool:
    """Whether the two may judge otherwise; `theirs` and `ours` are their errors, empty where there is none."""
    return (
        any(re.search(words, theirs) for words in _NEW_IN_3.values())
        or any(re.search(words, ours) for words in _OURS.values())
        or (not ours and _TAKEN.search(text.decode("utf-8", "replace")) is not None)
    )


@pytest.mark.parametrize(("count", "seed"), [(2_000, 5), pytest.param(20_000, 50, marks=pytest.mark.nightly)])
def test_what_prometheus_refuses_is_refused(pair: tuple[Server, Server], count: int, seed: int) -> None:
    """Garbage is a 400 in Prometheus' shape, with a text and a code, or is answered where Prometheus answers; never more."""
    wrong, refused = [], 0
    for text in garbage(count, seed):
        (their_status, theirs), (status, ours) = asked(pair[0], renamed(text)), asked(pair[1], text)
        refused += status == 400
        has_shape = status != 400 or (ours.items() >= _ERROR.items() and bool(ours["error"]) and bool(ours["code"]))
        is_alike = status == their_status or is_allowed(text, theirs.get("error", ""), ours.get("error", ""))
        if not has_shape or not is_alike or status >= 500:
            wrong.append(told(text, theirs, ours))
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong[:20])
    assert refused > count / 2


def test_after_all_that_queries_are_answered(pair: tuple[Server, Server]) -> None:
    """A query after the garbage is answered by the same connection."""
    assert [asked(pair[1], text)[0] for text in (b"\xff\x00((", b"vector(1)")] == [400, 200]
