"""A location: the same probers and the same schedule, for a program elsewhere."""

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final
from urllib.parse import urlsplit

from sightline import __version__
from sightline.adapters.inbound.batches import Batches
from sightline.adapters.inbound.lag import measuring_lag
from sightline.adapters.inbound.probing import ProbeLoop
from sightline.adapters.inbound.remote import RemoteLoop
from sightline.adapters.inbound.scouting import scouting
from sightline.adapters.outbound.center import HttpCenter
from sightline.adapters.outbound.files.outbox import FileOutbox
from sightline.adapters.outbound.memory.outbox import MemoryOutbox
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.adapters.wire.probe_exchange import pack, pack_lost
from sightline.application.align import AlignedClock
from sightline.application.obey import Obey
from sightline.application.probe import Probe
from sightline.application.remit import Remit
from sightline.application.roster import Roster
from sightline.compose.probers import open_probers
from sightline.compose.references import make_vouch
from sightline.domain.errors import BadData, SettingsInvalid
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.stalls import Stalls
from sightline.domain.sizes import parse_size
from sightline.ports.outbox import Outbox
from sightline.ports.prober import Prober
from sightline.settings.schema import Settings

BUFFER_BYTES: Final = 64 << 20
"""What waits for the server at most, unless told otherwise: a day of 250 results a minute."""
_EVERY: Final = 1.0
"""Seconds that the first result of a parcel waits for others."""
_ID_BYTES: Final = 16
_LEAST_BUFFER: Final = 1 << 20


@dataclass(frozen=True, slots=True, repr=False)
class Remote:
    """Whom a location probes for. buffer: the file that keeps results through a restart; None keeps them in memory."""

    server: str
    key: str
    location: str
    buffer: Path | None = None
    buffer_bytes: int = BUFFER_BYTES
    ca_file: Path | None = None
    insecure: bool = False


OpenProbers = Callable[[AsyncExitStack], Awaitable[Mapping[str, Prober]]]


@asynccontextmanager
async def start_probe(settings: Settings, remote: Remote, open_them: OpenProbers | None = None) -> AsyncIterator[None]:
    """Run a location until the context ends. open_them: opens probers by kind; None opens those of the program.

    Raises:
        SettingsInvalid: something given cannot be used.
        Unauthenticated, Forbidden: the server knows this key or this location not.
    """
    _check_server(remote)
    async with AsyncExitStack() as stack:
        clock, telemetry, roster = AlignedClock(SystemClock()), MemoryTelemetry(), Roster()
        outbox = await _outbox(remote, stack)
        center = await stack.enter_async_context(
            HttpCenter(remote.server, remote.key, remote.location, __version__, ca_file=remote.ca_file)
        )
        probers = await (open_probers(settings, clock, stack) if open_them is None else open_them(stack))
        location, stalls, new_id = remote.location, Stalls(), lambda: token_hex(_ID_BYTES)
        remit = Remit(outbox, center, clock, pack, pack_lost, new_id, __version__, lambda: vouch.is_cut_off)
        results = Batches("results", remit.keep, clock, telemetry, every=_EVERY)
        spans = Batches("spans", remit.keep_spans, clock, telemetry, every=_EVERY)
        probe = Probe(
            probers, clock, telemetry, token_hex, spans.add, location=location, version=__version__, stalls=stalls
        )
        vouch = make_vouch(settings, results.add, clock, telemetry, location)
        most = settings.checks.max_concurrent
        schedule = ProbeLoop(roster, probe, vouch.take, clock, telemetry, location=location, max_concurrent=most)
        schedule.tell_of_gone(vouch.forget)
        loop = RemoteLoop(Obey(center, roster, clock, Judge.of, vouch.refer), remit, schedule, clock)
        stack.push_async_callback(loop.last_words)
        await stack.enter_async_context(measuring_lag(clock, telemetry, stalls))
        await stack.enter_async_context(spans)
        await stack.enter_async_context(results)
        await stack.enter_async_context(scouting(vouch))
        await stack.enter_async_context(loop)
        yield


def read_key(key: str | None, file: Path | None) -> str:
    """The key, as it is given or from its file.

    Raises:
        SettingsInvalid: there is none, there are both, or the file cannot be read.
    """
    if key is None and file is None:
        raise SettingsInvalid(
            "give the location's key: --key-file FILE, or SIGHTLINE_KEY; `sightline locations add` makes one"
        )
    if key is None and file is not None:
        try:
            key = file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
            raise SettingsInvalid(f"--key-file {file} cannot be read: {reason}") from None
    text = (key or "").strip()
    if not text or not (text.isascii() and text.isprintable()) or " " in text:
        raise SettingsInvalid("the key is empty, or has characters that no key has: it is one word, as slp_...")
    return text


def size_of(text: str) -> int:
    """Bytes, as people write them.

    Raises:
        SettingsInvalid: no size, or too small.
    """
    try:
        size = int(parse_size(text))
    except BadData as error:
        raise SettingsInvalid(f"--buffer-size: {error.message}") from None
    if size < _LEAST_BUFFER:
        raise SettingsInvalid(f"--buffer-size {text} is too small: 1MiB is the least")
    return size


async def _outbox(remote: Remote, stack: AsyncExitStack) -> Outbox:
    if remote.buffer is None:
        return MemoryOutbox(remote.buffer_bytes)
    outbox = await FileOutbox.open(remote.buffer, remote.buffer_bytes)
    stack.push_async_callback(outbox.close)
    return outbox


def _check_server(remote: Remote) -> None:
    """Secrets of checks come from the server, so nobody on the way may read them.

    Raises:
        SettingsInvalid.
    """
    try:
        parts = urlsplit(remote.server)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise SettingsInvalid(
            f"--server {remote.server!r} is no address: write for example https://sightline.example.com"
        )
    if parts.username is not None or parts.password is not None:
        raise SettingsInvalid(
            "--server has a user name or a password in it, which is not sent: give the key with --key-file"
        )
    if parts.scheme == "http" and not remote.insecure and not _is_loopback(host):
        raise SettingsInvalid(
            f"--server {remote.server} is not encrypted, and checks bring their passwords along: "
            "use https://, or --insecure where the way there is safe",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
