"""What jobs push to the real program outlives it."""

import urllib.request
from pathlib import Path

from tests.e2e.program import Program, running, until

QUIET = ("--set", "host.enabled=false", "--set", "push.interval=1s")


def send(program: Program, method: str, path: str, body: str = "") -> int:
    """Call the program; gives the status."""
    request = urllib.request.Request(program.url + path, body.encode(), method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


def values(program: Program, query: str) -> list[str]:
    """The values of an instant query."""
    return [one["value"][1] for one in program.get("/api/v1/query", query=query)["data"]["result"]]


def test_a_group_survives_the_death_of_the_program(tmp_path: Path) -> None:
    """What was pushed is there at once, is stored again after a kill and a restart, and ends when it is deleted."""
    with running(tmp_path / "data", *QUIET) as program:
        assert send(program, "PUT", "/metrics/job/backup/instance/db-1", "backup_size_bytes 7\n") == 200
        assert values(program, 'backup_size_bytes{job="backup",instance="db-1"}') == ["7"]
        program.kill()
    with running(tmp_path / "data", *QUIET) as program:
        until(lambda: int(values(program, "count_over_time(backup_size_bytes[1h])")[0]) > 2)
        assert values(program, "backup_size_bytes - backup_size_bytes offset 1s") in ([], ["0"])
        assert send(program, "DELETE", "/metrics/job/backup/instance/db-1") == 202
        assert values(program, "backup_size_bytes") == []
        assert program.stop() == 0
