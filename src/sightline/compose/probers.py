"""Who probes each kind of check. A new prober is a file in adapters/outbound/probers and a line here."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from sightline.adapters.network.guard import Policy
from sightline.ports.prober import Prober


async def open_probers(policy: Policy, stack: AsyncExitStack) -> Mapping[str, Prober]:
    """Open them, by the kinds that they probe. policy: which addresses may be connected to."""
    from sightline.adapters.network.curl.exchange import Exchanges  # noqa: PLC0415 - its driver is slow to load
    from sightline.adapters.outbound.probers.http import HttpProber  # noqa: PLC0415 - likewise

    exchanges = Exchanges(policy)
    stack.callback(exchanges.close)
    probers: tuple[Prober, ...] = (HttpProber(exchanges),)
    return {kind: prober for prober in probers for kind in prober.kinds}
