"""Reading again and stopping, by HTTP."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import Stage

from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.errors import InvalidParameter


class Program:
    """Something that can be read again and stopped."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.broken = False

    async def reload(self) -> None:
        """Read again."""
        self.calls.append("reload")
        if self.broken:
            raise InvalidParameter("rules.yaml: no groups")

    def leave(self) -> None:
        """Stop."""
        self.calls.append("leave")

    def client(self, stage: Stage, settings: DoorSettings) -> httpx.AsyncClient:
        """Who asks it."""
        app: Any = build(replace(stage.use_cases(), reload=self.reload, leave=self.leave), settings)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8080")


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(("path", "call", "said"), [("/-/reload", "reload", ""), ("/-/quit", "leave", "Goodbye!")])
async def test_what_is_enabled_is_done(
    stage: Stage, settings: DoorSettings, method: str, path: str, call: str, said: str
) -> None:
    """PUT and POST have it done, and say what Prometheus says."""
    program = Program()
    answer = await program.client(stage, replace(settings, lifecycle=True)).request(method, path)
    assert (answer.status_code, answer.text.endswith(said)) == (200, True)
    assert program.calls == [call]


@pytest.mark.parametrize("path", ["/-/reload", "/-/quit"])
async def test_nothing_is_done_unless_it_is_enabled(stage: Stage, settings: DoorSettings, path: str) -> None:
    """It is off by default, the refusal names the setting, and GET is never enough."""
    program = Program()
    answer = await program.client(stage, settings).post(path)
    assert answer.status_code == 403
    assert "Lifecycle API is not enabled." in answer.json()["error"]
    assert "http.lifecycle" in answer.json()["error"]
    asked = await program.client(stage, replace(settings, lifecycle=True)).get(path)
    assert (asked.status_code, program.calls) == (405, [])


async def test_what_cannot_be_read_again_is_said(stage: Stage, settings: DoorSettings) -> None:
    """A reload that fails is an error of the server with the reason, as Prometheus has it."""
    program = Program()
    program.broken = True
    answer = await program.client(stage, replace(settings, lifecycle=True)).post("/-/reload")
    assert answer.status_code == 500
    assert answer.json()["error"] == "failed to reload config: rules.yaml: no groups"
