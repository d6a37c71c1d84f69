"""Tokens by OAuth 2.0 on the way to a service."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.webhook_receiver import Receiver, receiving

from sightline.adapters.outbound.notifiers.over_http import HttpSender, Outgoing
from sightline.domain.alerts.receiver import Options, Secret
from sightline.domain.errors import NoticeRefused, Unavailable

pytestmark = pytest.mark.anyio

BASIC = f"Basic {base64.b64encode(b'me%3A:hu%2Fsh').decode()}"


@pytest.fixture
def service() -> Iterator[Receiver]:
    """What notices go to."""
    with receiving() as found:
        yield found


@pytest.fixture
def tokens() -> Iterator[Receiver]:
    """What gives tokens, for an hour."""
    with receiving() as found:
        found.body = b'{"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600}'
        yield found


def sender(tokens: Receiver, **further: object) -> HttpSender:
    """What asks for tokens there."""
    oauth2 = {"client_id": "me:", "client_secret": Secret("hu/sh"), "token_url": tokens.url, **further}
    options: Options = {"http_config": {"oauth2": oauth2}}  # type: ignore[dict-item] # what tests write is as readers make it
    return HttpSender(options, name="hook", http=Outgoing())


async def test_a_token_is_asked_for_once(service: Receiver, tokens: Receiver) -> None:
    """The token goes along until it is no longer good, and scopes and parameters with the question for it."""
    one = sender(tokens, scopes=("a", "b"), endpoint_params={"audience": "x&y"})
    for _ in range(2):
        await one.send(service.url, {"a": 1})
    assert [each["authorization"] for each in service.requests] == ["Bearer t-1", "Bearer t-1"]
    assert [each["authorization"] for each in tokens.requests] == [BASIC]
    assert tokens.forms == ["grant_type=client_credentials&scope=a+b&audience=x%26y"]


async def test_a_token_that_ends_soon_is_asked_for_again(service: Receiver, tokens: Receiver) -> None:
    """One that is good for less than ten seconds is used once."""
    tokens.body = b'{"access_token": "t-1", "expires_in": 9}'
    one = sender(tokens)
    for _ in range(2):
        await one.send(service.url, {"a": 1})
    assert len(tokens.requests) == 2


async def test_a_token_that_is_refused_is_not_used_again(service: Receiver, tokens: Receiver) -> None:
    """A token that was good before is forgotten, and the notice may be tried again; a new one that is refused stays refused."""
    one = sender(tokens)
    await one.send(service.url, {"a": 1})
    service.status = 401
    with pytest.raises(Unavailable, match="another token"):
        await one.send(service.url, {"a": 1})
    with pytest.raises(NoticeRefused, match="401"):
        await one.send(service.url, {"a": 1})
    assert len(tokens.requests) == 2


async def test_the_secret_can_stand_in_the_form(service: Receiver, tokens: Receiver, tmp_path: Path) -> None:
    """A server that wants no user and password is asked again with both in the form; the secret comes from a file."""
    (tmp_path / "secret").write_text("hush\n")
    tokens.status = 401
    one = sender(tokens, client_secret=None, client_secret_file=str(tmp_path / "secret"))
    with pytest.raises(NoticeRefused, match="of oauth2 answered 401; check oauth2 of hook"):
        await one.send(service.url, {"a": 1})
    assert tokens.forms[1] == "grant_type=client_credentials&client_id=me%3A&client_secret=hush"
    assert "authorization" not in tokens.requests[1]
    assert service.requests == []


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, b"", Unavailable),
        (429, b"", Unavailable),
        (403, b"hu/sh", NoticeRefused),
        (200, b"<html>", NoticeRefused),
        (200, b"{}", NoticeRefused),
        (200, json.dumps({"access_token": "a\nb"}).encode(), NoticeRefused),
        (200, json.dumps({"access_token": 1}).encode(), NoticeRefused),
        (200, b"[" * 60_000, NoticeRefused),
    ],
)
async def test_no_token_is_an_error(
    service: Receiver, tokens: Receiver, status: int, body: bytes, error: type[Exception]
) -> None:
    """Without a token nothing is sent, and the error says whether trying again may help, but not the secret."""
    tokens.status, tokens.body = status, body
    with pytest.raises(error, match="of oauth2 answered") as caught:
        await sender(tokens).send(service.url, {"a": 1})
    assert "hu/sh" not in str(caught.value)
    assert service.requests == []


async def test_the_server_of_tokens_is_guarded_too(service: Receiver, tokens: Receiver) -> None:
    """Nor is it asked at an address of a cloud's metadata, and to have reached it does not lead there."""
    with pytest.raises(NoticeRefused, match="allow_metadata_addresses"):
        await sender(tokens).send("http://169.254.169.254/", {"a": 1})
    assert len(tokens.requests) == 1
    with pytest.raises(NoticeRefused, match="allow_metadata_addresses"):
        await sender(tokens, token_url="http://169.254.169.254/token").send(service.url, {"a": 1})
