"""What channels over HTTP are made of, against services that behave badly."""

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.scraping.exporters import Answer, forever, never, page, raw, serving

from sightline.adapters.outbound.notifiers.over_http import MAX_ANSWER, HttpSender, Outgoing, host_of, seconds_asked
from sightline.domain.errors import NoticeRefused, Unavailable

pytestmark = pytest.mark.anyio

SENDER = HttpSender({}, name="hook", http=Outgoing(timeout=5))


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"", close=True),
        raw(b"\x00\x01\x02 nonsense\r\n\r\n", close=True),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", close=True),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", close=True),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n", close=True),
        page(b"no gzip", Content_Encoding="gzip"),
    ],
)
async def test_what_is_no_answer_is_unavailable(answer: Answer) -> None:
    """A service that closes, breaks off or speaks something else has not taken the notice; the error is one line."""
    async with serving(answer) as service:
        with pytest.raises(Unavailable, match=rf"^channel hook: {service.address} cannot be reached: ") as caught:
            await SENDER.send(f"http://{service.address}/", b"")
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    "answer", [forever, page(b"a" * 10_000_000), page(gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")]
)
async def test_only_the_beginning_of_an_answer_is_read(answer: Answer) -> None:
    """An answer without an end, a long one, or one that becomes long, is read no further than the limit."""
    async with serving(answer) as service:
        found = await SENDER.send(f"http://{service.address}/", b"")
    assert len(found.body) == MAX_ANSWER


@pytest.mark.parametrize("answer", [never, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")])
async def test_an_answer_that_does_not_end_takes_no_longer_than_the_timeout(answer: Answer) -> None:
    """The time-out is that of the whole attempt, not of one piece of it."""
    sender = HttpSender({"timeout": 50}, name="hook", http=Outgoing())
    async with serving(answer) as service:
        with pytest.raises(Unavailable, match=r"did not answer within 0\.05 s"):
            await sender.send(f"http://{service.address}/", b"")


async def test_a_notice_is_sent_once() -> None:
    """Even where the connection broke before there was an answer, and whatever is answered."""
    async with serving(raw(b"", close=True)) as service:
        with pytest.raises(Unavailable):
            await SENDER.send(f"http://{service.address}/", b"")
        assert len(service.heads) == 1


async def test_an_address_arrives_as_it_is_written() -> None:
    """Nothing is decoded or encoded on the way, and the fragment stays here."""
    async with serving(page(b"")) as service:
        await SENDER.send(f"http://{service.address}/a%2Fb//c/../%7e?x=%2B&y=a+b&z#f", b"", method="PUT")
    assert service.heads[0].startswith(b"PUT /a%2Fb//c/../%7e?x=%2B&y=a+b&z HTTP/1.1\r\n")
    assert service.header("User-Agent").startswith("sightline/")


@pytest.mark.parametrize("url", ["", "hush", "ftp://hush/", "http://", "http://x:y/", "http://a b/", "http://h/\n"])
async def test_what_is_no_address_is_refused(url: str) -> None:
    """It is not shown, for it may be the secret that stands in the wrong place."""
    with pytest.raises(NoticeRefused, match="is none") as caught:
        await SENDER.send(url, b"")
    assert "hush" not in caught.value.message


async def test_half_a_character_is_refused() -> None:
    """What is no Unicode cannot be sent, and would not be the next time."""
    with pytest.raises(NoticeRefused, match="surrogate"):
        await SENDER.send("http://127.0.0.1:1/", {"a": "\ud800"})


@given(st.text() | st.floats().map(str) | st.integers().map(str), st.text())
def test_any_header_of_a_wait_is_read(retry_after: str, date: str) -> None:
    """Whatever a service writes there, the wait is within the limit or there is none."""
    found = seconds_asked(retry_after, date, 60.0)
    assert found is None or 0 <= found <= 60


@given(st.text())
def test_any_text_may_be_an_address(text: str) -> None:
    """Whatever stands there is an address with a host, or none."""
    for url in (text, f"http://{text}"):
        found = host_of(url)
        assert not found or found.partition(":")[0] in url.lower() or found.startswith("[")


def test_dates_of_all_kinds_are_read() -> None:
    """The three forms that HTTP has had, in years that a date can have, and those it cannot."""
    now = "Sun, 06 Nov 1994 08:49:07 GMT"
    read: Callable[[str], float | None] = lambda text: seconds_asked(text, now, 60.0)  # noqa: E731
    assert read("Sun, 06 Nov 1994 08:49:37 GMT") == 30
    assert read("Sunday, 06-Nov-94 08:49:37 GMT") == 30
    assert read("Sun Nov  6 08:49:37 1994") == 30
    assert read("Sun, 06 Nov 9999 08:49:37 GMT") == 60
    assert read("Sun, 06 Nov 99999 08:49:37 GMT") is None
    assert read("9" * 5_000) is None
