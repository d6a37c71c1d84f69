"""Credentials and cookies: used where they belong, and nowhere else."""

from typing import Any

import pytest
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.far_ends import answer, answering, redirect, serving
from tests.adapters.probers.http.probing import Probing, Recording

from sightline.domain.probes.options import BasicAuth, BearerAuth, TlsTrust

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("auth", "user", "sent"),
    [
        (BasicAuth("ann", "p:w"), "", "Basic YW5uOnA6dw=="),
        (BearerAuth("tok"), "", "Bearer tok"),
        (None, "ann:p%3Aw@", "Basic YW5uOnA6dw=="),
        (None, "ann@", "Basic YW5uOg=="),
    ],
)
async def test_credentials_are_used(probe: Probing, auth: Any, user: str, sent: str) -> None:
    """Those of the options, and those of the URL."""
    recording = Recording()
    async with serving(recording) as far_end:
        outcome = await probe(f"http://{user}127.0.0.1:{far_end.port}/", auth=auth)
    assert f"\r\nAuthorization: {sent}\r\n" in recording.heads[0]
    assert "p:w" not in repr(outcome)


async def test_cookies_are_forgotten_afterwards(probe: Probing) -> None:
    """What one probe was given is not sent by the next."""
    recording = Recording(answer(b"", "200 OK", "Set-Cookie: seen=1"))
    async with serving(recording) as far_end:
        await probe(far_end.url)
        await probe(far_end.url)
    assert "Cookie" not in recording.heads[1]


async def test_secrets_stay_with_their_server(probe: Probing) -> None:
    """A redirect to another server takes no credentials, cookies and Host along, but other headers."""
    there = Recording()
    async with serving(there) as far_end:
        here = Recording(redirect(f"http://ann:own@good.example:{far_end.port}/"), redirect(far_end.url))
        headers = {"Host": "h", "Cookie": "c=1", "X-Other": "1"}
        async with serving(here) as first:
            await probe(f"http://ann:hush@127.0.0.1:{first.port}/", headers=headers)
            await probe(first.url, headers={**headers, "Authorization": "hush"})
    assert "Authorization: Basic YW5uOm93bg==" in there.heads[0]
    for head in there.heads:
        assert "Cookie" not in head
        assert "Host: h\r\n" not in head
        assert "X-Other: 1" in head
    assert "Authorization" not in there.heads[1]


async def test_secrets_follow_to_the_secure_twin_alone(probe: Probing, authority: Authority) -> None:
    """TLS to plain text takes no credentials along."""
    plain = Recording()
    async with serving(plain) as insecure:
        to_plain = answering(redirect(f"http://localhost:{insecure.port}/"))
        async with serving(to_plain, authority.server()) as far_end:
            await probe(
                f"https://localhost:{far_end.port}/",
                tls=TlsTrust(ca_file=authority.ca_file),
                auth=BasicAuth("ann", "hush"),
            )
    assert "Authorization" not in plain.heads[0]
