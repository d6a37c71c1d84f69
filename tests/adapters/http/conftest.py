"""A door with stand-ins behind it, in process or on a real socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.adapters.http.stage import Stage, calling, listening

from sightline.adapters.inbound.http.settings import DoorSettings


@pytest.fixture
def stage() -> Stage:
    """Fresh stand-ins."""
    return Stage()


@pytest.fixture
def settings(tmp_path: Path) -> DoorSettings:
    """A loopback door with a built page."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Sightline</title>" + " " * 2000)
    (tmp_path / "assets" / "index-Ab12.js").write_text("export const page = 1;\n" * 200)
    (tmp_path / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / ".sources.sha256").write_text("secret")
    return DoorSettings(ui_folder=tmp_path, version="1.2.3")


@pytest.fixture
async def client(stage: Stage, settings: DoorSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the door, in process."""
    async with calling(stage, settings) as found:
        yield found


@pytest.fixture
def door(stage: Stage, settings: DoorSettings) -> Callable[..., AbstractAsyncContextManager[tuple[str, int]]]:
    """Open a door on a real socket, with settings changed by keyword."""
    return lambda **changes: listening(stage, replace(settings, **changes))


@pytest.fixture
def caller(stage: Stage, settings: DoorSettings) -> Callable[..., httpx.AsyncClient]:
    """A client in process, with settings changed by keyword."""
    return lambda **changes: calling(stage, replace(settings, **changes))
