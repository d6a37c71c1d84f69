"""Where the program listens besides its own address."""

import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import structlog

from sightline.adapters.inbound.http.access import check_listener
from sightline.adapters.inbound.http.serving import bind
from sightline.adapters.inbound.lines.sockets import LineListener, Networks, networks
from sightline.adapters.inbound.lines.sockets import bind as bind_lines
from sightline.adapters.inbound.lines.sockets import check_open as check_lines
from sightline.compose.core import Core
from sightline.compose.parts import Parts
from sightline.domain.errors import SettingsInvalid
from sightline.settings.schema import Settings

_log = structlog.get_logger("sightline")

NATIVE: Final = "prometheus.listen"
OTLP_HTTP: Final = "otlp.http_listen"
OTLP_GRPC: Final = "otlp.grpc_listen"


def address_of(listen: str, setting: str = "listen") -> tuple[str, int]:
    """Host and port of a setting.

    Raises:
        SettingsInvalid: it is no address.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the largest port
        raise SettingsInvalid(f"{setting} = {listen!r} is not an address and port such as 127.0.0.1:8080", key=setting)
    return host.strip("[]"), int(port)


def native_address(settings: Settings) -> tuple[str, int] | None:
    """Where clients of Prometheus find the door too; None where they shall not."""
    if not settings.prometheus.listen:
        return None
    host, port = address_of(settings.prometheus.listen, NATIVE)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure, setting=NATIVE)
    return host, port


def otlp_address(settings: Settings, setting: str, listen: str) -> tuple[str, int] | None:
    """Where exporters of OpenTelemetry look for us; None where they shall not find us."""
    if not listen:
        return None
    host, port = address_of(listen, setting)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure, setting=setting)
    return host, port


def otlp_listener(settings: Settings, stack: AsyncExitStack) -> list[socket.socket]:
    """The further address of the HTTP door for exporters; none where the port is taken, as by a collector, which is said."""
    address = otlp_address(settings, OTLP_HTTP, settings.otlp.http_listen)
    if address is None:
        return []
    try:
        return [stack.enter_context(bind(*address, OTLP_HTTP))]
    except SettingsInvalid as error:
        _log.warning("not listening", setting=OTLP_HTTP, reason=error.message)
        return []


@dataclass(frozen=True, slots=True)
class LineSettings:
    """A listener for lines that is turned on."""

    name: str
    listen: str
    allow: tuple[str, ...]
    insecure: bool

    def address(self) -> tuple[str, int]:
        """Where it listens.

        Raises:
            SettingsInvalid: nowhere that is an address, or where strangers could send.
        """
        setting = f"{self.name}.listen"
        host, port = address_of(self.listen, setting)
        check_lines(host, self.allow, insecure=self.insecure, setting=setting)
        self.allowed()
        return host, port

    def allowed(self) -> Networks:
        """Whose lines it takes."""
        return networks(self.allow, f"{self.name}.allow")

    def bound(self, stack: AsyncExitStack) -> tuple[socket.socket, socket.socket]:
        """Its sockets."""
        sockets = bind_lines(*self.address(), f"{self.name}.listen")
        for one in sockets:
            stack.enter_context(one)
        return sockets


def line_listeners(settings: Settings) -> list[LineSettings]:
    """The listeners for lines that are turned on."""
    graphite, statsd, insecure = settings.graphite, settings.statsd, settings.http.insecure
    found = [
        LineSettings("graphite", graphite.listen, graphite.allow, insecure),
        LineSettings("statsd", statsd.listen, statsd.allow, insecure),
    ]
    return [one for one in found if one.listen]


async def take_lines(
    given: LineSettings,
    sockets: tuple[socket.socket, socket.socket],
    core: Core,
    parts: Parts,
    stack: AsyncExitStack,
) -> None:
    """Have a listener take lines."""
    take = parts.graphite.take if given.name == "graphite" else parts.statsd.take
    await stack.enter_async_context(LineListener(given.name, sockets, take, core.telemetry, given.allowed()))
    host, port = sockets[0].getsockname()[:2]
    _log.info("also listening", url=f"{given.name}://{host}:{port}")
