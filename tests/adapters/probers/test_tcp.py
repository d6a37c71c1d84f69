"""Connections, and talks over them."""

import asyncio
from pathlib import Path

import pytest
from tests.adapters.probers.far_ends import silent
from tests.adapters.probers.made_certificates import issue
from tests.adapters.probers.peers import SHORT, attempt, dialler, script, serving

from sightline.adapters.outbound.probers.tcp import TcpProber
from sightline.domain.probes.options import TalkStep, Tcp, TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason

pytestmark = pytest.mark.anyio


async def talked(handler_steps: tuple[bytes | None, ...], *talk: TalkStep) -> Outcome:
    """What comes of a talk with a server that has its own idea of it."""
    async with serving(script(*handler_steps)) as port:
        return await TcpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", Tcp(talk=talk), 2.0))


async def test_a_connection_alone_is_enough() -> None:
    """Without a talk a port that takes connections is well, and how long that took is told."""
    async with serving(silent) as port:
        outcome = await TcpProber(dialler()).probe(attempt(f"localhost:{port}", Tcp()))
    assert (outcome.reason, outcome.message, outcome.address) == (Reason.OK, "", "127.0.0.1")
    assert [phase for phase, _ in outcome.phases] == [Phase.RESOLVE, Phase.CONNECT]


async def test_a_talk_goes_step_by_step() -> None:
    """Each step sends, expects, or both; what was matched is not looked at again."""
    outcome = await talked(
        (b"220 mail ESMTP\r\n", None, b"250-one\r\n250 two\r\n", None, b"221 bye\r\n"),
        TalkStep(expect="^220 .* ESMTP$"),
        TalkStep(send="EHLO me\r\n", expect="^250 two$"),
        TalkStep(send="QUIT\r\n", expect="^221"),
    )
    assert outcome.reason is Reason.OK
    assert outcome.facts["failed_due_to_regex"] == 0
    assert outcome.body == b"220 mail ESMTP\r\n250-one\r\n250 two\r\n221 bye\r\n"
    assert outcome.size == len(outcome.body)


async def test_an_answer_without_an_end_of_line_is_matched() -> None:
    """Not all protocols have lines."""
    assert (await talked((b"ready>",), TalkStep(expect="ready"))).reason is Reason.OK


async def test_an_expression_may_span_lines() -> None:
    """Ends of lines are one character, however they are written."""
    assert (await talked((b"a\r\nb\r\n",), TalkStep(expect="a\nb"))).reason is Reason.OK
    assert (await talked((b"a\r\nb\r\n",), TalkStep(expect="a\r\nb"))).reason is Reason.OK


async def test_another_answer_is_told_with_what_was_expected() -> None:
    """A server that says something else, and ends, is quoted."""

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"500 go away\r\n")
        await writer.drain()
        writer.write_eof()
        await silent(reader, writer)

    async with serving(other) as port:
        talk = (TalkStep(expect="^220"),)
        outcome = await TcpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", Tcp(talk=talk)))
    assert outcome.reason is Reason.UNEXPECTED
    assert "'500 go away'" in outcome.message
    assert "/^220/" in outcome.message
    assert outcome.facts["failed_due_to_regex"] == 1


async def test_an_answer_that_does_not_match_is_told_when_the_time_is_over() -> None:
    """More could have come, so it is waited for; what came is quoted."""
    async with serving(script(b"500 no\r\n")) as port:
        options = Tcp(talk=(TalkStep(expect="^220"),))
        outcome = await TcpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", options, SHORT))
    assert outcome.reason is Reason.TIMED_OUT
    assert "(what came is '500 no')" in outcome.message


async def test_an_expression_that_cannot_be_used_is_a_bad_target() -> None:
    """The reason is RE2's, and nothing is connected to."""
    outcome = await TcpProber(dialler()).probe(attempt("127.0.0.1:1", Tcp(talk=(TalkStep(expect="("),))))
    assert outcome.reason is Reason.BAD_TARGET
    assert "missing closing )" in outcome.message


async def test_a_port_is_needed() -> None:
    """There is no port that would be usual."""
    outcome = await TcpProber(dialler()).probe(attempt("127.0.0.1", Tcp()))
    assert (outcome.reason, outcome.message) == (Reason.BAD_TARGET, "there is no port: write host:port")


async def test_tls_may_begin_in_the_middle(tmp_path: Path) -> None:
    """After a step that says so, what follows is encrypted, and the certificate is shown."""
    issued = issue(tmp_path, 30)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        assert await reader.readline() == b"a STARTTLS\r\n"
        writer.write(b"a OK begin\r\n")
        await writer.drain()
        await writer.start_tls(issued.server)
        writer.write(b"hidden " + await reader.readline())
        await silent(reader, writer)

    talk = (
        TalkStep(expect="^[*] OK"),
        TalkStep(send="a STARTTLS\r\n", expect="^a OK", starttls=True),
        TalkStep(send="hello\r\n", expect="^hidden hello$"),
    )
    async with serving(handle) as port:
        options = Tcp(talk=talk, tls=TlsTrust(ca_file=issued.ca_file))
        trusted = await TcpProber(dialler()).probe(attempt(f"localhost:{port}", options))
        refused = await TcpProber(dialler()).probe(attempt(f"localhost:{port}", Tcp(talk=talk)))
    assert trusted.reason is Reason.OK, trusted.message
    assert trusted.body == b"* OK ready\r\na OK begin\r\nhidden hello\r\n"
    assert refused.reason is Reason.CERTIFICATE_INVALID
    assert refused.certificate is not None
    assert refused.certificate.names == ("localhost", "127.0.0.1")


async def test_tls_from_the_start_is_verified(tmp_path: Path) -> None:
    """An authority that is named is trusted, and its end is told too."""
    issued = issue(tmp_path, 30)

    options = Tcp(talk=(TalkStep(expect="^welcome"),), tls=TlsTrust(ca_file=issued.ca_file))
    async with serving(script(b"welcome\r\n"), issued.server) as port:
        outcome = await TcpProber(dialler()).probe(attempt(f"localhost:{port}", options))
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.certificate is not None
    assert outcome.certificate.expires_at == issued.ends.timestamp() * 1_000
    assert outcome.facts["ssl_last_chain_expiry"] == issued.ends.timestamp()
    assert outcome.certificate.version == "TLS 1.3"
    assert Phase.TLS in dict(outcome.phases)
