"""Certificates, as servers show them."""

import asyncio
import os
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Final

import pytest
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.far_ends import FarEnd, answer, answering, serving
from tests.adapters.probers.http.probing import Probing, Recording
from tests.adapters.probers.made_certificates import issue

from sightline.domain.probes.options import TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason

pytestmark = pytest.mark.anyio

DAY: Final = 86_400_000


async def shown(probe: Probing, far_end: FarEnd, authority: Authority, host: str = "localhost") -> Outcome:
    """What comes of asking over TLS."""
    return await probe(f"https://{host}:{far_end.port}/", tls=TlsTrust(ca_file=authority.ca_file))


async def test_a_good_certificate_is_told(probe: Probing, authority: Authority) -> None:
    """When it ends, for whom and by whom, and what was agreed on."""
    async with serving(answering(answer()), authority.server(days=10)) as far_end:
        outcome = await shown(probe, far_end, authority)
        again = await shown(probe, far_end, authority, "127.0.0.1")
    assert outcome.reason is Reason.OK
    found = outcome.certificate
    assert found is not None
    assert again.certificate is found
    assert (found.subject, found.issuer) == ("CN=localhost", "CN=Tests")
    assert found.names == ("localhost", "127.0.0.1")
    assert found.chain == ("CN=localhost",)
    assert abs(found.expires_at - found.starts_at - 110 * DAY) < DAY
    assert len(found.fingerprint) == 64
    assert (found.version, found.cipher) == ("TLS 1.3", "TLS_AES_256_GCM_SHA384")
    assert Phase.TLS in dict(outcome.phases)


@pytest.mark.parametrize(
    ("server", "reason", "said"),
    [
        ({"days": -5}, Reason.CERTIFICATE_EXPIRED, "expired on 20"),
        ({"began": -5}, Reason.CERTIFICATE_INVALID, "is not valid before 20"),
        ({"name": "other.example"}, Reason.CERTIFICATE_INVALID, "is not for that name, but for other.example"),
    ],
)
async def test_a_bad_certificate_is_told(
    probe: Probing, authority: Authority, server: dict[str, Any], reason: Reason, said: str
) -> None:
    """What is wrong with it, and what it is all the same; nothing was sent."""
    recording = Recording()
    async with serving(recording, authority.server(**server)) as far_end:
        outcome = await shown(probe, far_end, authority)
    assert outcome.reason is reason
    assert said in outcome.message
    assert outcome.certificate is not None
    assert outcome.certificate.issuer == "CN=Tests"
    assert recording.heads == []


async def test_an_unknown_issuer_is_told(probe: Probing, authority: Authority, tmp_path: Path) -> None:
    """One that nobody here trusts, and one that is the server itself; unless nobody asks."""
    others = Authority(tmp_path, "Others")
    async with serving(answering(answer()), others.server()) as far_end:
        outcome = await shown(probe, far_end, authority)
        trusting = await probe(f"https://localhost:{far_end.port}/", tls=TlsTrust(verify=False))
    assert outcome.reason is Reason.CERTIFICATE_INVALID
    assert "issuer" in outcome.message
    assert trusting.reason is Reason.OK
    assert trusting.certificate == outcome.certificate


async def test_all_that_is_wrong_is_told(probe: Probing, authority: Authority, tmp_path: Path) -> None:
    """A certificate of an issuer that nobody trusts here, or for another name, that has expired as well."""
    others = Authority(tmp_path, "Others")
    for server, said in ((others.server(days=-5), "issuer"), (authority.server(days=-5, name="a.example"), "")):
        async with serving(answering(answer()), server) as far_end:
            outcome = await shown(probe, far_end, authority)
        assert said in outcome.message
        assert "expired on 20" in outcome.message


async def test_a_certificate_that_signed_itself_and_expired_is_told_to_be_both(probe: Probing, tmp_path: Path) -> None:
    """Not only the one."""
    issued = issue(tmp_path, -3)
    async with serving(answering(answer()), issued.server) as far_end:
        outcome = await probe(f"https://localhost:{far_end.port}/")
    assert outcome.reason is Reason.CERTIFICATE_INVALID
    assert outcome.message.endswith(
        f"is self-signed, by nobody who is trusted here, and expired on {issued.ends.date()}"
    )


