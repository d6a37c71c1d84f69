"""Certificates that are good, end soon, have ended, or are somebody else's."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from tests.adapters.probers.far_ends import Serve, silent
from tests.adapters.probers.made_certificates import Issued, issue
from tests.adapters.probers.peers import attempt, dialler, serving

from sightline.adapters.outbound.probers.tls import TlsProber
from sightline.domain.probes.options import Tls, TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason

pytestmark = pytest.mark.anyio


async def probed(issued: Issued, trust: TlsTrust) -> Outcome:
    """What is seen of a server."""
    async with serving(silent, issued.server) as port:
        return await TlsProber(dialler()).probe(attempt(f"localhost:{port}", Tls(tls=trust)))


async def test_a_good_chain_is_told(tmp_path: Path) -> None:
    """All of the certificate: whose, by whom, until when, for which names."""
    issued = issue(tmp_path, 90)
    outcome = await probed(issued, TlsTrust(ca_file=issued.ca_file))
    assert (outcome.reason, outcome.version) == (Reason.OK, "TLS 1.3")
    shown = outcome.certificate
    assert shown is not None
    assert (shown.subject, shown.issuer) == ("CN=localhost", "CN=Tests")
    assert shown.names == ("localhost", "127.0.0.1")
    assert shown.chain == ("CN=localhost", "CN=Tests")
    assert shown.cipher.startswith("TLS_")
    assert Phase.TLS in dict(outcome.phases)


async def test_the_chain_ends_with_the_first_of_its_certificates(tmp_path: Path) -> None:
    """An authority that ends sooner than what it signed ends the chain."""
    issued = issue(tmp_path, 90, authority_days=5)
    outcome = await probed(issued, TlsTrust(ca_file=issued.ca_file))
    assert outcome.certificate is not None
    assert outcome.certificate.expires_at == issued.authority_ends.timestamp() * 1_000
    assert outcome.facts["ssl_last_chain_expiry"] == issued.authority_ends.timestamp()


async def test_an_expired_certificate_is_told_and_shown(tmp_path: Path) -> None:
    """That it ended is the reason; since when is in what is shown."""
    issued = issue(tmp_path, -3)
    outcome = await probed(issued, TlsTrust(ca_file=issued.ca_file))
    assert outcome.reason is Reason.CERTIFICATE_EXPIRED
    assert "renew" in outcome.message
    assert outcome.certificate is not None
    assert outcome.certificate.expires_at == issued.ends.timestamp() * 1_000


async def test_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    """What signed the certificate has to be known, unless nothing is to be verified."""
    issued = issue(tmp_path, 90)
    outcome = await probed(issued, TlsTrust())
    assert outcome.reason is Reason.CERTIFICATE_INVALID
    assert "tls.ca_file" in outcome.message
    unverified = await probed(issued, TlsTrust(verify=False))
    assert unverified.reason is Reason.OK
    assert unverified.certificate is not None


async def test_all_that_is_wrong_is_told(tmp_path: Path) -> None:
    """A certificate that nobody trusts here and that has ended: whoever mends the one would find the other next."""
    issued = issue(tmp_path, -3)
    outcome = await probed(issued, TlsTrust())
    assert outcome.reason is Reason.CERTIFICATE_INVALID
    assert f"self-signed certificate in certificate chain), and expired on {issued.ends.date()}: " in outcome.message


async def test_another_name_is_not_trusted(tmp_path: Path) -> None:
    """The certificate has to be for the host, or for the name that is told."""
    issued = issue(tmp_path, 90, name="elsewhere.test")
    outcome = await probed(issued, TlsTrust(ca_file=issued.ca_file))
    assert outcome.reason is Reason.CERTIFICATE_INVALID
    assert "tls.server_name" in outcome.message
    named = await probed(issued, TlsTrust(ca_file=issued.ca_file, server_name="elsewhere.test"))
    assert named.reason is Reason.OK


async def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    """They are the check's, hence it is the target that is bad."""
    outcome = await probed(issue(tmp_path, 90), TlsTrust(ca_file=str(tmp_path / "nothing.pem")))
    assert outcome.reason is Reason.BAD_TARGET
    assert str(tmp_path / "nothing.pem") in outcome.message


