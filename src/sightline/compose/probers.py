"""Who probes each kind of check. A new prober is a file in adapters/outbound/probers and a line here."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from sightline.adapters.network.guard import Guard, Policy, networks
from sightline.ports.clock import Clock
from sightline.ports.prober import Prober
from sightline.settings.schema import Settings


async def open_probers(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Mapping[str, Prober]:
    """Open them, by the kinds that they probe.

    Raises:
        SettingsInvalid: networks that are none.
    """
    from sightline.adapters.network.curl.exchange import Exchanges
    from sightline.adapters.network.dialling import Dialler
    from sightline.adapters.outbound.probers.dns import DnsProber
    from sightline.adapters.outbound.probers.domain import DomainProber
    from sightline.adapters.outbound.probers.grpc import GrpcProber
    from sightline.adapters.outbound.probers.http import HttpProber
    from sightline.adapters.outbound.probers.icmp import IcmpProber
    from sightline.adapters.outbound.probers.mail import MailProber
    from sightline.adapters.outbound.probers.mongodb import MongodbProber
    from sightline.adapters.outbound.probers.mysql import MysqlProber
    from sightline.adapters.outbound.probers.ntp import NtpProber
    from sightline.adapters.outbound.probers.postgres import PostgresProber
    from sightline.adapters.outbound.probers.redis import RedisProber
    from sightline.adapters.outbound.probers.ssh import SshProber
    from sightline.adapters.outbound.probers.tcp import TcpProber
    from sightline.adapters.outbound.probers.tls import TlsProber
    from sightline.adapters.outbound.probers.websocket import WebSocketProber

    policy = policy_of(settings)
    exchanges = Exchanges(policy)
    stack.callback(exchanges.close)
    dialler = Dialler(lambda: Guard(policy=policy))
    probers: tuple[Prober, ...] = (
        HttpProber(exchanges),
        WebSocketProber(exchanges),
        GrpcProber(exchanges),
        DomainProber(exchanges, clock),
        TcpProber(dialler),
        TlsProber(dialler),
        DnsProber(dialler),
        IcmpProber(dialler),
        MailProber(dialler),
        PostgresProber(dialler),
        MysqlProber(dialler),
        RedisProber(dialler),
        MongodbProber(dialler),
        NtpProber(dialler),
        SshProber(dialler),
    )
    return {kind: prober for prober in probers for kind in prober.kinds}


def policy_of(settings: Settings) -> Policy:
    """Which addresses may be probed.

    Raises:
        SettingsInvalid: a network that is none.
    """
    checks = settings.checks
    return Policy(
        allowed=networks(checks.allow_addresses, "checks.allow_addresses"),
        denied=networks(checks.deny_addresses, "checks.deny_addresses"),
        setting="checks.allow_addresses",
        deny_setting="checks.deny_addresses",
    )
