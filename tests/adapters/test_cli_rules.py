"""`sightline rules`: what it asks, prints and ends with."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.adapters.answering import Answering
from tests.serving import serving
from typing_extensions import override

from sightline.adapters.inbound.cli import Exit, backfill, run

Capture = pytest.CaptureFixture[str]

FILE = "groups: [{name: g, interval: 1m, rules: [{record: r, expr: up}, {alert: A, expr: up == 0}]}]"
LISTED = {
    "groups": [
        {
            "name": "g",
            "file": "a.yml",
            "rules": [
                {
                    "name": "r",
                    "type": "recording",
                    "health": "ok",
                    "lastEvaluation": "2026-11-21T07:00:00.5Z",
                    "evaluationTime": 0.25,
                },
                {
                    "name": "A",
                    "type": "alerting",
                    "health": "err",
                    "state": "inactive",
                    "lastEvaluation": "0001-01-01T00:00:00Z",
                    "evaluationTime": 0,
                    "lastError": "many",
                },
            ],
        }
    ]
}


def success(data: object) -> bytes:
    """Prometheus' envelope."""
    return json.dumps({"status": "success", "data": data}).encode()


def refusal(code: str, error: str = "no") -> bytes:
    """An answer that says no."""
    return json.dumps({"status": "error", "errorType": "x", "code": code, "error": error}).encode()


