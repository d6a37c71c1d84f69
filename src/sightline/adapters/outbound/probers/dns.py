"""A question to a resolver, and its answers."""

import asyncio
import itertools
from collections.abc import Sequence
from time import monotonic
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.reversename
from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import Failure, failure_of, quoted
from sightline.adapters.network.link import Ended
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.adapters.network.talks.target import Target, parse_target
from sightline.domain.probes.options import Dns
from sightline.domain.probes.outcome import Outcome, Phase, Reason
from sightline.ports.prober import Attempt, Prober

PORT: Final = 53
PAYLOAD: Final = 1232
"""Bytes of an answer over UDP that no network breaks into pieces (DNS flag day 2020)."""
MAX_DATAGRAM: Final = 65_535
MAX_ANSWERS: Final = 1_000
_FORMATTED_ANEW: Final = frozenset({dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS})
_CASE_COUNTS: Final = frozenset({dns.rdatatype.TXT, dns.rdatatype.SPF})

_MEANINGS: Final = {
    "NXDOMAIN": "there is no such name",
    "SERVFAIL": "it could not find out",
    "REFUSED": "it does not want to answer us",
}


class DnsProber(Prober):
    """Body: the answers, one a line. Version: `udp` or `tcp`.

    Facts: `answers`, of the type that is asked for, as texts; `rcode`, as a word; `answer_rrs`, `authority_rrs`, `additional_rrs`:
    how many records there are; `ttl`: the smallest of the answers, in seconds; `serial`: of SOA records; `authoritative`,
    `authenticated`: flags of the answer, 1 or 0.
    """

    kinds = frozenset({"dns"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Dns, self._dialler, _talk)


async def _talk(exchange: Exchange[Dns]) -> None:
    options = exchange.options
    try:
        kind = dns.rdatatype.from_text(options.record_type)
    except (dns.exception.DNSException, ValueError):
        raise Failure(Reason.BAD_TARGET, f"{quoted(options.record_type)!r} is no type of DNS records") from None
    name = _name(exchange.url, kind)
    accepted = {one.upper() for one in options.accepted_rcodes}
    answer = await _ask(exchange, name, kind)
    found = _answers(answer, kind)
    rcode = dns.rcode.to_text(answer.rcode())
    exchange.facts |= _counts(answer) | {"answers": found, "rcode": rcode}
    exchange.body = "\n".join(found).encode()
    if rcode not in accepted:
        meaning = f": {_MEANINGS[rcode]}" if rcode in _MEANINGS else ""
        raise exchange.refuse(Reason.DNS_FAILED, f"answers {rcode} to {_question(name, kind)}{meaning}")
    known = {_comparable(one, kind) for one in found}
    missing = [one for one in options.expected if _comparable(one, kind) not in known]
    if missing:
        said = quoted(", ".join(found)) or "nothing"
        raise exchange.refuse(
            Reason.UNEXPECTED, f"answers {said} to {_question(name, kind)}; missing: {quoted(', '.join(missing))}"
        )


def _name(url: str, kind: dns.rdatatype.RdataType) -> dns.name.Name:
    """What is asked for; where it is PTR of an address, its name in the reverse zone."""
    text = url.strip().removeprefix("dns:").strip("/")
    if not text or not text.isprintable() or any(one in text for one in "/@ "):
        raise Failure(Reason.BAD_TARGET, "what is asked for must be a name or, for PTR, an address, and nothing else")
    try:
        if kind == dns.rdatatype.PTR:
            try:
                return dns.reversename.from_address(text)
            except (dns.exception.DNSException, ValueError):
                pass
        return dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise Failure(Reason.BAD_TARGET, f"{quoted(text)!r} is no name that can be asked for: {error}") from None


async def _addresses(exchange: Exchange[Dns], server: Target) -> tuple[str, ...]:
    """The machine's own servers are in numbers, and no matter of the guard's."""
    return await exchange.addresses(server.host) if exchange.options.resolver else (server.host,)


def _servers(exchange: Exchange[Dns]) -> list[Target]:
    if exchange.options.resolver:
        return [parse_target(exchange.options.resolver, ("dns",))]
    return [Target(host, port) for host, port in exchange.dialler.name_servers]


async def _ask(exchange: Exchange[Dns], name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.message.Message:
    """Ask the resolver, or of the machine's own one after the other until one answers."""
    servers = _servers(exchange)
    for number, server in enumerate(servers):
        exchange.where = server.where(server.port or PORT)
        # The time that is left is shared by those that were not asked yet.
        seconds = exchange.left / (len(servers) - number)
        try:
            async with asyncio.timeout(seconds):
                return await _answer(exchange, server, name, kind)
        except TimeoutError:
            # Of one alone the whole timeout is told, of which finding its address took a part.
            given = exchange.timeout if len(servers) == 1 else seconds
            failure = exchange.refuse(
                Reason.TIMED_OUT,
                f"gives no answer to {_question(name, kind)} within {given:.3g} s: is a name server there?",
            )
        except Failure as other:
            failure = other
        except (OSError, Ended) as error:
            failure = (
                failure_of(error, exchange.where)
                if isinstance(error, OSError)
                else exchange.refuse(Reason.RESET, "closed the connection without an answer")
            )
        except (dns.exception.DNSException, ValueError) as error:
            failure = exchange.refuse(Reason.PROTOCOL, f"does not answer as a name server: {type(error).__name__}")
        if number == len(servers) - 1:
            raise failure
    raise Failure(Reason.DNS_FAILED, "this machine has no name server: see /etc/resolv.conf, or set resolver")


async def _answer(
    exchange: Exchange[Dns], server: Target, name: dns.name.Name, kind: dns.rdatatype.RdataType
) -> dns.message.Message:
    """The answer of one server: without EDNS where it does not know that, over TCP where it has more to say."""
    exchange.awaiting = f"an answer to {_question(name, kind)}"
    query = dns.message.make_query(name, kind, use_edns=0, payload=PAYLOAD)
    if not exchange.options.recursion:
        query.flags &= ~dns.flags.RD
    answer = await _exchanged(exchange, server, query)
    if answer.rcode() in _FORMATTED_ANEW:
        query.use_edns(edns=False)
        answer = await _exchanged(exchange, server, query)
    return answer


async def _exchanged(exchange: Exchange[Dns], server: Target, query: dns.message.Message) -> dns.message.Message:
    if exchange.options.transport == "udp":
        answer = await _over_udp(exchange, server, query)
        if not answer.flags & dns.flags.TC:
            return answer
    return await _over_tcp(exchange, server, query)


async def _over_udp(exchange: Exchange[Dns], server: Target, query: dns.message.Message) -> dns.message.Message:
    exchange.version = "udp"
    loop, addresses = asyncio.get_running_loop(), await _addresses(exchange, server)
    with exchange.dialler.datagrams(addresses, server.port or PORT, exchange.where) as (sock, exchange.address):
        begun = monotonic()
        await loop.sock_sendall(sock, query.to_wire())
        while True:
            data = await loop.sock_recv(sock, MAX_DATAGRAM)
            exchange.size = len(data)
            # What has another id is the answer to another question, or somebody's attempt to guess ours.
            if data[:2] == query.id.to_bytes(2, "big"):
                break
            exchange.awaiting = "an answer to our question; what came is none"
            await asyncio.sleep(0)
        exchange.phases[Phase.PROCESSING] = monotonic() - begun
    return _read(data, query)


async def _over_tcp(exchange: Exchange[Dns], server: Target, query: dns.message.Message) -> dns.message.Message:
    exchange.version = "tcp"
    link = await exchange.connect(server, PORT, await _addresses(exchange, server))
    data = query.to_wire()
    await link.send(len(data).to_bytes(2, "big") + data)
    size = int.from_bytes(await link.exactly(2), "big")
    return _read(await link.exactly(size), query)


def _read(data: bytes, query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.from_wire(data, ignore_trailing=True)
    if not query.is_response(answer):
        raise dns.exception.FormError
    return answer


def _answers(answer: dns.message.Message, kind: dns.rdatatype.RdataType) -> tuple[str, ...]:
    """The records of the type, all of them for ANY, sorted: servers turn them around from answer to answer."""
    wanted = (group for group in answer.answer if kind in {group.rdtype, dns.rdatatype.ANY})
    records = itertools.chain.from_iterable(wanted)
    return tuple(sorted(_text(record) for record in itertools.islice(records, MAX_ANSWERS)))


def _text(record: dns.rdata.Rdata) -> str:
    """A record as people write it: TXT without quotes and in one piece, all others as in a zone."""
    if record.rdtype in _CASE_COUNTS:
        pieces: Sequence[bytes] = getattr(record, "strings", ())
        return b"".join(pieces).decode(errors="replace")
    return record.to_text()


def _comparable(text: str, kind: dns.rdatatype.RdataType) -> str:
    if kind in _CASE_COUNTS:
        return text.strip().strip('"')
    return " ".join(word.rstrip(".") or "." for word in text.lower().split())


def _counts(answer: dns.message.Message) -> dict[str, float]:
    found = {
        "answer_rrs": float(sum(len(group) for group in answer.answer)),
        "authority_rrs": float(sum(len(group) for group in answer.authority)),
        "additional_rrs": float(sum(len(group) for group in answer.additional)),
        "authoritative": float(bool(answer.flags & dns.flags.AA)),
        "authenticated": float(bool(answer.flags & dns.flags.AD)),
    }
    if answer.answer:
        found["ttl"] = float(min(group.ttl for group in answer.answer))
    serials = [record.serial for group in answer.answer if group.rdtype == dns.rdatatype.SOA for record in group]
    if serials:
        found["serial"] = float(serials[0])
    return found


def _question(name: dns.name.Name, kind: dns.rdatatype.RdataType) -> str:
    return f"{name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(kind)}"
