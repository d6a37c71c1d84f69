"""The same targets judged by Debian's blackbox_exporter: verdicts and numbers are the same."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from tests.adapters.probers import blackbox, real_servers
from tests.adapters.probers.blackbox import Blackbox, Metrics
from tests.adapters.probers.far_ends import Serve, silent
from tests.adapters.probers.made_certificates import Issued, issue
from tests.adapters.probers.peers import attempt, closing, datagrams, dialler, garbage, script, serving

from sightline.adapters.outbound.probers.dns import DnsProber
from sightline.adapters.outbound.probers.icmp import IcmpProber
from sightline.adapters.outbound.probers.tcp import TcpProber
from sightline.domain.probes.options import Dns, Icmp, TalkStep, Tcp, TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason

pytestmark = pytest.mark.anyio

SECONDS = 0.4
"""For probes that may time out: both wait so long."""
PLENTY = 20.0
"""For all others."""

NOTHING: list[dict[str, Any]] = []
SSH: list[dict[str, Any]] = [{"expect": "^SSH-2.0-"}, {"send": "SSH-2.0-blackbox-ssh-check"}]
POP3S: list[dict[str, Any]] = [{"expect": "^\\+OK"}]
SMTP_STARTTLS: list[dict[str, Any]] = [
    {"expect": "^220 "},
    {"send": "EHLO prober\r"},
    {"expect": "^250-STARTTLS"},
    {"send": "STARTTLS\r"},
    {"expect": "^220"},
    {"starttls": True},
    {"send": "EHLO prober\r"},
    {"expect": "^250 AUTH"},
    {"send": "QUIT\r"},
]


def steps(entries: list[dict[str, Any]]) -> tuple[TalkStep, ...]:
    """The entries of a module as ours: it expects before it sends, within an entry, and ends what it sends with a line feed."""
    found = []
    for entry in entries:
        if "expect" in entry:
            found.append(TalkStep(expect=entry["expect"]))
        if "send" in entry:
            found.append(TalkStep(send=f"{entry['send']}\n"))
        if entry.get("starttls"):
            found.append(TalkStep(starttls=True))
    return tuple(found)


class Certificates(NamedTuple):
    """Servers' certificates by what is the matter with them, all of one authority's each."""

    good: Issued
    soon: Issued
    expired: Issued
    other: Issued


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Made anew."""
    folders = [tmp_path_factory.mktemp("certificates") for _ in range(4)]
    return Certificates(
        issue(folders[0], 90),
        issue(folders[1], 3, authority_days=2),
        issue(folders[2], -3),
        issue(folders[3], 90, name="elsewhere.test"),
    )


def modules(certificates: Certificates) -> Mapping[str, Any]:
    """What blackbox_exporter is told."""

    def tcp(seconds: float = PLENTY, **further: Any) -> dict[str, Any]:
        return {"prober": "tcp", "timeout": f"{seconds}s", "tcp": {"preferred_ip_protocol": "ip4", **further}}

    def query(name: str, kind: str, **further: Any) -> dict[str, Any]:
        asked = {"query_name": name, "query_type": kind, "preferred_ip_protocol": "ip4", **further}
        return {"prober": "dns", "timeout": f"{PLENTY}s", "dns": asked}

    found = {"connect": tcp(), "ssh": tcp(SECONDS, query_response=SSH), "pop3": tcp(SECONDS, query_response=POP3S)}
    for name, one in certificates._asdict().items():
        trust = {"ca_file": one.ca_file, "server_name": "localhost"}
        found[f"tls_{name}"] = tcp(tls=True, tls_config=trust)
        found[f"starttls_{name}"] = tcp(query_response=SMTP_STARTTLS, tls_config=trust)
    found["tls_unverified"] = tcp(tls=True, tls_config={"insecure_skip_verify": True})
    found |= {f"dns_{kind}": query("shop.test", kind) for kind in ("A", "MX", "SOA", "TXT")}
    found["dns_over_tcp"] = query("shop.test", "A", transport_protocol="tcp")
    found["dns_nothing"] = query("nothing.test", "A")
    found["dns_wanted_nothing"] = query("nothing.test", "A", valid_rcodes=["NXDOMAIN"])
    for version in ("4", "6"):
        ip = {"preferred_ip_protocol": f"ip{version}", "ip_protocol_fallback": False}
        found[f"icmp_{version}"] = {"prober": "icmp", "timeout": f"{PLENTY}s", "icmp": ip}
    return found


