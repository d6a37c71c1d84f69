"""Questions to resolvers: local ones, made with dnspython, good and bad."""

from collections.abc import Callable, Sequence

import dns.flags
import dns.message
import dns.rrset
import pytest
from tests.adapters.probers.name_server import Zone, name_server
from tests.adapters.probers.peers import SHORT, KnownNames, attempt, datagrams, dialler, script, serving

from sightline.adapters.network.resolver_files import ResolverFiles
from sightline.adapters.outbound.probers.dns import DnsProber
from sightline.domain.probes.options import Dns
from sightline.domain.probes.outcome import Outcome, Phase, Reason

pytestmark = pytest.mark.anyio

ZONE: Zone = {
    "shop.test": {
        "A": ("192.0.2.1", "192.0.2.2"),
        "AAAA": ("2001:db8::1",),
        "MX": ("10 Mail.shop.test.", "20 spare.shop.test."),
        "TXT": ('"v=spf1 -all"', '"two " "parts"'),
        "SOA": ("ns.shop.test. host.shop.test. 2026112201 7200 900 1209600 300",),
        "CAA": ('0 issue "letsencrypt.org"',),
        "SRV": ("0 5 443 a.shop.test.",),
    },
    "www.shop.test": {"CNAME": ("shop.test",)},
    "1.2.0.192.in-addr.arpa": {"PTR": ("shop.test.",)},
}


async def probed(
    name: str,
    options: Dns,
    port: int,
    *,
    seconds: float = 20.0,
    files: ResolverFiles | None = None,
    host: str = "127.0.0.1",
) -> Outcome:
    """What is seen of a resolver."""
    told = Dns(
        record_type=options.record_type,
        resolver=f"{host}:{port}" if port else "",
        transport=options.transport,
        expected=options.expected,
        accepted_rcodes=options.accepted_rcodes,
        recursion=options.recursion,
    )
    return await DnsProber(dialler(files)).probe(attempt(name, told, seconds))


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("A", {"192.0.2.1", "192.0.2.2"}),
        ("AAAA", {"2001:db8::1"}),
        ("MX", {"10 Mail.shop.test.", "20 spare.shop.test."}),
        ("TXT", {"v=spf1 -all", "two parts"}),
        ("CAA", {'0 issue "letsencrypt.org"'}),
        ("SRV", {"0 5 443 a.shop.test."}),
        ("SOA", {"ns.shop.test. host.shop.test. 2026112201 7200 900 1209600 300"}),
    ],
)
async def test_records_of_all_types_are_told(kind: str, answers: set[str]) -> None:
    """As zone files write them; texts without quotes, in one piece."""
    async with name_server(ZONE) as server:
        outcome = await probed("shop.test", Dns(record_type=kind), server.port)
    assert (outcome.reason, outcome.version) == (Reason.OK, "udp"), outcome.message
    found = outcome.facts["answers"]
    assert isinstance(found, tuple)
    assert set(found) == answers
    assert outcome.facts["rcode"] == "NOERROR"
    assert outcome.facts["answer_rrs"] == len(answers)
    assert outcome.facts["ttl"] == 60
    assert outcome.facts.get("serial") == (2026112201 if kind == "SOA" else None)
    assert set(outcome.body.decode().splitlines()) == answers
    assert Phase.PROCESSING in dict(outcome.phases)


async def test_addresses_are_turned_around_for_ptr() -> None:
    """As people write them, or as the reverse zone has them."""
    async with name_server(ZONE) as server:
        for name in ("192.0.2.1", "1.2.0.192.in-addr.arpa"):
            outcome = await probed(name, Dns(record_type="PTR", expected=("shop.test",)), server.port)
            assert outcome.reason is Reason.OK, outcome.message


async def test_what_a_name_leads_to_counts() -> None:
    """Through a CNAME; records of the type that is asked for are the answers, all of them are counted."""
    async with name_server(ZONE) as server:
        outcome = await probed("www.shop.test", Dns(expected=("192.0.2.2",)), server.port)
    assert outcome.reason is Reason.OK
    assert outcome.facts["answers"] == ("192.0.2.1", "192.0.2.2")
    assert outcome.facts["answer_rrs"] == 3


@pytest.mark.parametrize(
    ("kind", "expected"), [("MX", "10 mail.shop.test"), ("TXT", '"two parts"'), ("AAAA", "2001:DB8::1")]
)
async def test_expected_answers_are_compared_as_people_write_them(kind: str, expected: str) -> None:
    """Without regard to case, a last dot, or quotes."""
    async with name_server(ZONE) as server:
        outcome = await probed("shop.test", Dns(record_type=kind, expected=(expected,)), server.port)
    assert outcome.reason is Reason.OK, outcome.message


async def test_a_missing_answer_is_told() -> None:
    """With what came instead."""
    async with name_server(ZONE) as server:
        outcome = await probed("shop.test", Dns(expected=("192.0.2.1", "192.0.2.9")), server.port)
    assert outcome.reason is Reason.UNEXPECTED
    assert outcome.message.endswith("answers 192.0.2.1, 192.0.2.2 to shop.test A; missing: 192.0.2.9")


async def test_a_code_that_is_not_accepted_is_told() -> None:
    """Unless it is what is wanted."""
    async with name_server(ZONE) as server:
        refused = await probed("nothing.test", Dns(), server.port)
        accepted = await probed("nothing.test", Dns(accepted_rcodes=("NXDOMAIN",)), server.port)
    assert refused.reason is Reason.DNS_FAILED
    assert "answers NXDOMAIN to nothing.test A: there is no such name" in refused.message
    assert accepted.reason is Reason.OK
    assert accepted.facts["rcode"] == "NXDOMAIN"


