"""Where time goes, and what takes too long."""

import asyncio
from pathlib import Path

import pytest
from tests.adapters.probers.far_ends import Serve, answer, redirect, serving, take_time
from tests.adapters.probers.http.probing import Probing, dripping, then_forever

from sightline.domain.probes.outcome import Phase, Reason

pytestmark = pytest.mark.anyio


async def test_phases_are_added_up_over_redirects(probe: Probing) -> None:
    """Each of two answers that take their time is in the same phase."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await take_time(reader, 0.15)
        writer.write(redirect("/b") if b" / " in head else answer())
        await writer.drain()

    async with serving(slow) as far_end:
        phases = dict((await probe(f"http://good.example:{far_end.port}/")).phases)
    assert phases[Phase.PROCESSING] >= 0.3 * 0.99  # a timer may go off a tick of its clock too early
    assert set(phases) == {Phase.RESOLVE, Phase.CONNECT, Phase.PROCESSING, Phase.TRANSFER}


@pytest.mark.parametrize(
    ("serve", "phase"),
    [
        (then_forever(b""), Phase.PROCESSING),
        (then_forever(b"HTTP/1.1 200 OK\r\nX: "), Phase.TRANSFER),
        (then_forever(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), Phase.TRANSFER),
        (dripping(b"HTTP/1.1 200 OK\r\nX: "), Phase.TRANSFER),
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"), Phase.TRANSFER),
    ],
)
async def test_what_takes_too_long_is_told_by_phase(probe: Probing, serve: Serve, phase: Phase) -> None:
    """The message says how far it got, however busy the far end is."""
    async with serving(serve) as far_end:
        outcome = await probe(far_end.url, 0.2)
    assert outcome.reason is Reason.TIMED_OUT
    assert f"in phase {phase}" in outcome.message
    assert phase not in dict(outcome.phases)


async def test_what_takes_too_long_before_there_is_http(probe: Probing, tmp_path: Path) -> None:
    """Lookups and handshakes that hang have their phases too."""
    outcome = await probe("http://dead.example/", 0.2)
    assert (outcome.reason, "in phase resolve" in outcome.message) == (Reason.TIMED_OUT, True)

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        await reader.read()

    async with serving(hang) as far_end:
        outcome = await probe(far_end.url.replace("http", "https"), 0.2)
    assert (outcome.reason, "in phase tls" in outcome.message) == (Reason.TIMED_OUT, True)
    assert [phase for phase, _ in outcome.phases] == [Phase.CONNECT]


async def test_redirects_share_the_timeout(probe: Probing) -> None:
    """A server that redirects for ever and slowly has no more time than another."""
    async with serving(dripping(redirect("/")[:-2])) as far_end:
        outcome = await probe(far_end.url, 0.3, max_redirects=50)
    assert outcome.reason is Reason.TIMED_OUT
