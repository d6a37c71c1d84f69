"""The whole product starts and stops in one process, again and again."""

import asyncio
import gc
import os
import re
import signal
import threading
import urllib.error
import urllib.request
from pathlib import Path

import aiohttp
import pytest
from tests.e2e.descriptors import descriptors
from tests.e2e.program import Program, running, until

from sightline.compose.program import start
from sightline.domain.errors import DataFolderLocked, SettingsInvalid
from sightline.settings.schema import Settings
from sightline.settings.sources import load

pytestmark = pytest.mark.anyio


def settings(folder: Path, **more: object) -> Settings:
    fixed = {"data": folder / "data", "listen": "127.0.0.1:0", "disk.min_free": "0B"}
    return load({**fixed, "otlp.http_listen": "", "otlp.grpc_listen": "", **more}, {}, folder)


async def answer(url: str, path: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{url}{path}") as found:
        return found.status


@pytest.mark.parametrize("starts", [6, pytest.param(50, marks=[pytest.mark.nightly, pytest.mark.timeout(600)])])
def test_starts_and_stops_leak_no_task_thread_or_descriptor(starts: int, tmp_path: Path) -> None:
    """After each stop everything the start opened is gone, but for idle native threads that chDB keeps for itself."""

    async def once() -> int:
        async with start(settings(tmp_path)) as running:
            assert await answer(running.url, "/-/ready") == 200
        return len(asyncio.all_tasks())

    # Each life has an event loop of its own, whose pool of threads ends with it.
    assert asyncio.run(once()) == 1  # this also loads the engine and the kernels, which stay loaded
    opened, threads = len(descriptors()), {thread.name for thread in threading.enumerate()}
    for _ in range(starts):
        assert asyncio.run(once()) == 1
    gc.collect()
    left = descriptors()
    assert len(left) <= opened, sorted(left.values())
    assert {thread.name for thread in threading.enumerate()} <= threads


async def test_a_cold_start_becomes_ready(tmp_path: Path) -> None:
    """The program answers that it is ready, and shows this machine's first samples, soon after it is started."""
    async with start(settings(tmp_path)) as running:
        assert await answer(running.url, "/-/ready") == 200


def test_a_service_that_is_told_to_reload_goes_on(tmp_path: Path) -> None:
    """What may change is read again; the log says what needs a restart, and the program does not end of a SIGHUP."""
    with running(tmp_path / "data") as program:
        program.process.send_signal(signal.SIGHUP)
        until(lambda: "is applied by a restart" in program.log.read_text(), 10)
        assert program.get("/api/v1/status/buildinfo")["status"] == "success"
        assert program.stop() == 0


async def test_a_data_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    """A second start on the same folder is refused with the pid of the first, which goes on."""
    async with start(settings(tmp_path)) as running:
        with pytest.raises(DataFolderLocked, match=str(os.getpid())):
            async with start(settings(tmp_path)):
                pass
        assert await answer(running.url, "/-/healthy") == 200


async def test_a_port_that_is_taken_is_told_and_leaves_nothing_open(tmp_path: Path) -> None:
    """The message names the port and the remedy, and the folder is free again."""
    async with start(settings(tmp_path)) as running:
        listen = running.url.removeprefix("http://")
        other = tmp_path / "other"
        other.mkdir()
        with pytest.raises(SettingsInvalid, match=rf"listen = {listen}.*--listen"):
            async with start(settings(tmp_path, listen=listen, data=tmp_path / "data2")):
                pass
    async with start(settings(tmp_path)):
        pass


@pytest.mark.parametrize(
    ("listen", "said"),
    [("0.0.0.0:0", "--token-file"), ("nonsense", "not an address"), ("127.0.0.1:99999", "not an address")],
)
async def test_a_listener_that_must_not_be_is_refused(listen: str, said: str, tmp_path: Path) -> None:
    """Beyond loopback a token, or the word that none is wanted, is needed; an address must be one."""
    with pytest.raises(SettingsInvalid, match=said):
        async with start(settings(tmp_path, listen=listen)):
            pass


def test_who_may_can_stop_it_by_http(tmp_path: Path) -> None:
    """Where it is allowed, POST /-/reload is done and POST /-/quit ends the program as a signal does; it is off by default."""

    def post(program: Program, path: str) -> int:
        request = urllib.request.Request(program.url + path, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    with running(tmp_path / "data") as program:
        assert post(program, "/-/quit") == 403
    with running(tmp_path / "data", "--set", "http.lifecycle=true") as program:
        assert post(program, "/-/reload") == 200
        assert post(program, "/-/quit") == 200
        assert program.process.wait(30) == 0


def test_the_program_says_how_it_is_set(tmp_path: Path) -> None:
    """Settings, figures and the like are told by the running program, and its second address leads to the same."""
    secret = "Authorization: Bearer abcdefgh12345678"
    flags = ("--set", "prometheus.listen=127.0.0.1:0", "--set", f"webhook.headers={secret}")
    with running(tmp_path / "data", *flags) as program:
        until(lambda: bool(program.get("/api/v1/query", query="sightline_ingest_series")["data"]["result"]))
        until(lambda: int(program.get("/api/v1/status/tsdb")["data"]["headStats"]["numSeries"]) > 0)
        shown = program.get("/api/v1/status/config")["data"]["yaml"]
        assert "abcdefgh" not in shown + str(program.get("/api/v1/status/flags"))
        assert "query:\n  lookback: 5m\n" in shown
        assert program.get("/api/v1/status/flags")["data"]["query.timeout"] == "2m"
        assert program.get("/api/v1/status/runtimeinfo")["data"]["storageRetention"] == "15d"
        (line,) = (one for one in program.log.read_text().splitlines() if "also listening" in one and "http:" in one)
        (second,) = re.findall(r"http://127\.0\.0\.1:\d+", line)
        with urllib.request.urlopen(f"{second}/api/v1/status/buildinfo", timeout=30) as answer:
            assert b'"application":"Sightline"' in answer.read()


async def test_a_second_address_is_as_safe_as_the_first(tmp_path: Path) -> None:
    """Beyond this machine it wants a token too, and a port that is taken stops the start."""
    with pytest.raises(SettingsInvalid, match=r"prometheus\.listen 0\.0\.0\.0 is open"):
        async with start(settings(tmp_path, **{"prometheus.listen": "0.0.0.0:0"})):
            pass
    async with start(settings(tmp_path, **{"prometheus.listen": "127.0.0.1:0"})) as running:
        taken = running.also[0].removeprefix("http://")
        other = settings(tmp_path, data=tmp_path / "data2", **{"prometheus.listen": taken})
        with pytest.raises(SettingsInvalid, match=rf"prometheus\.listen = {taken}"):
            async with start(other):
                pass
