"""Places that probe for the real program: three of them, one cut off and coming back."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.program import Program, running, until

QUIET = ("--set", "host.enabled=false", "--set", "own.interval=1h")


class Wire:
    """A way to a server that a test can cut: connections of then break, and new ones are refused."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        """Let it lead through, at the same port as before."""
        self._server = await asyncio.start_server(self._lead, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Let nothing through."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, back}
        try:
            await asyncio.gather(_pour(reader, back), _pour(there, writer))
        finally:
            self._open -= {writer, back}


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await source.read(1 << 16):
            into.write(piece)
            await into.drain()
    into.close()


def ask(program: Program, method: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
    """A call of the API; gives the decoded JSON."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{program.url}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


@contextlib.contextmanager
def probing(folder: Path, server: str, location: str, key: str, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """A location in a process of its own."""
    file, log = folder / f"{location}.key", folder / f"{location}.log"
    file.write_text(f"{key}\n")
    command = [sys.executable, "-m", "sightline", "probe", "--server", server, "--location", location]
    with log.open("a") as errors:
        process = subprocess.Popen(
            [*command, "--key-file", str(file), *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
        )
    assert process.stdout is not None
    try:
        assert "probes from" in process.stdout.readline(), log.read_text()
        yield process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def found(program: Program, check: int, location: str) -> list[str]:
    """The times of all results of a check from a location, the newest first."""
    answer = program.get(f"/api/v1/checks/{check}/results", location=location, limit=1000)
    return [one["ts"] for one in answer["results"]]


@pytest.mark.timeout(120)
def test_a_location_that_is_cut_off_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Three locations probe; one goes on while its way to the server is cut, is killed, and brings all of it later."""
    with running(tmp_path / "data", *QUIET) as program:
        keys = {name: ask(program, "POST", "/api/v1/locations", {"name": name})["key"] for name in ("a", "b", "c")}
        definition = {"name": "self", "type": "http", "url": f"{program.url}/health", "interval": "1s"}
        check = ask(program, "POST", "/api/v1/checks", {**definition, "locations": ["a", "b", "c"]})["id"]
        asyncio.run(_cut_off(program, keys, check, tmp_path))
        locations = {one["name"]: one for one in program.get("/api/v1/locations")["locations"]}
        assert {name: one["checks"] for name, one in locations.items()} == {"a": 1, "b": 1, "c": 1}
        assert all(one["lost"] is None for one in locations.values())
        for name in keys:
            times = found(program, check, name)
            assert max(Counter(times).values()) == 1


async def _cut_off(program: Program, keys: dict[str, str], check: int, folder: Path) -> None:
    wire = Wire(int(program.url.rpartition(":")[2]))
    await wire.mend()
    over, buffer = f"http://127.0.0.1:{wire.port}", ("--buffer", str(folder / "c.buffer"))
    with contextlib.ExitStack() as stack:
        for name in ("a", "b"):
            await asyncio.to_thread(stack.enter_context, probing(folder, program.url, name, keys[name]))
        third = probing(folder, over, "c", keys["c"], *buffer)
        cut_off = await asyncio.to_thread(third.__enter__)
        await asyncio.to_thread(until, lambda: all(len(found(program, check, name)) >= 2 for name in keys))
        await wire.cut()
        cut_at, before = time.time(), len(found(program, check, "c"))
        ahead = len(found(program, check, "a"))
        await asyncio.to_thread(until, lambda: len(found(program, check, "a")) >= ahead + 5)
        assert len(found(program, check, "c")) <= before + 1
        cut_off.kill()  # what it found is in its buffer
        await asyncio.to_thread(third.__exit__, None, None, None)
        ended_at = time.time()
        await wire.mend()
        await asyncio.to_thread(stack.enter_context, probing(folder, over, "c", keys["c"], *buffer))
        await asyncio.to_thread(until, lambda: len(found(program, check, "c")) >= before + 4)
    while_cut = [
        one for one in found(program, check, "c") if cut_at < datetime.fromisoformat(one).timestamp() < ended_at
    ]
    assert len(while_cut) >= 4
    await wire.cut()


def test_a_key_opens_its_location_and_nothing_else(tmp_path: Path) -> None:
    """Where the API wants a token a key does not do for it, nor the token for a key; a removed location is out."""
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0123456789abcdef")
    with running(tmp_path / "data", *QUIET, "--token-file", str(token)) as program:
        secret = token.read_text()
        key = ask(program, "POST", "/api/v1/locations", {"name": "oslo"}, secret)["key"]
        assert ask(program, "GET", "/api/v1/probe/config?location=oslo", token=key)["checks"] == []
        for path, shown, status in (
            ("/api/v1/locations", key, 401),
            ("/api/v1/checks", key, 401),
            ("/api/v1/probe/config?location=oslo", secret, 401),
            ("/api/v1/probe/config?location=bergen", key, 403),
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                ask(program, "GET", path, token=shown)
            assert refused.value.code == status, path
            refused.value.close()
        ask(program, "DELETE", "/api/v1/locations/oslo", token=secret)
        done = subprocess.run(
            [sys.executable, "-m", "sightline", "probe", "--server", program.url, "--location", "oslo", "--key", key],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1
        assert "the key is not valid" in done.stderr
