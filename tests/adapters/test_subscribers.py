"""Subscribers of status pages are told by mail and by messages that lead to no network of ours."""

import pytest
from tests.adapters.mail_server import serving
from tests.adapters.test_email import channel
from tests.adapters.webhook_receiver import receiving

from sightline.adapters.outbound.notifiers.subscribers import SubscriberMail, SubscriberPost
from sightline.domain.errors import BadData, NoticeRefused
from sightline.domain.reports.letter import Letter

LETTER = Letter("status-acme-i1o0", "[Acme] Incident", "Plain", "<p>HTML</p>", 1_763_700_000_000)


async def test_each_subscriber_has_a_letter_of_their_own() -> None:
    """With a way out that mailboxes show, and with an id that is theirs at every attempt."""
    with serving() as server:
        mail = SubscriberMail(channel(server, to="ops@example.org").send)
        await mail.send("ann@example.org", LETTER, "https://x.example.org/leave?token=a")
        await mail.send("bob@example.org", LETTER, "")
        first, second = server.mails
    assert (first.recipients, second.recipients) == (["ann@example.org"], ["bob@example.org"])
    assert (first.message["To"], first.message["Subject"]) == ("ann@example.org", "[Acme] Incident")
    assert first.message["List-Unsubscribe"] == "<https://x.example.org/leave?token=a>"
    assert first.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert second.message["List-Unsubscribe"] is None
    assert first.message["Message-ID"] != second.message["Message-ID"]


@pytest.mark.parametrize(
    "text", ["", "nobody", "a@x.org, b@x.org", "a@x.org\nBcc: b@x.org", "x" * 400 + "@x.org", "a@@x.org"]
)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    """Several at once too."""

    async def never(letter: Letter) -> None:
        raise AssertionError(letter)

    with pytest.raises(BadData):
        SubscriberMail(never).checked(text)
    assert SubscriberMail(never).checked(" Ann@EXAMPLE.org ") == "Ann@example.org"


@pytest.mark.parametrize(
    "url", ["", "ftp://x.org/", "https://", "http://x.org:99999/", "https://u:p@x.org/", "https://x.org/a b", "//x.org"]
)
def test_what_is_no_address_of_a_webhook_is_refused(url: str) -> None:
    """Nor one that carries credentials."""
    with pytest.raises(BadData):
        SubscriberPost().checked(url)
    assert SubscriberPost().checked(" https://x.org/hook ") == "https://x.org/hook"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fd00::1]",
        "100.64.0.1",
    ],
)
async def test_our_own_networks_are_not_reached(host: str) -> None:
    """A stranger's address that leads there is refused before anything is sent."""
    with pytest.raises(NoticeRefused):
        await SubscriberPost().send(f"http://{host}:9/", b"{}", {})


async def test_a_message_is_posted_as_it_was_signed() -> None:
    """The body is not touched on the way; networks that settings allow are reached."""
    with receiving() as found:
        await SubscriberPost(("127.0.0.0/8",)).send(found.url, b'{"b":1,"a":2}', {"X-Sightline-Signature": "sha256=00"})
    assert found.bodies == [{"b": 1, "a": 2}]
    assert found.requests[0]["x-sightline-signature"] == "sha256=00"
    assert found.requests[0]["content-type"] == "application/json"