async def test_an_address_in_numbers_may_be_in_the_certificate(tmp_path: Path) -> None:
    """Certificates can be for addresses too."""
    issued = issue(tmp_path, 90)
    async with serving(silent, issued.server) as port:
        options = Tls(tls=TlsTrust(ca_file=issued.ca_file))
        outcome = await TlsProber(dialler()).probe(attempt(f"tls://127.0.0.1:{port}", options))
    assert outcome.reason is Reason.OK, outcome.message


Way = Literal["smtp", "imap", "pop3", "postgres"]
TALKS: dict[Way, list[tuple[bytes, bytes]]] = {
    "smtp": [
        (b"", b"220 fake.test ESMTP\r\n"),
        (b"EHLO sightline.invalid\r\n", b"250-fake.test\r\n250 STARTTLS\r\n"),
        (b"STARTTLS\r\n", b"220 go ahead\r\n"),
    ],
    "imap": [
        (b"", b"* OK fake\r\n"),
        (b"sc CAPABILITY\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\nsc OK done\r\n"),
        (b"ss STARTTLS\r\n", b"ss OK begin\r\n"),
    ],
    "pop3": [
        (b"", b"+OK fake\r\n"),
        (b"CAPA\r\n", b"+OK\r\nUSER\r\nSTLS\r\n.\r\n"),
        (b"STLS\r\n", b"+OK begin\r\n"),
    ],
    "postgres": [(bytes.fromhex("0000000804d2162f"), b"S")],
}


def upgrading(talk: list[tuple[bytes, bytes]], after: Callable[[asyncio.StreamWriter], object]) -> Serve:
    """A fake that is asked just this, and then begins with something else."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for question, answer in talk:
            assert await reader.readexactly(len(question)) == question
            writer.write(answer)
            await writer.drain()
        if asyncio.iscoroutine(found := after(writer)):
            await found
        await silent(reader, writer)

    return handle


@pytest.mark.parametrize("way", TALKS)
async def test_protocols_are_upgraded(way: Way, tmp_path: Path) -> None:
    """Each in its own words, and then it is TLS like any other."""
    issued = issue(tmp_path, 20)
    async with serving(upgrading(TALKS[way], lambda writer: writer.start_tls(issued.server))) as port:
        options = Tls(tls=TlsTrust(ca_file=issued.ca_file), starttls=way)
        outcome = await TlsProber(dialler()).probe(attempt(f"localhost:{port}", options))
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.certificate is not None


async def test_what_is_said_in_the_clear_does_not_count_as_encrypted(tmp_path: Path) -> None:
    """More than an answer before TLS begins may have been put there by whoever is in between."""
    talk = [*TALKS["smtp"][:2], (b"STARTTLS\r\n", b"220 go ahead\r\n250 injected\r\n")]
    async with serving(upgrading(talk, lambda _: None)) as port:
        outcome = await TlsProber(dialler()).probe(attempt(f"localhost:{port}", Tls(starttls="smtp")))
    assert outcome.reason is Reason.PROTOCOL
    assert "in the clear" in outcome.message


async def test_a_server_without_starttls_is_told(tmp_path: Path) -> None:
    """What is not offered is not asked for."""
    talk = [TALKS["smtp"][0], (b"EHLO sightline.invalid\r\n", b"250 fake.test\r\n")]
    async with serving(upgrading(talk, lambda _: None)) as port:
        outcome = await TlsProber(dialler()).probe(attempt(f"localhost:{port}", Tls(starttls="smtp")))
    assert outcome.reason is Reason.UNEXPECTED
    assert "does not offer STARTTLS" in outcome.message
    async with serving(upgrading([(TALKS["postgres"][0][0], b"N")], lambda _: None)) as port:
        outcome = await TlsProber(dialler()).probe(attempt(f"localhost:{port}", Tls(starttls="postgres")))
    assert outcome.reason is Reason.TLS_FAILED
