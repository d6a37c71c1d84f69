"""Redirects: where they lead, and which are not followed."""

import pytest
from tests.adapters.probers.far_ends import answer, answering, redirect, serving
from tests.adapters.probers.http.probing import Probing, Recording

from sightline.domain.probes.outcome import Reason

pytestmark = pytest.mark.anyio


async def test_redirects_are_followed(probe: Probing) -> None:
    """To where they lead in the end; relative ones too, cookies are brought along, and the last address is told."""
    recording = Recording(
        redirect("/b?x=1", "301 Moved\r\nSet-Cookie: seen=1; Path=/"), redirect("c", "307 Temporary"), answer(b"there")
    )
    async with serving(recording) as far_end:
        outcome = await probe(f"http://ann:hush@127.0.0.1:{far_end.port}/a/")
    assert (outcome.status, outcome.redirects, outcome.body) == (200, 2, b"there")
    assert outcome.url == f"{far_end.url}/c"
    assert [head.split()[1] for head in recording.heads] == ["/a/", "/b?x=1", "/c"]
    assert "Cookie: seen=1" in recording.heads[1]
    assert all("Authorization: Basic" in head for head in recording.heads)


async def test_redirects_may_be_written_in_utf_8(probe: Probing) -> None:
    """As many servers do, and with spaces; what is asked for is encoded."""
    recording = Recording(redirect("/ü b").decode().encode(), answer())
    async with serving(recording) as far_end:
        assert (await probe(far_end.url)).ok
    assert recording.heads[1].startswith("GET /%C3%BC%20b HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        *((status, "POST", "GET") for status in ("301 M", "302 F", "303 S")),
        *((status, "POST", "POST") for status in ("307 T", "308 P")),
        ("303 S", "HEAD", "HEAD"),
        ("302 F", "DELETE", "GET"),
    ],
)
async def test_a_redirect_changes_the_method(probe: Probing, status: str, method: str, then: str) -> None:
    """As RFC 9110 and browsers have it: 307 and 308 keep method and body, others turn it into a GET."""
    recording = Recording(redirect("/b", status), answer(b""))
    async with serving(recording) as far_end:
        await probe(far_end.url, method=method, body="x" if method == "POST" else "")
    assert recording.heads[1].split()[0] == then
    assert recording.bodies[1] == (b"x" if then == "POST" else b"")


async def test_redirects_need_not_be_followed(probe: Probing) -> None:
    """Then the redirect is the answer."""
    async with serving(answering(redirect("/b"))) as far_end:
        outcome = await probe(far_end.url, follow_redirects=False)
    assert (outcome.reason, outcome.status, outcome.redirects) == (Reason.OK, 302, 0)


async def test_a_redirect_to_nowhere_is_an_answer(probe: Probing) -> None:
    """Without an address there is nothing to follow."""
    async with serving(answering(answer(b"", "302 Found"))) as far_end:
        assert (await probe(far_end.url)).status == 302


async def test_a_loop_of_redirects_ends_and_is_told(probe: Probing) -> None:
    """At the limit, with a word on whether it leads in circles."""
    async with serving(answering(redirect("/"))) as far_end:
        outcome = await probe(far_end.url, max_redirects=4)
    assert (outcome.reason, outcome.redirects) == (Reason.REDIRECTED_TOO_OFTEN, 4)
    assert "more than 4 times, in a loop" in outcome.message
    async with serving(answering(redirect("/1"), redirect("/2"), redirect("/3"), answer())) as far_end:
        assert (await probe(far_end.url, max_redirects=3)).redirects == 3
    async with serving(answering(redirect("/1"))) as far_end:
        outcome = await probe(far_end.url, max_redirects=0)
    assert outcome.reason is Reason.REDIRECTED_TOO_OFTEN


@pytest.mark.parametrize(
    ("to", "reason", "said"),
    [
        ("file:///etc/passwd", Reason.UNEXPECTED, "a file: address, which is not followed"),
        ("gopher://u:hush@localhost/", Reason.UNEXPECTED, "a gopher: address"),
        ("http://[hush", Reason.UNEXPECTED, "redirects to"),
        ("http://169.254.169.254/latest", Reason.ADDRESS_DENIED, "checks.allow_addresses"),
        ("http://meta.example/hush", Reason.ADDRESS_DENIED, "meta.example is at 169.254.169.254, which is"),
        ("http://[::ffff:a9fe:a9fe]/", Reason.ADDRESS_DENIED, "metadata"),
        ("http://2852039166/", Reason.DNS_FAILED, "2852039166"),
        ("http://none.example/", Reason.DNS_FAILED, "no such name"),
    ],
)
async def test_some_redirects_are_not_followed(probe: Probing, to: str, reason: Reason, said: str) -> None:
    """Those to other protocols, and to addresses that are denied, under whatever name."""
    async with serving(answering(redirect(to))) as far_end:
        outcome = await probe(far_end.url)
    assert outcome.reason is reason
    assert said in outcome.message
    assert "hush" not in outcome.message
