"""Subscribers of status pages: mail to single people, and messages to programs of strangers.

Sources: RFC 2369 and RFC 8058 for links that end a subscription, which mailboxes show as a button.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from typing_extensions import override

from sightline.adapters.network.guard import Policy, networks
from sightline.adapters.outbound.notifiers.over_http import HttpSender, Outgoing
from sightline.adapters.wire import mail
from sightline.application.subscribe import Mail, Post
from sightline.domain.errors import BadData
from sightline.domain.reports.letter import Letter

MAX_ADDRESS: Final = 320
MAX_URL: Final = 2_000
INWARD: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/127",
    "fc00::/7",
    "fec0::/10",
    "ff00::/8",
)
"""Networks that are not of the internet: what strangers name must not lead there."""

_NO_ADDRESS: Final = "this is no address of a webhook: write https://host/path"


class SubscriberMail(Mail):
    """Sends each letter by itself, so that nobody sees who else is told. send: hands a letter to a server of mail."""

    def __init__(self, send: Callable[[Letter], Awaitable[None]]) -> None:
        self._send = send

    @override
    def checked(self, text: str) -> str:
        if len(text) > MAX_ADDRESS:
            raise BadData("this is no address of mail")
        found = mail.addresses(text)
        if len(found) > 1:
            raise BadData("give one address")
        local, _, domain = found[0].spec.rpartition("@")
        return f"{local}@{domain.lower()}"

    @override
    async def send(self, to: str, letter: Letter, leave: str) -> None:
        ends = (("List-Unsubscribe", f"<{leave}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        await self._send(replace(letter, to=to, headers=ends if leave else ()))


class SubscriberPost(Post):
    """Posts to addresses that strangers gave, by HTTP or HTTPS, and to none within our own networks.

    allowed: networks that may be told nevertheless; setting: what lists them.
    """

    def __init__(self, allowed: Sequence[str] = (), setting: str = "status_pages.webhook_networks") -> None:
        """The sockets are opened by each message.

        Raises:
            SettingsInvalid: one of the networks is none.
        """
        policy = Policy(
            allowed=networks(allowed, setting), denied=networks(INWARD, setting), setting=setting, deny_setting=setting
        )
        self._sender = HttpSender({}, name="subscriber", http=Outgoing(policy=policy))

    @override
    def checked(self, url: str) -> str:
        url = url.strip()
        try:
            parts = urlsplit(url)
            has_host = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise BadData(_NO_ADDRESS) from None
        if not has_host or len(url) > MAX_URL or not url.isprintable() or " " in url:
            raise BadData(_NO_ADDRESS)
        if parts.username or parts.password:
            raise BadData("leave user name and password out of the address: messages are signed")
        return url

    @override
    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        await self._sender.send(url, body, headers={**headers, "Content-Type": "application/json"})