@pytest.fixture
def server(server: Answering) -> Answering:
    """A server that says what it is."""
    server.by_path["/api/v1/status/runtimeinfo"] = success({})
    return server


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A rule file."""
    (tmp_path / "rules.yml").write_text(FILE)
    return str(tmp_path / "rules.yml")


def test_rules_are_listed(server: Answering, capsys: Capture) -> None:
    """A line a rule, with what is wrong with it, or all of the answer as JSON."""
    server.by_path["/api/v1/rules"] = success(LISTED)
    assert run(["rules"]) == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        "g\tr\trecording\tok\t\t2026-11-21 07:00:00Z\t0.250 s\t",
        "g\tA\talerting\terr\tinactive\tnever\t0.000 s\tmany",
    ]
    assert server.asked[-1].fields == {"exclude_alerts": ["true"]}
    assert run(["rules", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["data"] == LISTED


def test_what_the_radar_found_is_a_row_a_finding(server: Answering, capsys: Capture) -> None:
    """A line a finding with its reason and sentence, and one for a rule that could not be looked at; JSON as it came."""
    found = {
        "looked": 3,
        "found": [
            {
                "group": "g",
                "name": "A",
                "findings": [
                    {"reason": "selector_matches_nothing", "message": "upp matches no series"},
                    {"reason": "never_fired", "message": "no alert of it fired in 7d"},
                ],
            },
            {"group": "g", "name": "B", "findings": [], "problem": "it took too long"},
        ],
    }
    server.by_path["/api/v1/radar"] = success(found)
    assert run(["rules", "radar", "--window", "14d"]) == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        "g\tA\tselector_matches_nothing\tupp matches no series",
        "g\tA\tnever_fired\tno alert of it fired in 7d",
        "g\tB\tnot looked at\tit took too long",
    ]
    assert server.asked[-1].fields == {"window": ["14d"]}
    assert run(["rules", "radar", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["data"] == found
    assert server.asked[-1].fields == {}


def test_templates_that_cannot_be_filled_are_told_of(tmp_path: Path, capsys: Capture) -> None:
    """The server takes such a file, so it is right; what people would read instead of a text is said all the same."""
    file = tmp_path / "shop.yml"
    file.write_text("groups: [{name: g, rules: [{alert: A, expr: up, annotations: {summary: '{{ nosuch }}'}}]}]")
    assert run(["rules", "check", str(file)]) == Exit.DONE
    told = capsys.readouterr()
    assert "ok: 1 groups, 1 rules" in told.out
    assert f"warning: {file}: alert A: annotation 'summary' cannot be expanded" in told.err


def test_files_are_checked_without_a_server(file: str, tmp_path: Path, capsys: Capture) -> None:
    """Good ones are counted; of wrong ones every problem is named, with the exit code 1."""
    assert run(["rules", "check", file, file]) == Exit.DONE
    assert capsys.readouterr().out == "ok: 2 groups, 4 rules\n"
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("groups: [{name: g, rule: []}, {nam: h}]")
    assert run(["rules", "check", file, str(wrong)]) == Exit.REFUSED
    told = capsys.readouterr().err
    assert f"{wrong}:1:26: field rule not found in a group" in told
    assert "field nam not found" in told
    assert run(["rules", "check", str(tmp_path / "gone.yml")]) == Exit.USAGE
    assert run(["rules", "check"]) == Exit.USAGE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--start", "2", "--end", "1"], "--end 1 lies before --start 2"),
        (["--start", "x"], "--start 'x' is no time"),
        (["--start", "1", "--step", "0"], "--step 0 must be a millisecond at least"),
        (["--start", "1", "--group", "none"], "no recording rule is meant"),
        (["--start", "1", "--rule", "A"], "no recording rule is meant"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    server: Answering, file: str, arguments: list[str], said: str, capsys: Capture
) -> None:
    """Before anything is asked."""
    assert run(["rules", "backfill", file, *arguments]) == Exit.USAGE
    assert said in capsys.readouterr().err
    assert server.asked == []


def test_history_beyond_the_retention_is_refused_before_anything_is_written(
    server: Answering, file: str, capsys: Capture
) -> None:
    """Where the server says how long it keeps samples."""
    server.by_path["/api/v1/status/runtimeinfo"] = success({"storageRetention": "15d or 10GB"})
    assert run(["rules", "backfill", file, "--start", "-16d"]) == Exit.REFUSED
    assert "the server keeps 15d of history (`retention`)" in capsys.readouterr().err
    assert [one.path for one in server.asked] == ["/api/v1/status/runtimeinfo"]


def test_a_plan_asks_nobody(file: str, capsys: Capture) -> None:
    """It says from when to when, and at how many instants."""
    assert (
        run(["rules", "backfill", file, "--start", "600", "--end", "1200", "--dry-run", "--url", "http://127.0.0.1:1"])
        == 0
    )
    ((group, rule, first, last, instants),) = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert (group, rule) == ("g", "r")
    assert first.startswith("1970-01-01 00:1")
    assert first < last
    assert int(instants) in {10, 11}


class Choosy(BaseHTTPRequestHandler):
    """Refuses what a test says, and else answers with one series that is always there."""

    server: "Choosing"

    def do_GET(self) -> None:
        """Nothing about the retention."""
        self._answer(404, refusal("not_found"))

    def do_POST(self) -> None:
        """A query or a write."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/api/v1/write":
            self.server.writes += 1
            busy = self.server.busy and self.server.writes % 2
            self._answer(*((429, refusal("intake_overloaded")) if busy else (204, b"")))
            return
        fields = {
            name: float(one) for name, (one,) in parse_qs(body.decode()).items() if name in {"start", "end", "step"}
        }
        count = round((fields["end"] - fields["start"]) / fields["step"]) + 1
        self.server.counts.append(count)
        status, code = self.server.refuses(count, fields["start"])
        if code:
            self._answer(status, refusal(code, f"{code} was said"))
            return
        values = [[fields["start"] + fields["step"] * number, "1"] for number in range(count)]
        found = {"histograms": [[time, {}] for time, _ in values]} if self.server.native else {"values": values}
        self._answer(200, success({"resultType": "matrix", "result": [{"metric": {"a": "b"}, **found}]}))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Choosing(ThreadingHTTPServer):
    """A server that does not take everything. refuses: status and code by instants and start; an empty code takes it."""

    counts: list[int]
    writes = 0
    busy = False
    native = False
    refuses: Callable[[int, float], tuple[int, str]]


