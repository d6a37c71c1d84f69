"""What the real program says of its own parts."""

import json
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path

from tests.e2e.program import Program, running

WINDOW = {"name": "nightly", "cron": "0 2 * * *", "duration": "2h", "timezone": "Europe/Berlin", "scope": {"all": True}}


def said(program: Program) -> dict[str, str]:
    """What each part says of itself."""
    return {one["name"]: one["message"] for one in program.get("/health")["checks"]}


def test_windows_and_silences_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A zone that is not known any more, as on another machine: the rest goes on, and /health says what does not."""
    folder = tmp_path / "data"
    silence = {
        "matchers": [{"name": "a", "value": "b", "isRegex": False}],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2126-01-01T00:00:00Z",
        "createdBy": "ada",
        "comment": "weekends",
        "recurrence": [{"weekdays": ["saturday"], "location": "Europe/Berlin"}],
    }
    with running(folder) as program:
        for path, body in (("/api/v1/windows", WINDOW), ("/api/v2/silences", silence)):
            request = urllib.request.Request(
                f"{program.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=30):
                pass
        assert (said(program)["checks"], said(program)["alerting"]) == ("ok", "ok")
        assert program.stop() == 0
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog, catalog:
        for kind in ("maintenance_window", "silence"):
            catalog.execute(
                "UPDATE documents SET body = CAST(replace(CAST(body AS TEXT), 'Europe/Berlin', 'Moon/Base') AS BLOB)"
                " WHERE kind = ?",
                (kind,),
            )
    with running(folder) as program:
        found = said(program)
        assert found["checks"].startswith("the maintenance window ")
        assert found["alerting"].startswith("the silence ")
        assert all("Moon/Base" in found[name] for name in ("checks", "alerting"))
        assert program.get("/health")["status"] == "fail"
        assert program.stop() == 0
