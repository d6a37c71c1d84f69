"""The composition root: settings become a running program. The only place that knows which adapter plays which role.

Everything is opened in order, and its undo is registered the moment it exists; stopping runs the undos backwards. A start that
fails half-way undoes what it did. It can start and stop many times in one process.
"""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import structlog

from sightline.adapters.inbound.cli.doctor.redact import redacted
from sightline.adapters.inbound.grpc.serving import Listening
from sightline.adapters.inbound.grpc.serving import serving as serving_grpc
from sightline.adapters.inbound.grpc.settings import GrpcSettings
from sightline.adapters.inbound.http.access import Access, check_listener
from sightline.adapters.inbound.http.app import build
from sightline.adapters.inbound.http.asgi import App
from sightline.adapters.inbound.http.serving import bind, serving, url
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import Program, UseCases
from sightline.adapters.outbound.system.open_files import allow_open_files
from sightline.application.recover import Recovered
from sightline.application.reload import Reload
from sightline.compose.core import DRAIN_SECONDS, Core, open_core
from sightline.compose.intervals import require_intervals
from sightline.compose.jobs import start_jobs
from sightline.compose.limits import door_settings
from sightline.compose.listening import (
    NATIVE,
    OTLP_GRPC,
    address_of,
    line_listeners,
    native_address,
    otlp_address,
    otlp_listener,
    take_lines,
)
from sightline.compose.parts import make_parts
from sightline.compose.use_cases import make_use_cases
from sightline.domain.kernels.compiled import start_compiling
from sightline.domain.tenancy import Principal
from sightline.settings.schema import Settings
from sightline.settings.shown import plain

_log = structlog.get_logger("sightline")

_KERNELS: Final = (
    "sightline.adapters.wire.family_scan",
    "sightline.adapters.wire.histogram_encode",
    "sightline.adapters.wire.histogram_scan",
    "sightline.adapters.wire.influx_exact",
    "sightline.adapters.wire.influx_scan",
    "sightline.adapters.wire.otlp_histograms",
    "sightline.adapters.wire.otlp_keys",
    "sightline.adapters.wire.otlp_scan",
    "sightline.adapters.wire.remote_read_chunks",
    "sightline.adapters.wire.remote_read_histograms",
    "sightline.adapters.wire.remote_read_samples",
    "sightline.adapters.wire.remote_write2_scan",
    "sightline.adapters.wire.remote_write2_symbols",
    "sightline.adapters.wire.remote_write_exemplars",
    "sightline.adapters.wire.remote_write_scan",
    "sightline.adapters.wire.remote_write_text",
    "sightline.adapters.outbound.clickhouse.map_column",
    "sightline.adapters.inbound.http.points",
)
"""Modules outside the domain that register kernels."""
_COLLECT: Final = (10_000, 20, 100)
"""Allocations before a garbage collection of the youngest objects, and how many of those before one of the older two ages."""
_STARTED_AFTER: Final = 4.0
"""Seconds until everything that is loaded after the door is open is there, the kernels last."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started program. url: where it listens, port 0 resolved. also: where else. reload: reads again what may change.

    grpc: where it listens for gRPC, soon after the start; None where it does not.
    """

    url: str
    recovered: Recovered
    reload: Callable[[], Awaitable[None]]
    also: tuple[str, ...] = ()
    grpc: Listening | None = None


@asynccontextmanager
async def start(settings: Settings, leave: Callable[[], None] = lambda: None) -> AsyncIterator[Running]:
    """Start the program, and stop it when the context ends. leave: called when somebody asks that it be stopped.

    Raises:
        SettingsInvalid, DataFolderLocked, DataFolderTooNew, StorageFull, Unavailable: it cannot start; nothing is left open.
    """
    async with AsyncExitStack() as stack:
        yield await _open(settings, stack, leave)
        _log.info("stopping")


