"""Alerts by Apprise, whose `json://` posts to a server on loopback that stands in for a service."""

import importlib.util
import logging

import pytest
from tests.adapters.notices import ShownTemplates, notice
from tests.adapters.webhook_receiver import receiving

from sightline.adapters.outbound.notifiers.apprise import AppriseChannel
from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.receiver import Secret
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable

pytestmark = pytest.mark.anyio

HUSH = "hush-0123456789"


def channel(url: str, **options: str) -> AppriseChannel:
    """A channel to this address."""
    return AppriseChannel({"url": Secret(url), "timeout": 5_000, **options}, ShownTemplates(), name="apprise-1")


def json_url(url: str) -> str:
    """An address on loopback as Apprise has it."""
    return url.replace("http://", "json://")


@pytest.mark.parametrize(
    ("status", "kind"), [(Status.FIRING, "failure"), (Status.RESOLVED, "success"), (Status.ACKNOWLEDGED, "info")]
)
async def test_a_service_is_told_what_and_of_which_kind(status: Status, kind: str) -> None:
    """Title and text are templates."""
    with receiving() as receiver:
        await channel(json_url(receiver.url), title="T [labels]", message="M").notify(notice(status=status))
    (body,) = receiver.bodies
    assert (body["title"], body["message"], body["type"]) == (f"T {status}:alertname=Hot", "M", kind)


async def test_a_service_that_does_not_take_it_is_unavailable() -> None:
    """The message says which kind of service it is."""
    with receiving() as receiver:
        receiver.status = 500
        with pytest.raises(Unavailable, match=r"channel apprise-1 \(json\): the notice was not taken"):
            await channel(json_url(receiver.url)).notify(notice())


@pytest.mark.parametrize(
    ("url", "shown"), [(f"nosuch://{HUSH}", r" \(nosuch\)"), (HUSH, ""), ("json://", r" \(json\)")]
)
async def test_an_address_that_apprise_does_not_know_is_refused(url: str, shown: str) -> None:
    """The setting is named."""
    with pytest.raises(
        NoticeRefused, match=rf"apprise-1{shown}: Apprise does not know the address.*check apprise\.urls"
    ):
        await channel(url).notify(notice())


async def test_addresses_are_not_shown(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither in errors nor in logs, whatever the library says of them."""
    caplog.set_level(logging.DEBUG)
    said = []
    with receiving() as receiver:
        receiver.status, receiver.body = 500, HUSH.encode()
        for url in (f"{json_url(receiver.url)}/{HUSH}", f"nosuch://{HUSH}"):
            apprise = channel(url)
            with pytest.raises((Unavailable, NoticeRefused)) as caught:
                await apprise.notify(notice())
            said += [repr(apprise), repr(vars(apprise)), str(caught.value), repr(caught.value.detail)]
    said += [record.getMessage() for record in caplog.records if record.name.startswith(("apprise", "sightline"))]
    out, err = capfd.readouterr()
    assert HUSH not in "\n".join([*said, out, err])


def test_without_the_extra_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start is refused, and the message says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SettingsInvalid, match=r"apprise\.urls needs the extra: pip install 'sightline\[apprise\]'"):
        channel("json://127.0.0.1")
