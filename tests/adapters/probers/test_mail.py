"""Servers of mail: aiosmtpd's for SMTP, fakes for IMAP and POP3."""

import asyncio
from typing import Literal

import pytest
from tests.adapters.mail_server import serving as mail_serving
from tests.adapters.probers.peers import attempt, dialler, script, serving

from sightline.adapters.outbound.probers.mail import MailProber
from sightline.domain.probes.options import Mail, TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason

pytestmark = pytest.mark.anyio

UNVERIFIED = TlsTrust(verify=False)


async def probed(port: int, options: Mail) -> Outcome:
    """What is seen of a server."""
    return await MailProber(dialler()).probe(attempt(f"127.0.0.1:{port}", options))


async def test_a_server_of_smtp_greets() -> None:
    """Its banner, what it can, and its code are told."""
    with mail_serving() as server:
        outcome = await probed(server.port, Mail())
    assert (outcome.reason, outcome.status) == (Reason.OK, 250)
    assert str(outcome.facts["banner"]).startswith("mail.test")
    capabilities = outcome.facts["capabilities"]
    assert isinstance(capabilities, tuple)
    assert "8BITMIME" in capabilities
    assert Phase.PROCESSING in dict(outcome.phases)


async def test_smtp_begins_tls_when_told() -> None:
    """STARTTLS is offered, taken, and what the server can over TLS is asked again."""
    with mail_serving(starttls=True) as server:
        outcome = await probed(server.port, Mail(security="starttls", tls=UNVERIFIED))
        distrusted = await probed(server.port, Mail(security="starttls"))
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.certificate is not None
    assert "STARTTLS" not in str(outcome.facts["capabilities"])
    assert distrusted.reason is Reason.CERTIFICATE_INVALID


async def test_smtp_over_tls_from_the_start() -> None:
    """By option, and by the scheme."""
    with mail_serving(from_the_start=True) as server:
        told = await probed(server.port, Mail(security="tls", tls=UNVERIFIED))
        by_scheme = await MailProber(dialler()).probe(attempt(f"smtps://127.0.0.1:{server.port}", Mail(tls=UNVERIFIED)))
    assert told.reason is Reason.OK, told.message
    assert by_scheme.reason is Reason.OK, by_scheme.message


async def test_a_server_that_does_not_serve_is_told() -> None:
    """554 and 421 in place of a greeting, ERR and BYE likewise."""
    cases = (
        (Mail(), b"554-no\r\n554 No SMTP service here\r\n", 554),
        (Mail(), b"421 too many connections\r\n", 421),
        (Mail(protocol="imap"), b"* BYE overloaded\r\n", None),
        (Mail(protocol="pop3"), b"-ERR locked\r\n", None),
    )
    for options, said, status in cases:
        async with serving(script(said)) as port:
            outcome = await probed(port, options)
        assert (outcome.reason, outcome.status) == (Reason.NOT_SERVING, status)
        assert said.decode().split()[-1] in outcome.message


async def test_another_protocol_is_told() -> None:
    """An SSH server is none of mail."""
    protocols: tuple[Literal["smtp", "imap", "pop3"], ...] = ("smtp", "imap", "pop3")
    for protocol in protocols:
        async with serving(script(b"SSH-2.0-Other\r\n")) as port:
            outcome = await probed(port, Mail(protocol=protocol))
        assert outcome.reason is Reason.PROTOCOL
        assert f"as {protocol.upper()}: 'SSH-2.0-Other'" in outcome.message


IMAP = (
    b"* OK [CAPABILITY IMAP4rev1] ready\r\n",
    b"* CAPABILITY IMAP4rev1 IDLE\r\nsc OK done\r\n",
    b"* BYE\r\nsq OK\r\n",
)
POP3 = (b"+OK ready\r\n", b"+OK\r\nUSER\r\nUIDL\r\n.\r\n", b"+OK bye\r\n")


async def test_imap_and_pop3_say_what_they_can() -> None:
    """Both of them fakes, and both are said goodbye to."""
    said: list[bytes] = []
    for protocol, (greeting, *answers) in (("imap", IMAP), ("pop3", POP3)):

        async def handle(
            reader: asyncio.StreamReader,
            writer: asyncio.StreamWriter,
            greeting: bytes = greeting,
            answers: list[bytes] = answers,
        ) -> None:
            writer.write(greeting)
            for answer in answers:
                said.append(await reader.readline())
                writer.write(answer)
            await reader.read()

        async with serving(handle) as port:
            outcome = await probed(port, Mail(protocol="imap" if protocol == "imap" else "pop3"))
        assert outcome.reason is Reason.OK, outcome.message
        assert outcome.facts["capabilities"] == (("IMAP4REV1", "IDLE") if protocol == "imap" else ("USER", "UIDL"))
    assert said == [b"sc CAPABILITY\r\n", b"sq LOGOUT\r\n", b"CAPA\r\n", b"QUIT\r\n"]


async def test_a_server_that_ignores_goodbyes_is_well() -> None:
    """Whether it answers that is of no importance."""
    async with serving(script(IMAP[0], None, IMAP[1])) as port:
        outcome = await MailProber(dialler()).probe(attempt(f"127.0.0.1:{port}", Mail(protocol="imap"), 0.5))
    assert outcome.reason is Reason.OK


async def test_a_reply_without_end_ends() -> None:
    """As many lines as no server has are too many."""
    async with serving(script(b"220-more\r\n" * 1_000)) as port:
        outcome = await probed(port, Mail())
    assert outcome.reason is Reason.ANSWER_TOO_LARGE