async def test_an_answer_that_is_cut_off_is_asked_for_over_tcp() -> None:
    """All of it comes then; and TCP may be asked for from the start."""
    async with name_server(ZONE, cut=frozenset({"shop.test"})) as server:
        cut = await probed("shop.test", Dns(), server.port)
        told = await probed("www.shop.test", Dns(transport="tcp"), server.port)
    assert (cut.reason, cut.version, cut.facts["answer_rrs"]) == (Reason.OK, "tcp", 2)
    assert (told.reason, told.version, told.facts["answer_rrs"]) == (Reason.OK, "tcp", 3)
    assert Phase.CONNECT in dict(told.phases)


async def test_a_server_from_before_edns_is_asked_in_its_own_way() -> None:
    """It does not read questions with more in them."""

    def old(asked: bytes) -> list[bytes]:
        question = dns.message.from_wire(asked)
        answer = dns.message.make_response(question)
        if question.edns >= 0:
            answer.use_edns(edns=False)
            answer.set_rcode(dns.rcode.FORMERR)
        return [answer.to_wire()]

    async with datagrams(old) as server:
        assert (await probed("shop.test", Dns(), server.port)).reason is Reason.OK
    assert len(server.asked) == 2


async def test_recursion_may_be_left_aside() -> None:
    """The flag is set unless told otherwise."""
    flags: list[int] = []

    def answer(asked: bytes) -> list[bytes]:
        question = dns.message.from_wire(asked)
        flags.append(question.flags & dns.flags.RD)
        return [dns.message.make_response(question).to_wire()]

    async with datagrams(answer) as server:
        for recursion in (True, False):
            await probed("shop.test", Dns(recursion=recursion), server.port)
    assert flags == [dns.flags.RD, 0]


async def test_the_machines_own_servers_are_asked_in_turn() -> None:
    """One after the other until one answers."""
    async with name_server(ZONE) as good, datagrams(lambda _: []) as dead:
        files = KnownNames(("127.0.0.1", dead.port), good.address)
        outcome = await probed("shop.test", Dns(), 0, seconds=0.5, files=files)
        assert outcome.reason is Reason.OK, outcome.message
    none = await probed("shop.test", Dns(), 0, files=KnownNames())
    assert none.reason is Reason.DNS_FAILED
    assert "/etc/resolv.conf" in none.message


async def test_a_resolver_may_be_a_name() -> None:
    """It is looked up like any other."""
    async with name_server(ZONE) as server:
        outcome = await probed("shop.test", Dns(), server.port, host="localhost")
    assert (outcome.reason, outcome.address) == (Reason.OK, "127.0.0.1")


def wrong_id(asked: bytes) -> list[bytes]:
    """An answer to something else."""
    answer = dns.message.make_response(dns.message.from_wire(asked))
    answer.id ^= 1
    return [answer.to_wire()]


def other_question(asked: bytes) -> list[bytes]:
    """An answer with the right number to another question."""
    other = dns.message.make_query("other.test", "A")
    other.id = dns.message.from_wire(asked).id
    return [dns.message.make_response(other).to_wire()]


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (lambda _: [], {Reason.TIMED_OUT}),
        (lambda _: [b"", b"\xff" * 600], {Reason.TIMED_OUT}),
        (wrong_id, {Reason.TIMED_OUT}),
        (lambda asked: [asked[:2] + b"\xff" * 40], {Reason.PROTOCOL}),
        (other_question, {Reason.PROTOCOL}),
        (lambda asked: [asked], {Reason.PROTOCOL}),
    ],
)
async def test_nonsense_is_told(answer: Callable[[bytes], Sequence[bytes]], reasons: set[Reason]) -> None:
    """What is no answer to our question is not taken for one."""
    async with datagrams(answer) as server:
        outcome = await probed("shop.test", Dns(), server.port, seconds=SHORT)
    assert outcome.reason in reasons
    assert outcome.message


async def test_nonsense_over_tcp_is_told() -> None:
    """A length and less than that, or none that can be read."""
    for said, reason in ((b"\0\x04abcd", Reason.PROTOCOL), (b"\xff\xffabc", Reason.TIMED_OUT)):
        async with serving(script(None, said)) as port:
            outcome = await probed("shop.test", Dns(transport="tcp"), port, seconds=SHORT)
        assert outcome.reason is reason


async def test_nobody_listening_is_told() -> None:
    """The machine there says so, over UDP too."""
    async with datagrams(lambda _: []) as server:
        port = server.port
    outcome = await probed("shop.test", Dns(), port)
    assert outcome.reason is Reason.REFUSED


async def test_what_cannot_be_asked_is_a_bad_target() -> None:
    """No type, no name, no resolver."""
    for name, options in (
        ("shop.test", Dns(record_type="NOTHING")),
        ("", Dns()),
        ("a..b", Dns()),
        ("x" * 70, Dns()),
        ("http://u:hush@shop.test/", Dns()),
    ):
        outcome = await probed(name, options, 1)
        assert outcome.reason is Reason.BAD_TARGET, name
        assert "hush" not in outcome.message
    assert (await probed("shop.test", Dns(), 99_999)).reason is Reason.BAD_TARGET
    assert (await probed("shop.test", Dns(), 53, host="169.254.169.254")).reason is Reason.ADDRESS_DENIED
