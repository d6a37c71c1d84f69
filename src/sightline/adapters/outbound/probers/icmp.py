"""Echo requests: whether a host answers, how soon, and how often not."""

import asyncio
from typing import Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.echo import Answer, Echoes
from sightline.adapters.network.failure import Failure, failure_of
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.domain.probes.options import Icmp
from sightline.domain.probes.outcome import Outcome, Phase, Reason
from sightline.ports.prober import Attempt, Prober

GAP: Final = 1.0
"""Seconds from one request to the next, at most: they share the time that there is."""
_ANY_PORT: Final = 9
_ADVICE: Final = (
    "this machine lets us send no echo requests: allow the group of the program in net.ipv4.ping_group_range (sysctl), "
    "or give it CAP_NET_RAW"
)


class IcmpProber(Prober):
    """Facts: `loss` (0 to 1), `sent`, `received`; of answers `rtt_min`, `rtt_avg`, `rtt_max` in seconds, and `reply_hop_limit`."""

    kinds = frozenset({"icmp"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._echoes = Echoes()

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Icmp, self._dialler, self._talk)

    async def _talk(self, exchange: Exchange[Icmp]) -> None:
        host = exchange.target("icmp", "ping").host
        exchange.where, options = host, exchange.options
        # A socket of UDP, through which nothing goes, tells to which address there is a route.
        with exchange.dialler.datagrams(await exchange.addresses(host), _ANY_PORT, host) as (_, exchange.address):
            pass
        exchange.awaiting = "an answer to an echo request"
        answers: list[Answer] = []
        failures: list[Failure] = []
        gap = min(GAP, exchange.left / (options.count + 1))
        await asyncio.gather(
            *(self._once(exchange, number * gap, answers, failures) for number in range(options.count))
        )
        exchange.facts |= _facts(answers, options.count)
        if not answers:
            raise (
                failures[0]
                if failures
                else exchange.refuse(
                    Reason.LOST,
                    f"({exchange.address}) answers none of {options.count} echo requests: is it up, and does a firewall drop them?",
                )
            )
        exchange.phases[Phase.PROCESSING] = sum(one.seconds for one in answers) / len(answers)

    async def _once(
        self, exchange: Exchange[Icmp], wait: float, answers: list[Answer], failures: list[Failure]
    ) -> None:
        await asyncio.sleep(wait)
        try:
            async with asyncio.timeout(exchange.left):
                answers.append(await self._echoes.ask(exchange.address, exchange.options.payload))
        except PermissionError:
            failures.append(Failure(Reason.NOT_PERMITTED, _ADVICE))
        except TimeoutError:
            pass
        except OSError as error:
            failures.append(failure_of(error, exchange.where))


def _facts(answers: list[Answer], count: int) -> dict[str, float]:
    found = {"sent": float(count), "received": float(len(answers)), "loss": 1 - len(answers) / count}
    if answers:
        seconds = [one.seconds for one in answers]
        found |= {"rtt_min": min(seconds), "rtt_avg": sum(seconds) / len(seconds), "rtt_max": max(seconds)}
        if answers[-1].hop_limit is not None:
            found["reply_hop_limit"] = float(answers[-1].hop_limit)
    return found
