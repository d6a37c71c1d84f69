"""Servers that hang, babble, break off or send nonsense: each prober says so in time."""

import asyncio
from typing import Literal, NamedTuple

import pytest
from tests.adapters.probers.far_ends import Serve, silent
from tests.adapters.probers.peers import ENOUGH, SHORT, attempt, closing, dialler, dripping, endless, garbage, serving

from sightline.adapters.outbound.probers.mail import MailProber
from sightline.adapters.outbound.probers.mongodb import MongodbProber
from sightline.adapters.outbound.probers.mysql import MysqlProber
from sightline.adapters.outbound.probers.postgres import PostgresProber
from sightline.adapters.outbound.probers.redis import RedisProber
from sightline.adapters.outbound.probers.ssh import SshProber
from sightline.adapters.outbound.probers.tcp import TcpProber
from sightline.adapters.outbound.probers.tls import TlsProber
from sightline.domain.probes.options import (
    AnyOptions,
    Mail,
    Mongodb,
    Mysql,
    Postgres,
    Redis,
    Ssh,
    TalkStep,
    Tcp,
    Tls,
    TlsTrust,
)
from sightline.domain.probes.outcome import Reason
from sightline.ports.prober import Prober

pytestmark = pytest.mark.anyio


class Kind(NamedTuple):
    """A prober, and what it is told."""

    prober: Prober
    options: AnyOptions


def kinds() -> dict[str, Kind]:
    """All that talk over TCP, in their several ways."""
    way = dialler()
    expecting = Tcp(talk=(TalkStep(send="hello", expect="^welcome$"),))
    found: dict[str, Kind] = {
        "tcp": Kind(TcpProber(way), expecting),
        "tcp over tls": Kind(TcpProber(way), Tcp(tls=TlsTrust())),
        "tls": Kind(TlsProber(way), Tls()),
        "smtp": Kind(MailProber(way), Mail()),
        "imap": Kind(MailProber(way), Mail(protocol="imap")),
        "pop3": Kind(MailProber(way), Mail(protocol="pop3")),
        "smtp starttls": Kind(MailProber(way), Mail(security="starttls")),
        "postgres": Kind(PostgresProber(way), Postgres()),
        "postgres user": Kind(PostgresProber(way), Postgres(username="somebody", password="geheim", query="SELECT 1")),
        "postgres tls": Kind(PostgresProber(way), Postgres(tls=TlsTrust())),
        "mysql": Kind(MysqlProber(way), Mysql()),
        "redis": Kind(RedisProber(way), Redis(username="somebody", password="geheim")),
        "mongodb": Kind(MongodbProber(way), Mongodb()),
        "ssh": Kind(SshProber(way), Ssh()),
    }
    upgraded: tuple[Literal["smtp", "imap", "pop3", "postgres"], ...] = ("smtp", "imap", "pop3", "postgres")
    return found | {f"tls after {one}": Kind(TlsProber(way), Tls(starttls=one)) for one in upgraded}


NAMES = tuple(kinds())
BAD = {Reason.PROTOCOL, Reason.UNEXPECTED, Reason.ANSWER_TOO_LARGE, Reason.TLS_FAILED}


async def judged(name: str, handler: Serve, seconds: float) -> tuple[Reason, str]:
    """What a prober says of a server."""
    prober, options = kinds()[name]
    async with serving(handler) as port:
        outcome = await prober.probe(attempt(f"127.0.0.1:{port}", options, seconds))
    assert outcome.message, "something is wrong, so something is said"
    assert "geheim" not in outcome.message
    return outcome.reason, outcome.message


@pytest.mark.parametrize("name", NAMES)
async def test_a_silent_server_has_timed_out(name: str) -> None:
    """Who never answers is told as that, with what was waited for."""
    reason, message = await judged(name, silent, SHORT)
    assert reason is Reason.TIMED_OUT
    assert "within 0.2 s" in message


@pytest.mark.parametrize("name", NAMES)
async def test_a_connection_that_is_closed_is_told(name: str) -> None:
    """Who closes at once does not speak the protocol, or does not want to."""
    reason, _ = await judged(name, closing, ENOUGH)
    assert reason in {Reason.RESET, Reason.TLS_FAILED, Reason.UNEXPECTED}


@pytest.mark.parametrize("name", NAMES)
async def test_an_endless_answer_ends(name: str) -> None:
    """Who sends without end is cut off long before the timeout."""
    reason, _ = await judged(name, endless, ENOUGH)
    assert reason in BAD


@pytest.mark.parametrize("name", NAMES)
async def test_garbage_is_told(name: str) -> None:
    """What is no protocol at all is called so, or not waited for any longer than the timeout."""
    reason, _ = await judged(name, garbage, 1.0)
    assert reason in BAD | {Reason.TIMED_OUT}


@pytest.mark.parametrize("name", NAMES)
async def test_a_dripping_server_ends(name: str) -> None:
    """Byte after byte does not keep a probe alive."""
    reason, _ = await judged(name, dripping, SHORT)
    assert reason in BAD | {Reason.TIMED_OUT}


@pytest.mark.parametrize("name", NAMES)
async def test_nobody_listening_is_refused(name: str) -> None:
    """A port without a server refuses the connection."""
    prober, options = kinds()[name]
    async with serving(silent) as port:
        pass
    outcome = await prober.probe(attempt(f"127.0.0.1:{port}", options))
    assert outcome.reason is Reason.REFUSED
    assert outcome.message.startswith(f"127.0.0.1:{port} refuses the connection")


@pytest.mark.parametrize("name", NAMES)
async def test_metadata_is_not_connected_to(name: str) -> None:
    """The guard looks at each address before a connection is made."""
    prober, options = kinds()[name]
    outcome = await prober.probe(attempt("169.254.169.254:80", options))
    assert outcome.reason is Reason.ADDRESS_DENIED


@pytest.mark.parametrize("name", NAMES)
async def test_cancellation_leaves_nothing_open(name: str) -> None:
    """A probe that is cancelled closes its connection, which the server sees."""
    prober, options = kinds()[name]
    came, gone = asyncio.Event(), asyncio.Event()

    async def handle(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        came.set()
        try:
            while await reader.read(4_096):
                pass
        finally:
            gone.set()

    async with serving(handle) as port:
        task = asyncio.create_task(prober.probe(attempt(f"127.0.0.1:{port}", options)))
        await came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), ENOUGH)


@pytest.mark.parametrize("name", NAMES)
async def test_a_target_that_cannot_be_read_is_told_without_secrets(name: str) -> None:
    """What is no host is called a bad target, and nothing of it is repeated that could be a password."""
    prober, options = kinds()[name]
    for url in (
        "",
        "gopher://u:hush@host:1",
        "host:0",
        "host:99999",
        "[::1",
        "a b:1",
        "x:y",
        "x:000008000",
        "::1:hush",
    ):
        outcome = await prober.probe(attempt(url, options))
        assert outcome.reason is Reason.BAD_TARGET, url
        assert outcome.message
        assert "hush" not in outcome.message
