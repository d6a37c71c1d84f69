"""Reports of the real program: shown, written as a page, and mailed."""

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.adapters.mail_server import serving
from tests.e2e.program import running, until
from tests.e2e.test_uptime import add

from sightline.adapters.inbound.cli import Exit, run
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.timerange import DAY, HOUR, MINUTE

ALERT = Labels.of(__name__="ALERTS", alertname="DiskFull", alertstate="firing", severity="warning", instance="db1")


def now_of(program: Any) -> int:
    """The program's time, ms."""
    (value, _) = program.get("/api/v1/query", query="time()")["data"]["result"]
    return round(float(value) * 1_000)


def test_a_report_is_shown_and_mailed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What fired is in the report of the command line and in the mail, which comes once although the program starts again."""
    with serving() as server:
        smtp = ("smtp.host=127.0.0.1", f"smtp.port={server.port}", "smtp.require_tls=false", "smtp.from=a@example.org")
        reports = ("reports.every=daily", "reports.at=04:00 Europe/Berlin", "reports.to=ops@example.org")
        flags = tuple(part for one in (*smtp, *reports) for part in ("--set", one))
        folder = tmp_path / "data"
        with running(folder, *flags) as program:
            end = now_of(program)
            times = np.array(range(end - DAY - HOUR, end - DAY - HOUR + 40 * MINUTE, MINUTE), np.int64)
            values = np.ones(len(times))
            values[-1] = STALE
            assert program.write(WriteBatch((ALERT,), np.zeros(len(times), np.uint32), times, values)) == 204
            page = tmp_path / "report.html"
            asked = ("--url", program.url)
            assert run(["report", "--since", "3d", "--html", str(page), *asked]) == Exit.DONE
            assert "DiskFull" in page.read_text()
            assert run(["report", "--since", "3d", *asked]) == Exit.DONE
            assert "DiskFull" in capsys.readouterr().out
            assert run(["report", "--since", "1s", *asked]) == Exit.REFUSED
            assert "between 1h and" in capsys.readouterr().err
            until(lambda: len(documents(folder)) == 1)
            assert program.stop() == 0
        assert server.mails == []  # nothing was owed before the first start
        with sqlite3.connect(folder / "catalog.sqlite") as catalog:
            catalog.execute("UPDATE documents SET body = ? WHERE kind = 'report'", (b'{"due": 0}',))
        for _ in range(2):
            with running(folder, *flags) as program:
                until(lambda: bool(server.mails))
                until(lambda: documents(folder) != [b'{"due": 0}'])
                assert program.stop() == 0
        (mail,) = server.mails
        assert mail.recipients == ["ops@example.org"]
        assert mail.message["Subject"].startswith("Report: ")
        kinds = [part.get_content_type() for part in mail.message.iter_parts()]
        assert kinds == ["text/plain", "text/html"]


def test_a_report_tells_of_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Uptime, the incident that lasts, and how long probes took by the series that they left."""
    with running(tmp_path / "data") as program:
        add(program, "itself", f"{program.url}/health")
        add(program, "closed", "http://127.0.0.1:1/")

        def told() -> str:
            assert run(["report", "--since", "1h", "--url", program.url]) == Exit.DONE
            return capsys.readouterr().out

        until(lambda: "closed is down" in told() and "95 of 100 within" in told())
        report = told()
        assert "2 checks together: " in report
        assert "itself " in report.partition("Slowest checks")[2]
        assert "1 open incident" in report.splitlines()[0]
        assert program.stop() == 0


def documents(folder: Path) -> list[bytes]:
    """What is remembered of reports."""
    with sqlite3.connect(folder / "catalog.sqlite") as catalog:
        return [bytes(row[0]) for row in catalog.execute("SELECT body FROM documents WHERE kind = 'report'")]
