"""The time of servers, told by fakes whose clocks are wrong by a known amount."""

import struct
from collections.abc import Callable

import pytest
from tests.adapters.probers.peers import SHORT, attempt, datagrams, dialler

from sightline.adapters.outbound.probers.ntp import NtpProber
from sightline.domain.probes.options import Ntp
from sightline.domain.probes.outcome import Outcome, Phase, Reason

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
LAST_OF_ERA = 2**32 - 2_208_988_800


def stamp(seconds: float) -> int:
    """A time of 1970 as the protocol writes it."""
    return int((seconds + 2_208_988_800) * 2**32) & (2**64 - 1)


def server(
    clock: float = NOW, *, stratum: int = 2, leap: int = 0, reference: bytes = b"GPS\0"
) -> Callable[[bytes], list[bytes]]:
    """One with this time."""

    def answer(asked: bytes) -> list[bytes]:
        assert asked[0] == 0x23, "version 4, a client"
        head = struct.pack(
            "!BBbbII4sQ", leap << 6 | 4 << 3 | 4, stratum, 6, -20, 0x8000, 0x4000, reference, stamp(clock - 9)
        )
        return [head + asked[40:48] + struct.pack("!QQ", stamp(clock), stamp(clock))]

    return answer


async def probed(answer: Callable[[bytes], list[bytes]], *, wall: float = NOW, seconds: float = 20.0) -> Outcome:
    """What is seen by somebody with this time."""
    async with datagrams(answer) as found:
        prober = NtpProber(dialler(), wall=lambda: wall)
        return await prober.probe(attempt(f"127.0.0.1:{found.port}", Ntp(), seconds))


async def test_a_clock_is_compared_with_ours() -> None:
    """Offset, stratum and what else a server tells of itself."""
    outcome = await probed(server(NOW + 42.5))
    assert (outcome.reason, outcome.version) == (Reason.OK, "4")
    took = dict(outcome.phases)[Phase.PROCESSING]
    assert outcome.facts["offset"] == pytest.approx(42.5 - took / 2, abs=1e-5)
    assert outcome.facts["delay"] == pytest.approx(took, abs=1e-6)
    assert outcome.facts["stratum"] == 2
    assert outcome.facts["root_delay"] == 0.5
    assert outcome.facts["root_dispersion"] == 0.25


async def test_the_protocol_begins_anew_in_2036() -> None:
    """A server whose clock has begun anew is compared all the same."""
    outcome = await probed(server(LAST_OF_ERA + 10), wall=LAST_OF_ERA - 10)
    offset = outcome.facts["offset"]
    assert isinstance(offset, float)
    assert offset == pytest.approx(20, abs=1)


@pytest.mark.parametrize(
    ("code", "text"), [(b"RATE", "too often"), (b"DENY", "not allowed"), (b"XXXX", "kiss of death")]
)
async def test_a_kiss_of_death_is_told(code: bytes, text: str) -> None:
    """Stratum 0 says that we are not wanted, and why."""
    outcome = await probed(server(stratum=0, reference=code))
    assert outcome.reason is Reason.NOT_SERVING
    assert code.decode() in outcome.message
    assert text in outcome.message


async def test_a_clock_that_is_not_synchronised_is_told() -> None:
    """By its alarm, or by its stratum."""
    for answer in (server(leap=3), server(stratum=16)):
        outcome = await probed(answer)
        assert outcome.reason is Reason.NOT_SERVING
        assert "not synchronised" in outcome.message


async def test_answers_that_are_not_to_our_question_do_not_count() -> None:
    """Too short, from a client, or with another cookie: whoever sends that has not seen our question."""

    def forged(asked: bytes) -> list[bytes]:
        (right,) = server(NOW + 1)(asked)
        return [b"", b"\x24", right[:24] + bytes(8) + right[32:], b"\x23" + right[1:], right]

    outcome = await probed(forged)
    assert outcome.reason is Reason.OK
    assert outcome.facts["offset"] == pytest.approx(1, abs=0.5)


async def test_a_silent_server_has_timed_out() -> None:
    """Nothing comes."""
    assert (await probed(lambda _: [], seconds=SHORT)).reason is Reason.TIMED_OUT


async def test_nobody_listening_is_told() -> None:
    """The machine there says so."""
    async with datagrams(lambda _: []) as found:
        port = found.port
    outcome = await NtpProber(dialler()).probe(attempt(f"127.0.0.1:{port}", Ntp()))
    assert outcome.reason is Reason.REFUSED
