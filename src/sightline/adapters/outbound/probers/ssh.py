"""The banner of an SSH server (RFC 4253, section 4.2)."""

from typing import Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import quoted
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.domain.probes.options import Ssh
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.ports.prober import Attempt, Prober

PORT: Final = 22
MAX_LINES: Final = 50
"""That may come before the banner."""
_VERSIONS: Final = ("2.0", "1.99")


class SshProber(Prober):
    """Facts: `banner`, and `software` as the server names it."""

    kinds = frozenset({"ssh"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Ssh, self._dialler, _talk)


async def _talk(exchange: Exchange[Ssh]) -> None:
    link = await exchange.connect(exchange.target("ssh"), PORT)
    exchange.awaiting = "the banner"
    for _ in range(MAX_LINES):
        line = await link.line()
        exchange.body += line + b"\n"
        if line.startswith(b"SSH-"):
            break
    else:
        raise exchange.refuse(Reason.PROTOCOL, f"sent {MAX_LINES} lines and no banner of SSH among them")
    banner = quoted(line)
    version, _, software = banner.removeprefix("SSH-").partition("-")
    exchange.facts |= {"banner": banner, "software": software}
    exchange.version = version
    if version not in _VERSIONS:
        raise exchange.refuse(Reason.PROTOCOL, f"speaks version {version!r} of SSH, not 2.0: {banner}")
    # A server that hears nothing writes a complaint into its log.
    await exchange.farewell(link, b"SSH-2.0-Sightline\r\n")
