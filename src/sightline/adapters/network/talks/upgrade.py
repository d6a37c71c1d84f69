"""The ways into TLS of protocols that begin in the clear."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sightline.adapters.network.link import Link
from sightline.adapters.network.talks import mail as mail_talk
from sightline.adapters.network.talks.exchange import Exchange
from sightline.adapters.network.talks.postgres import request_tls

Upgrade = Callable[[Exchange[Any], Link], Awaitable[None]]

UPGRADES: Final[Mapping[str, Upgrade]] = {
    "smtp": mail_talk.smtp_starttls,
    "imap": mail_talk.imap_starttls,
    "pop3": mail_talk.pop3_starttls,
    "postgres": request_tls,
}
"""By protocol: after each, TLS is to begin."""