@pytest.fixture
def choosing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Choosing]:
    """That server."""
    found = Choosing(("127.0.0.1", 0), Choosy)
    found.counts, found.refuses = [], lambda *_: (200, "")
    monkeypatch.setenv("SIGHTLINE_URL", f"http://127.0.0.1:{found.server_address[1]}")
    with serving(found):
        yield found


def filled(file: str, capsys: Capture) -> dict[str, Any]:
    """What became of the rule over a hundred minutes."""
    assert run(["rules", "backfill", file, "--start", "60000", "--end", "66000", "--json"]) == Exit.DONE
    (told,) = json.loads(capsys.readouterr().out)
    return dict(told)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "query_points_limit"), (422, "query_samples_limit"), (503, "query_timeout")]
)
def test_what_is_too_much_at_once_is_asked_in_parts(
    choosing: Choosing, file: str, capsys: Capture, status: int, code: str
) -> None:
    """Half by half, until the server takes it."""
    choosing.refuses = lambda count, _: (status, code if count > 30 else "")
    told = filled(file, capsys)
    assert (told["samples"], told["failed"]) == (100, 0)
    assert max(choosing.counts) == 100


def test_instants_at_which_a_rule_fails_are_left_out(choosing: Choosing, file: str, capsys: Capture) -> None:
    """And only those."""

    def refuses(count: int, start: float) -> tuple[int, str]:
        fails = start <= 63000 <= start + 60 * (count - 1) + 59
        return 422, "query_vector_matching" if fails else ""

    choosing.refuses = refuses
    told = filled(file, capsys)
    assert (told["samples"], told["failed"], told["ends"]) == (99, 1, 0)
    assert told["error"] == "query_vector_matching was said"


def test_a_rule_that_fails_all_the_time_is_given_up(
    choosing: Choosing, file: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it says, and how to go on without it."""
    monkeypatch.setattr(backfill, "FAILURES", 20)
    choosing.refuses = lambda *_: (422, "execution")
    assert run(["rules", "backfill", file, "--start", "60000", "--end", "66000"]) == Exit.REFUSED
    told = capsys.readouterr().err
    assert "group 'g', rule 'r' fails at more than 20 instants: execution was said" in told
    assert "--rule" in told


def test_native_histograms_are_not_filled_in(choosing: Choosing, file: str, capsys: Capture) -> None:
    """Their text leaves out what they were made of; the rule is named, and how to go on without it."""
    choosing.native = True
    assert run(["rules", "backfill", file, "--start", "60000", "--end", "66000"]) == Exit.REFUSED
    told = capsys.readouterr().err
    assert "group 'g', rule 'r' yields native histograms" in told
    assert "--rule" in told
    assert choosing.writes == 0


def test_an_expression_that_the_server_refuses_ends_it(choosing: Choosing, file: str, capsys: Capture) -> None:
    """It would refuse it again."""
    choosing.refuses = lambda *_: (400, "query_malformed")
    assert run(["rules", "backfill", file, "--start", "60000", "--end", "66000"]) == Exit.REFUSED
    assert "group 'g', rule 'r': query_malformed was said" in capsys.readouterr().err
    assert len(choosing.counts) == 1


def test_intake_that_is_busy_is_asked_again(choosing: Choosing, file: str, capsys: Capture) -> None:
    """When it says so, without an error."""
    choosing.busy = True
    assert filled(file, capsys)["samples"] == 100
    assert choosing.writes == 2


def test_what_takes_longer_tells_how_far_it_is(
    choosing: Choosing, file: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From two seconds on, in a pipe every ten seconds."""
    seconds = iter(range(0, 1_000, 1))
    monkeypatch.setattr("sightline.adapters.inbound.cli.rules.time.monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr(backfill, "SAMPLES", 5)
    assert run(["rules", "backfill", file, "--start", "60000", "--end", "66000"]) == Exit.DONE
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert told[0].startswith("sightline: 10 %: group 'g' up to 1970-01-01 16:49")
    assert told[1].startswith("sightline: 60 %: group 'g' up to 1970-01-01 17:39")
