"""Alerts by Apprise, whose `json://` posts to a server on loopback that stands in for a service."""

import importlib.util
import logging

import pytest
from tests.adapters.notices import ShownTemplates, notice
from tests.adapters.webhook_receiver import receiving

from sightline.adapters.outbound.notifiers.apprise import AppriseChannel
from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.receiver import Option, Secret
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable

pytestmark = pytest.mark.anyio

HUSH = "hush-0123456789"


def channel(*urls: str, **options: str) -> AppriseChannel:
    """A channel to these addresses."""
    given: dict[str, Option] = {"urls": tuple(Secret(url) for url in urls), "timeout": 5_000, **options}
    return AppriseChannel(given, ShownTemplates(), name="apprise")


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


async def test_who_has_a_notification_is_not_told_again() -> None:
    """When one of several services does not take it, the others have it; the next time only that one is tried."""
    with receiving() as ready, receiving() as away:
        away.status = 500
        apprise = channel(json_url(ready.url), json_url(away.url))
        with pytest.raises(Unavailable, match=r"channel apprise: not taken: apprise\.urls 2 \(json\)"):
            await apprise.notify(notice())
        away.status = 200
        await apprise.notify(notice())
        assert (len(ready.bodies), len(away.bodies)) == (1, 1)
        await apprise.notify(notice("Full"))
        assert (len(ready.bodies), len(away.bodies)) == (2, 2)


async def test_an_address_that_apprise_does_not_know_is_refused() -> None:
    """It is named by its number."""
    with pytest.raises(NoticeRefused, match=r"apprise\.urls 1 \(nosuch\), apprise\.urls 2; check apprise\.urls"):
        await channel(f"nosuch://{HUSH}", HUSH).notify(notice())


async def test_addresses_are_not_shown(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither in errors nor in logs, whatever the library says of them."""
    caplog.set_level(logging.DEBUG)
    with receiving() as receiver:
        receiver.status, receiver.body = 500, HUSH.encode()
        apprise = channel(f"{json_url(receiver.url)}/{HUSH}", f"nosuch://{HUSH}")
        with pytest.raises(Unavailable) as caught:
            await apprise.notify(notice())
    known = [record.getMessage() for record in caplog.records if record.name.startswith(("apprise", "sightline"))]
    out, err = capfd.readouterr()
    assert HUSH not in "\n".join(
        [repr(apprise), repr(vars(apprise)), str(caught.getrepr(style="long")), *known, out, err]
    )


def test_without_the_extra_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start is refused, and the message says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SettingsInvalid, match=r"apprise\.urls needs the extra: pip install 'sightline\[apprise\]'"):
        channel("json://127.0.0.1")
