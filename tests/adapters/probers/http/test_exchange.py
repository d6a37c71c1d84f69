"""What is sent, and what is seen of an answer."""

import errno
from typing import Any

import pytest
from tests.adapters.probers.far_ends import answer, answering, serving
from tests.adapters.probers.http.probing import Probing, Recording

from sightline import __version__
from sightline.domain.probes.options import BearerAuth
from sightline.domain.probes.outcome import Phase, Reason

pytestmark = pytest.mark.anyio


async def test_an_exchange_is_seen_whole(probe: Probing) -> None:
    """Status, headers, body, address, version and the phases that took place are in the outcome."""
    async with serving(answering(answer(b"hello", "418 Teapot", "X-One: 1", "X-Two: \xfc"))) as far_end:
        outcome = await probe(far_end.url)
    assert (outcome.reason, outcome.status, outcome.body, outcome.size) == (Reason.OK, 418, b"hello", 5)
    assert outcome.headers[2:] == (("X-One", "1"), ("X-Two", "Ã¼"))
    assert (outcome.address, outcome.version, outcome.redirects, outcome.url) == ("127.0.0.1", "1.1", 0, "")
    assert [phase for phase, _ in outcome.phases] == [Phase.CONNECT, Phase.PROCESSING, Phase.TRANSFER]
    assert outcome.certificate is None


async def test_what_is_sent_is_what_people_wrote(probe: Probing) -> None:
    """Method, headers and body go out as written, and nothing that libcurl would add of its own."""
    recording = Recording()
    async with serving(recording) as far_end:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            await probe(far_end.url + "/a/../b?c=%41&d=e f", method=method, body="ünï", headers={"X-K": "v", "X-E": ""})
        await probe(far_end.url, method="HEAD")
        await probe(far_end.url, method="POST")
    assert [head.split("\r\n")[0] for head in recording.heads[:2]] == [
        "GET /a/../b?c=%41&d=e%20f HTTP/1.1",
        "POST /a/../b?c=%41&d=e%20f HTTP/1.1",
    ]
    assert [head.split()[0] for head in recording.heads[2:]] == ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "POST"]
    assert recording.bodies == ["ünï".encode()] * 6 + [b"", b""]
    for head in recording.heads[:6]:
        assert "\r\nX-K: v\r\n" in head
        assert "\r\nX-E:" in head
        assert f"\r\nUser-Agent: Sightline/{__version__}\r\n" in head
        assert "expect" not in head.lower()
        assert "content-type" not in head.lower()
    assert "content-length: 0" in recording.heads[-1].lower()


async def test_what_people_wrote_wins(probe: Probing) -> None:
    """A header of the check's own replaces the one that would be sent."""
    recording = Recording()
    own = {
        "user-agent": "mine",
        "traceparent": "00-mine",
        "AUTHORIZATION": "own",
        "Content-Type": "text/x",
        "Host": "h",
    }
    async with serving(recording) as far_end:
        await probe(far_end.url, traceparent="00-given", method="POST", headers=own, auth=BearerAuth("t"))
        await probe(far_end.url, traceparent="00-given")
    sent = recording.heads[0].lower()
    for line in ("user-agent: mine", "traceparent: 00-mine", "authorization: own", "content-type: text/x", "host: h"):
        assert sent.count(line.partition(":")[0] + ":") == 1
        assert f"\r\n{line}\r\n" in sent
    assert "\r\ntraceparent: 00-given\r\n" in recording.heads[1]


async def test_answers_that_announce_others_are_passed_over(probe: Probing) -> None:
    """The last status counts, and its headers alone."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    async with serving(answering(hints + answer(b"hello"))) as far_end:
        outcome = await probe(far_end.url)
    assert (outcome.status, outcome.body) == (200, b"hello")
    assert "Link" not in dict(outcome.headers)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"headers": {"X Y": "1"}}, "headers"),
        ({"headers": {"X": "a\r\nEvil: 1"}}, "headers"),
        ({"auth": BearerAuth("a\nb")}, "auth"),
    ],
)
async def test_what_cannot_be_sent_is_told(probe: Probing, options: dict[str, Any], said: str) -> None:
    """Nothing is smuggled into a request."""
    outcome = await probe("http://127.0.0.1:1/", **options)
    assert outcome.reason is Reason.BAD_TARGET
    assert outcome.message.startswith(said)


async def test_many_ways_of_asking_do_not_mix(probe: Probing) -> None:
    """Handles are used again, and nothing of one probe is in the next, whatever it asked for."""
    recording = Recording()
    async with serving(recording) as far_end:
        for number in range(300):
            method = ("GET", "POST", "HEAD", "DELETE")[number % 4]
            body = f"body {number}" if method == "POST" else ""
            assert (await probe(far_end.url, method=method, body=body, headers={"X-N": str(number)})).ok
        assert [head.split()[0] for head in recording.heads] == ["GET", "POST", "HEAD", "DELETE"] * 75
        assert all(f"X-N: {number}\r\n" in head for number, head in enumerate(recording.heads))
        assert recording.bodies[1::4] == [f"body {number}".encode() for number in range(1, 300, 4)]


async def test_what_is_wrong_here_is_not_said_of_the_far_end(probe: Probing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for another socket nobody was asked, and the message says what to do."""

    def full(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    async with serving(answering(answer())) as far_end:
        with monkeypatch.context() as patched:
            patched.setattr("sightline.adapters.network.curl.handles.socket.socket", full)
            outcome = await probe(far_end.url)
        assert (outcome.reason, "ulimit -n" in outcome.message) == (Reason.DEFECT, True)
        assert (await probe(far_end.url)).reason is Reason.OK