async def test_another_name_can_be_asked_for(probe: Probing, authority: Authority) -> None:
    """The certificate is verified for that name; the server is told the one of the URL."""
    recording = Recording()
    async with serving(recording, authority.server(name="inside.example", address="")) as far_end:
        tls = TlsTrust(ca_file=authority.ca_file, server_name="inside.example")
        for host in ("127.0.0.1", "good.example"):
            outcome = await probe(f"https://{host}:{far_end.port}/", tls=tls)
            assert outcome.reason is Reason.OK
            assert f"Host: {host}:{far_end.port}\r\n" in recording.heads[-1]


async def test_a_version_can_be_insisted_on(probe: Probing, authority: Authority) -> None:
    """A server that speaks HTTP 1 alone is not what is asked for then, with TLS and without."""
    tls = TlsTrust(ca_file=authority.ca_file)
    async with serving(answering(answer()), authority.server()) as far_end:
        outcome = await probe(f"https://localhost:{far_end.port}/", tls=tls, version="2")
        assert (outcome.reason, "HTTP 2 is asked for" in outcome.message) == (Reason.PROTOCOL, True)
        assert (await probe(f"https://localhost:{far_end.port}/", tls=tls, version="1.1")).version == "1.1"
    async with serving(answering(answer())) as far_end:
        assert (await probe(far_end.url, version="2")).reason is Reason.PROTOCOL


async def test_a_client_certificate_is_shown(probe: Probing, authority: Authority) -> None:
    """A server that wants one gets it, and one that gets none says so."""
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    certificate, key = authority.signed(name="client")
    async with serving(answering(answer()), context) as far_end:
        tls = TlsTrust(ca_file=authority.ca_file, cert_file=certificate, key_file=key)
        assert (await probe(f"https://localhost:{far_end.port}/", tls=tls)).reason is Reason.OK
        outcome = await shown(probe, far_end, authority)
    assert not outcome.ok


async def test_files_that_are_not_there_are_told(probe: Probing, authority: Authority) -> None:
    """It is the check that is wrong then, not the server."""
    async with serving(answering(answer()), authority.server()) as far_end:
        url = f"https://localhost:{far_end.port}/"
        for tls in (TlsTrust(ca_file="/none.pem"), TlsTrust(verify=False, cert_file="/none.pem")):
            outcome = await probe(url, tls=tls)
            assert outcome.reason is Reason.BAD_TARGET
            assert "_file" in outcome.message


async def test_nothing_stays_open_whatever_the_far_end_does(probe: Probing, authority: Authority) -> None:
    """A server that takes the goodbye of TLS and never says its own is left all the same."""
    context, said = authority.server(), []

    def serve(listening: socket.socket) -> None:
        plain, _ = listening.accept()
        secure = context.wrap_socket(plain, server_side=True)
        secure.recv(65_536)
        secure.sendall(answer())
        while secure.recv(65_536):
            pass
        with socket.socket(fileno=secure.detach()) as bare:
            bare.settimeout(20)
            said.append(bare.recv(1))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        outcome = await probe(f"https://localhost:{listening.getsockname()[1]}/", tls=TlsTrust(verify=False))
        await asyncio.to_thread(thread.join)
    assert outcome.reason is Reason.OK
    assert said == [b""]


async def test_who_is_trusted_may_change(probe: Probing, authority: Authority, tmp_path: Path) -> None:
    """A file of trusted certificates is read again when it is another one."""
    others = Authority(tmp_path, "Others")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(Path(others.ca_file).read_bytes())
    async with serving(answering(answer()), authority.server()) as far_end:
        url, tls = f"https://localhost:{far_end.port}/", TlsTrust(ca_file=str(trusted))
        assert (await probe(url, tls=tls)).reason is Reason.CERTIFICATE_INVALID
        trusted.write_bytes(Path(authority.ca_file).read_bytes())
        os.utime(trusted, (1, 1))
        assert (await probe(url, tls=tls)).reason is Reason.OK


async def test_many_files_can_be_trusted(probe: Probing, authority: Authority, tmp_path: Path) -> None:
    """More than are kept ready."""
    async with serving(answering(answer()), authority.server()) as far_end:
        for number in range(40):
            trusted = tmp_path / f"trusted{number}.pem"
            trusted.write_bytes(Path(authority.ca_file).read_bytes())
            outcome = await probe(f"https://localhost:{far_end.port}/", tls=TlsTrust(ca_file=str(trusted)))
            assert outcome.reason is Reason.OK


async def test_what_speaks_no_tls_is_told(probe: Probing, authority: Authority) -> None:
    """Plain HTTP at a port for which HTTPS was written."""
    async with serving(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as far_end:
        outcome = await probe(far_end.url.replace("http:", "https:"), 2)
    assert outcome.reason in {Reason.TLS_FAILED, Reason.TIMED_OUT}