def _collect_rarely(stack: AsyncExitStack) -> None:
    """Full garbage collections stop everything: 0.7 s with 250,000 series, every half minute under Python's own thresholds."""
    stack.callback(gc.set_threshold, *gc.get_threshold())
    gc.set_threshold(*_COLLECT)
    # What a start leaves stays: going through it once took 80 ms, a quarter of a minute later.
    stack.callback(gc.unfreeze)
    stack.callback(asyncio.get_running_loop().call_later(_STARTED_AFTER, gc.freeze).cancel)


async def _open(settings: Settings, stack: AsyncExitStack, leave: Callable[[], None]) -> Running:
    require_intervals(settings)
    allow_open_files()
    host, port = address_of(settings.listen)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure)
    door = door_settings(settings, host)
    listener = stack.enter_context(bind(host, port))
    listeners = [listener]
    if native := native_address(settings):
        listeners.append(stack.enter_context(bind(*native, NATIVE)))
    listeners += otlp_listener(settings, stack)
    lines = [(one, one.bound(stack)) for one in line_listeners(settings)]
    _collect_rarely(stack)
    core = await open_core(settings, stack)
    parts = await make_parts(settings, core, stack)
    stopping = asyncio.Event()
    use_cases = make_use_cases(settings, core, parts, stopping)
    reload = Reload(use_cases.reload, core.clock, core.telemetry)
    program = _program(settings, core, reload)
    use_cases = replace(use_cases, reload=reload, leave=leave, program=program)
    await _serve(build(use_cases, door), door, listeners, stack)
    start_compiling(_KERNELS)  # only now, so that it does not hold up the start
    stack.callback(core.bus.close)  # before the door drains, so that live streams end
    stack.callback(stopping.set)
    stack.callback(use_cases.delegate.close)  # likewise, so that no location waits for other orders
    stack.push_async_callback(parts.statsd.end)
    for given, sockets in lines:
        await take_lines(given, sockets, core, parts, stack)
    await start_jobs(settings, core, parts, listener.getsockname()[1], stack)
    listening = await _serve_grpc(settings, door, use_cases, stack)
    return Running(url(listener), core.recovered, reload, tuple(map(url, listeners[1:])), listening)


async def _serve(app: App, door: DoorSettings, listeners: Sequence[socket.socket], stack: AsyncExitStack) -> None:
    """Open the door at every address."""
    for listener in listeners:
        await stack.enter_async_context(serving(app, door, listener, drain_seconds=DRAIN_SECONDS))
    for listener in listeners[1:]:
        _log.info("also listening", url=url(listener))


async def _serve_grpc(
    settings: Settings, door: DoorSettings, use_cases: UseCases, stack: AsyncExitStack
) -> Listening | None:
    """Open the door for exporters that speak gRPC, unless the settings say no."""
    address = otlp_address(settings, OTLP_GRPC, settings.otlp.grpc_listen)
    if address is None:
        return None
    access = Access(replace(door, host=address[0]))

    def admit(metadata: Mapping[str, str]) -> Principal:
        headers = [(name.encode(), str(value).encode()) for name, value in metadata.items()]
        return access.principal({"type": "http", "path": "", "query_string": b"", "headers": headers})

    grpc = GrpcSettings(
        host=address[0],
        port=address[1],
        absorb=use_cases.absorb,
        admit=admit,
        telemetry=use_cases.telemetry,
        max_message_bytes=settings.http.max_decompressed_bytes,
        max_inflight_bytes=settings.http.max_inflight_bytes,
        drain_seconds=DRAIN_SECONDS,
    )
    return await stack.enter_async_context(serving_grpc(grpc))


def _program(settings: Settings, core: Core, reload: Reload) -> Program:
    """What is told of the program."""
    shown: dict[str, Any] = redacted(plain(settings))
    return Program(
        started=core.clock.now(),
        folder=str(Path.cwd()),
        machine=socket.gethostname(),
        retention=str(settings.retention),
        settings=lambda: shown,
        reloaded=lambda: reload.last,
    )
