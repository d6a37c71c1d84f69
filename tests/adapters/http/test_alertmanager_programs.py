"""Programs that are made for Alertmanager and speak to its API here: amtool and Prometheus."""

import json
import subprocess
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import anyio
from tests.adapters.http.stage import NOW, Stage, until

from sightline.adapters.inbound.http import instruments
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT

Door = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]

PROMETHEUS: Final = """\
global: {{evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["{host}:{port}"]}}]
    - path_prefix: /alertmanager
      static_configs: [{{targets: ["{host}:{port}"]}}]
"""
RULES: Final = """\
groups:
  - name: g
    rules:
      - alert: Always
        expr: label_replace(vector(1), "n", "one", "", "") or label_replace(vector(1), "n", "two", "", "")
        annotations: {summary: "{{ $labels.n }}"}
"""


async def amtool(program: str, address: tuple[str, int], *words: str) -> str:
    """What amtool prints."""
    command = [program, f"--alertmanager.url=http://{address[0]}:{address[1]}", *words]
    done = await anyio.run_process(command, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.decode()


async def test_amtool_asks_and_silences(
    door: Door, stage: Stage, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Every command of amtool that asks a server works."""
    program = require_binary("amtool", "prometheus-alertmanager")
    async with door() as address:

        async def run(*words: str) -> str:
            # amtool has its own clock, by which the door has to go.
            stage.clock.jump(time.time_ns() // 1_000_000 - stage.clock.now())
            return await amtool(program, address, *words)

        await run("alert", "add", "DbDown", "severity=critical", "instance=db1", "--annotation=summary=away")
        assert "DbDown" in await run("alert", "query", "severity=critical")
        assert "DbDown" not in await run("alert", "query", "severity=warning")
        made = (await run("silence", "add", "DbDown", "instance=~db.+", "-c", "works", "-a", "ada", "-d", "1h")).strip()
        assert str(uuid.UUID(made)) == made
        assert made in await run("silence", "query", "instance=~db.+")
        assert "DbDown" not in await run("alert", "query")
        assert "DbDown" in await run("alert", "query", "--silenced")
        await run("silence", "update", made, "-c", "longer", "-d", "2h")
        assert "longer" in await run("silence", "query", "-o", "extended")
        told = json.loads(await run("silence", "query", "-o", "json"))
        assert [one["id"] for one in told] == [made]
        await run("silence", "expire", made)
        assert made not in await run("silence", "query")
        assert made in await run("silence", "query", "--expired")
        assert "DbDown" in await run("alert", "query")
        (tmp_path / "silences.json").write_text(json.dumps([{**one, "id": ""} for one in told]))
        await run("silence", "import", str(tmp_path / "silences.json"))
        assert "longer" in await run("silence", "query")
        assert "default" in await run("config", "show")
        assert 'severity="critical"' in await run("config", "routes", "show")
        assert "pager" in await run("config", "routes", "test", "severity=critical")
        assert "disabled" in await run("cluster", "show")
        beneath = f"--alertmanager.url=http://{address[0]}:{address[1]}/alertmanager"
        assert "longer" in (await anyio.run_process([program, beneath, "silence", "query"])).stdout.decode()


async def test_a_real_prometheus_posts(
    door: Door, stage: Stage, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Alerts of a Prometheus' rules arrive at both places with their annotations and an end that is ahead."""
    program = require_binary("prometheus", "prometheus")
    stage.clock.jump(time.time_ns() // 1_000_000 - NOW)
    (tmp_path / "rules.yml").write_text(RULES)
    # What fires before it knows where to post is posted again after a minute, unless told otherwise.
    flags = ("--config.file=prom.yml", "--web.listen-address=127.0.0.1:0", "--rules.alert.resend-delay=1s")

    def has_arrived(path: str) -> bool:
        return stage.telemetry.of(instruments.REQUESTS, path, "200") > 0

    async with door() as (host, port):
        (tmp_path / "prom.yml").write_text(PROMETHEUS.format(host=host, port=port))
        process = await anyio.open_process([program, *flags], cwd=tmp_path, stdout=None, stderr=subprocess.DEVNULL)
        try:
            await until(lambda: has_arrived("/api/v2/alerts") and has_arrived("/alertmanager/api/v2/alerts"))
        finally:
            process.terminate()
            await process.wait()
    assert len(stage.pipeline.known[DEFAULT_TENANT]) == 2
    for labels, alert in stage.pipeline.known[DEFAULT_TENANT].items():
        assert labels.get("alertname") == "Always"
        assert alert.annotations == Labels.of(summary=labels.get("n"))
        assert not alert.timed
        assert (alert.ends_at or 0) > alert.starts_at
        assert alert.generator_url.startswith("http://")
