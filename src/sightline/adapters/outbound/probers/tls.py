"""A TLS handshake: who shows which certificate, whether it is trusted, and until when."""

from typing import Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.adapters.network.talks.upgrade import UPGRADES
from sightline.domain.probes.options import Tls
from sightline.domain.probes.outcome import Outcome
from sightline.ports.prober import Attempt, Prober

_PORTS: Final = {"": 443, "smtp": 25, "imap": 143, "pop3": 110, "postgres": 5432}


class TlsProber(Prober):
    """The certificate is of the Outcome. Facts: `ssl_last_chain_expiry`, when the chain that was verified ends, in seconds."""

    kinds = frozenset({"tls"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Tls, self._dialler, _talk)


async def _talk(exchange: Exchange[Tls]) -> None:
    target, options = exchange.target("tls", "https", "ssl"), exchange.options
    link = await exchange.connect(target, _PORTS[options.starttls])
    if options.starttls:
        await UPGRADES[options.starttls](exchange, link)
    await exchange.encrypt(link, options.tls, target.host)
    exchange.version = "" if link.certificate is None else link.certificate.version
