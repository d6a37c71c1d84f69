"""What files declare, made so by the command line in a program that runs, and still there after a restart."""

from pathlib import Path

import pytest
from tests.e2e.program import running

from sightline.adapters.inbound.cli import Exit, run

Capture = pytest.CaptureFixture[str]

FILE = """
checks:
  - {name: router, type: heartbeat, period: 1h}
  - {name: shop, type: http, url: "http://me:pa55@127.0.0.1:9/", interval: 1h, depends_on: [router], enabled: false}
windows:
  - {name: patches, scope: {checks: [shop]}, cron: 0 2 * * SUN, duration: 2h, timezone: Europe/Berlin}
status_pages:
  - {slug: shop, title: Shop, password: pa55word, groups: [{name: All, checks: [shop]}]}
alert_rules:
  - {name: TooSlow, expr: probe_duration_seconds > 1, for: 5m}
dashboards:
  - {name: mine, title: Mine, panels: [{title: Up, queries: [{expr: probe_success}]}]}
"""


def test_what_is_declared_is_there_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """All kinds are made, compared and exported; after a restart nothing differs, and pruning removes what is no longer written."""
    file, exported = tmp_path / "all.yml", tmp_path / "exported.yml"
    file.write_text(FILE)
    with running(tmp_path / "data") as program:
        monkeypatch.setenv("SIGHTLINE_URL", program.url)
        assert run(["diff", "-f", str(file)]) == 1
        assert run(["apply", "-f", str(file)]) == Exit.DONE
        assert capsys.readouterr().out.endswith("6 added\n")
        assert run(["diff", "-f", str(file), "--prune"]) == Exit.DONE
    with running(tmp_path / "data") as program:
        monkeypatch.setenv("SIGHTLINE_URL", program.url)
        assert run(["export"]) == Exit.DONE
        text = capsys.readouterr().out
        assert "pa55" not in text
        exported.write_text(text)
        assert run(["diff", "-f", str(exported), "--prune"]) == Exit.DONE
        exported.write_text("checks:\n  - {name: router, type: heartbeat, period: 1h}\n")
        assert run(["diff", "-f", str(exported), "--prune"]) == 1
        assert capsys.readouterr().out.startswith("- checks shop\n")
        assert run(["apply", "-f", str(exported), "--prune"]) == Exit.DONE
        assert run(["diff", "-f", str(exported), "--prune"]) == Exit.DONE