@pytest.fixture(scope="module")
def peer(
    require_binary: Callable[[str, str], str], certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Blackbox]:
    """Debian's, with these modules."""
    program = require_binary("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    with blackbox.running(program, tmp_path_factory.mktemp("blackbox"), modules(certificates)) as found:
        yield found


async def judged(peer: Blackbox, module: str, target: str) -> Metrics:
    """What it says; its targets live in our loop."""
    return await asyncio.to_thread(peer.probe, module, target)


def assert_same_verdict(outcome: Outcome, metrics: Metrics) -> None:
    """Both find it well, or neither."""
    assert outcome.ok == bool(metrics["probe_success"]), (outcome.reason, outcome.message)


TALKS: dict[str, tuple[str, list[dict[str, Any]], Serve]] = {
    "a port": ("connect", [], silent),
    "a port that closes": ("connect", [], closing),
    "ssh": ("ssh", SSH, script(b"SSH-2.0-OpenSSH_9.2\r\n")),
    "ssh after a line": ("ssh", SSH, script(b"hello\r\nSSH-2.0-OpenSSH_9.2\r\n")),
    "ssh too old": ("ssh", SSH, script(b"SSH-1.5-old\r\n")),
    "ssh that closes": ("ssh", SSH, closing),
    "ssh that is garbage": ("ssh", SSH, garbage),
    "ssh that is silent": ("ssh", SSH, silent),
    "pop3": ("pop3", POP3S, script(b"+OK ready\r\n")),
    "pop3 that refuses": ("pop3", POP3S, script(b"-ERR +OK\r\n")),
}


@pytest.mark.parametrize("name", TALKS)
async def test_talks_over_tcp(name: str, peer: Blackbox) -> None:
    """Verdicts are the same, and whether an expression is to blame."""
    module, entries, handler = TALKS[name]
    async with serving(handler) as port:
        metrics = await judged(peer, module, f"127.0.0.1:{port}")
        options = Tcp(talk=steps(entries))
        outcome = await TcpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", options, SECONDS))
    assert_same_verdict(outcome, metrics)
    assert outcome.facts.get("failed_due_to_regex", 0.0) == metrics["probe_failed_due_to_regex"]


async def test_nobody_listening(peer: Blackbox) -> None:
    """Refused by both."""
    port = blackbox.free_port()
    outcome = await TcpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", Tcp()))
    assert_same_verdict(outcome, await judged(peer, "connect", f"127.0.0.1:{port}"))


async def test_a_real_server(peer: Blackbox, require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """Redis takes connections of both."""
    require_binary("redis-server", "redis-server")
    with real_servers.redis(tmp_path) as port:
        outcome = await TcpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", Tcp()))
        assert_same_verdict(outcome, await judged(peer, "connect", f"127.0.0.1:{port}"))
    assert outcome.ok


def upgrading(issued: Issued) -> Serve:
    """SMTP that begins TLS."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 fake.test ESMTP\r\n")
        await reader.readline()
        writer.write(b"250-fake.test\r\n250-STARTTLS\r\n250 OK\r\n")
        assert await reader.readline() == b"STARTTLS\r\n"
        writer.write(b"220 begin\r\n")
        await writer.drain()
        await writer.start_tls(issued.server)
        await reader.readline()
        writer.write(b"250-fake.test\r\n250 AUTH PLAIN\r\n")
        await silent(reader, writer)

    return handle


@pytest.mark.parametrize("way", ["tls", "starttls"])
@pytest.mark.parametrize("name", Certificates._fields)
async def test_tls(name: str, way: str, peer: Blackbox, certificates: Certificates) -> None:
    """Good certificates and such as end soon, have ended, or are somebody else's; with the ends of what both see."""
    issued: Issued = getattr(certificates, name)
    trust = TlsTrust(ca_file=issued.ca_file, server_name="localhost")
    options = Tcp(talk=steps(SMTP_STARTTLS if way == "starttls" else NOTHING), tls=trust)
    async with serving(silent, issued.server) if way == "tls" else serving(upgrading(issued)) as port:
        metrics = await judged(peer, f"{way}_{name}", f"127.0.0.1:{port}")
        outcome = await TcpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", options))
    assert_same_verdict(outcome, metrics)
    assert outcome.ok == (name in {"good", "soon"})
    if outcome.ok:
        assert_same_certificate(outcome, metrics)


def assert_same_certificate(outcome: Outcome, metrics: Metrics) -> None:
    """Its ends, its fingerprint, and the version of TLS."""
    shown = outcome.certificate
    assert shown is not None
    assert shown.expires_at / 1_000 == metrics["probe_ssl_earliest_cert_expiry"]
    if "ssl_last_chain_expiry" in outcome.facts:
        assert outcome.facts["ssl_last_chain_expiry"] == metrics["probe_ssl_last_chain_expiry_timestamp_seconds"]
    (info,) = (one for one in metrics if one.startswith("probe_ssl_last_chain_info"))
    assert shown.fingerprint in info
    (version,) = (one for one in metrics if one.startswith("probe_tls_version_info"))
    assert shown.version in version


async def test_tls_that_is_not_verified(peer: Blackbox, certificates: Certificates) -> None:
    """The end of an expired certificate is told where nobody minds."""
    async with serving(silent, certificates.expired.server) as port:
        metrics = await judged(peer, "tls_unverified", f"127.0.0.1:{port}")
        options = Tcp(tls=TlsTrust(verify=False))
        outcome = await TcpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", options))
    assert outcome.ok
    assert_same_verdict(outcome, metrics)
    assert_same_certificate(outcome, metrics)


RECORDS = {
    "A": ("192.0.2.1", "192.0.2.2"),
    "MX": ("10 mail.shop.test.",),
    "SOA": ("ns.shop.test. host.shop.test. 2026112201 7200 900 1209600 300",),
    "TXT": ('"v=spf1 -all"',),
}


def resolved(asked: bytes) -> list[bytes]:
    """A name server's answer with authorities and addresses of theirs."""
    question = dns.message.from_wire(asked)
    answer = dns.message.make_response(question)
    one = question.question[0]
    if one.name == dns.name.from_text("shop.test"):
        answer.answer.append(dns.rrset.from_text(one.name, 60, "IN", one.rdtype, *RECORDS[one.rdtype.name]))
        answer.authority.append(dns.rrset.from_text(one.name, 60, "IN", "NS", "a.test.", "b.test.", "c.test."))
        answer.additional.append(dns.rrset.from_text("a.test.", 60, "IN", "A", "192.0.2.7", "192.0.2.8"))
    else:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return [answer.to_wire()]


async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The same over TCP."""
    size = int.from_bytes(await reader.readexactly(2), "big")
    (answer,) = resolved(await reader.readexactly(size))
    writer.write(len(answer).to_bytes(2, "big") + answer)
    await silent(reader, writer)


@pytest.fixture
async def resolver() -> AsyncIterator[int]:
    """A name server on one port for UDP and TCP."""
    async with serving(over_tcp) as port, datagrams(resolved, port):
        yield port


QUESTIONS: dict[str, tuple[str, Dns]] = {
    **{f"dns_{kind}": ("shop.test", Dns(record_type=kind)) for kind in RECORDS},
    "dns_over_tcp": ("shop.test", Dns(transport="tcp")),
    "dns_nothing": ("nothing.test", Dns()),
    "dns_wanted_nothing": ("nothing.test", Dns(accepted_rcodes=("NXDOMAIN",))),
}


@pytest.mark.parametrize("module", QUESTIONS)
async def test_dns(module: str, peer: Blackbox, resolver: int) -> None:
    """Verdicts, and how many records there are of what."""
    name, asked = QUESTIONS[module]
    metrics = await judged(peer, module, f"127.0.0.1:{resolver}")
    options = Dns(
        record_type=asked.record_type,
        transport=asked.transport,
        accepted_rcodes=asked.accepted_rcodes,
        resolver=f"127.0.0.1:{resolver}",
    )
    outcome = await DnsProber(dialler()).probe(attempt(name, options))
    assert_same_verdict(outcome, metrics)
    for fact in ("answer_rrs", "authority_rrs", "additional_rrs", "serial"):
        assert outcome.facts.get(fact) == metrics.get(f"probe_dns_{fact}"), fact


async def test_dns_where_nobody_listens(peer: Blackbox) -> None:
    """Neither finds a name server."""
    port = blackbox.free_port()
    metrics = await judged(peer, "dns_A", f"127.0.0.1:{port}")
    outcome = await DnsProber(dialler()).probe(attempt("shop.test", Dns(resolver=f"127.0.0.1:{port}")))
    assert_same_verdict(outcome, metrics)


@pytest.mark.parametrize(("version", "target"), [("4", "127.0.0.1"), ("6", "::1")])
async def test_icmp(version: str, target: str, peer: Blackbox) -> None:
    """This machine answers both, with as many hops left."""
    outcome = await IcmpProber(dialler()).probe(attempt(target, Icmp(), PLENTY))
    if outcome.reason is Reason.NOT_PERMITTED:
        pytest.skip("needs CAP_NET_RAW or a group within net.ipv4.ping_group_range")
    metrics = await judged(peer, f"icmp_{version}", target)
    assert_same_verdict(outcome, metrics)
    if outcome.ok:
        assert outcome.facts["reply_hop_limit"] == metrics["probe_icmp_reply_hop_limit"]
        assert metrics['probe_icmp_duration_seconds{phase="rtt"}'] > 0
        assert dict(outcome.phases)[Phase.PROCESSING] > 0
