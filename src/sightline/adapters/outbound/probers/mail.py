"""Servers of mail: a greeting, what they can, TLS where told, and a polite goodbye."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.link import Link
from sightline.adapters.network.talks import mail as mail_talk
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.domain.probes.options import Mail
from sightline.domain.probes.outcome import Outcome
from sightline.ports.prober import Attempt, Prober

_Step = Callable[[Exchange[Any], Link], Awaitable[None]]


class _Protocol(NamedTuple):
    """ports: by security. capabilities: asked for again over TLS, as what was told in the clear does not count there."""

    ports: dict[str, int]
    greeting: _Step
    starttls: _Step
    capabilities: _Step
    goodbye: bytes


_PROTOCOLS: Final = {
    "smtp": _Protocol(
        {"none": 25, "starttls": 587, "tls": 465},
        mail_talk.smtp_greeting,
        mail_talk.smtp_starttls,
        mail_talk.smtp_capabilities,
        b"QUIT\r\n",
    ),
    "imap": _Protocol(
        {"none": 143, "starttls": 143, "tls": 993},
        mail_talk.imap_greeting,
        mail_talk.imap_starttls,
        mail_talk.imap_capabilities,
        b"sq LOGOUT\r\n",
    ),
    "pop3": _Protocol(
        {"none": 110, "starttls": 110, "tls": 995},
        mail_talk.pop3_greeting,
        mail_talk.pop3_starttls,
        mail_talk.pop3_capabilities,
        b"QUIT\r\n",
    ),
}


class MailProber(Prober):
    """Status: SMTP's last code. Facts: `banner`, `capabilities`."""

    kinds = frozenset({"mail"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Mail, self._dialler, _talk)


async def _talk(exchange: Exchange[Mail]) -> None:
    options = exchange.options
    protocol = _PROTOCOLS[options.protocol]
    target = exchange.target(options.protocol, f"{options.protocol}s")
    # smtps:// and its like mean TLS from the start, whatever else is said.
    security = "tls" if target.scheme == f"{options.protocol}s" else options.security
    link = await exchange.connect(target, protocol.ports[security])
    if security == "starttls":
        await protocol.starttls(exchange, link)
        await exchange.encrypt(link, options.tls, target.host)
        await protocol.capabilities(exchange, link)
    else:
        if security == "tls":
            await exchange.encrypt(link, options.tls, target.host)
        await protocol.greeting(exchange, link)
    exchange.body = str(exchange.facts.get("banner", "")).encode()
    await exchange.farewell(link, protocol.goodbye, answered=True)
