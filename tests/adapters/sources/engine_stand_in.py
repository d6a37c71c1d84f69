"""A stand-in for a Docker Engine: it answers what tests tell it to, on a socket of its own. tests/e2e has a real Engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

NS = 1_000_000_000


@dataclass
class StandIn:
    """What the engine says. By id: containers, the body of their stats where it is not made up, and who hangs or fails."""

    socket: Path
    version: str = "1.43"
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)
    vanishing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    reads: int = 0
    streams: list[web.StreamResponse] = field(default_factory=list)
    inspected: asyncio.Condition = field(default_factory=asyncio.Condition)
    refuses_events: bool = False

    def add(self, name: str, state: str = "running", **more: Any) -> str:
        """A container; gives its id, which begins with its name in hexadecimal."""
        id_ = name.encode().hex().ljust(64, "0")
        self.containers[id_] = {
            "Id": id_,
            "Name": f"/{name}",
            "RestartCount": more.pop("restarts", 0),
            "State": {
                "Status": state,
                "StartedAt": "2026-11-21T11:00:00.5Z",
                "FinishedAt": "0001-01-01T00:00:00Z",
                **more.pop("run", {}),
            },
            "Config": {"Image": "bb:1", "Labels": more.pop("labels", {})},
            "HostConfig": {"Memory": 1 << 30, **more},
        }
        return id_

    async def tell(self, action: str, id_: str) -> None:
        """An event to everybody who listens."""
        line = msgspec.json.encode({"Type": "container", "Action": action, "Actor": {"ID": id_, "Attributes": {}}})
        for stream in self.streams:
            await stream.write(line + b"\n")

    async def end_streams(self) -> None:
        """Break every stream of events, as a restart of the engine does."""
        for stream in self.streams:
            transport = stream._req.transport if stream._req is not None else None
            if transport is not None:
                transport.close()
        self.streams.clear()

    async def ping(self, request: web.Request) -> web.Response:
        """Who are you."""
        return web.Response(text="OK", headers={"Api-Version": self.version})

    async def listing(self, request: web.Request) -> web.Response:
        """All containers."""
        self.asked.append(request.path)
        return web.json_response([{"Id": id_, "State": one["State"]["Status"]} for id_, one in self.containers.items()])

    async def describe(self, request: web.Request) -> web.Response:
        """One container."""
        id_ = request.match_info["id"]
        self.asked.append(request.path)
        if id_ not in self.containers:
            return web.json_response({"message": "No such container"}, status=404)
        return web.json_response(self.containers[id_])

    async def stats(self, request: web.Request) -> web.Response:
        """What one container uses: half a CPU of two, 300 of 1000 bytes of memory."""
        id_ = request.match_info["id"]
        self.asked.append(f"{request.path}?{request.query_string}")
        if id_ in self.hanging:
            await asyncio.get_running_loop().create_future()
        if id_ in self.vanishing or id_ not in self.containers:
            self.containers.pop(id_, None)
            return web.json_response({"message": "No such container"}, status=404)
        if id_ in self.bodies:
            return web.Response(body=self.bodies[id_], content_type="application/json")
        self.reads += 1
        return web.json_response(
            {
                "read": f"2026-11-21T11:{self.reads // 60:02}:{self.reads % 60:02}Z",
                "preread": "0001-01-01T00:00:00Z",
                "cpu_stats": {
                    "cpu_usage": {"total_usage": self.reads * NS // 2},
                    "system_cpu_usage": self.reads * NS * 2,
                    "online_cpus": 2,
                },
                "memory_stats": {"usage": 400, "limit": 1000, "stats": {"inactive_file": 100}},
                "networks": {"eth0": {"rx_bytes": 7, "tx_bytes": 8}},
            }
        )

    async def events(self, request: web.Request) -> web.StreamResponse:
        """What happens."""
        if self.refuses_events:
            return web.Response(status=403, text="forbidden by administrative rules")
        stream = web.StreamResponse()
        await stream.prepare(request)
        self.streams.append(stream)
        await asyncio.get_running_loop().create_future()
        return stream


@asynccontextmanager
async def standing_in(socket: Path, version: str = "1.43") -> AsyncIterator[StandIn]:
    """An engine on that socket."""
    engine = StandIn(socket, version)
    app = web.Application()
    app.router.add_get("/_ping", engine.ping)
    for prefix in ("", "/{version:v[0-9.]+}"):
        app.router.add_get(prefix + "/containers/json", engine.listing)
        app.router.add_get(prefix + "/containers/{id}/json", engine.describe)
        app.router.add_get(prefix + "/containers/{id}/stats", engine.stats)
        app.router.add_get(prefix + "/events", engine.events)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(socket)).start()
    try:
        yield engine
    finally:
        await runner.cleanup()
