"""StatsD's lines: what each brings, in every way of writing it."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from tests.adapters.http.mutations import mutated

from sightline.adapters.wire.dotted_names import DottedNames
from sightline.adapters.wire.statsd import Reason, StatsdBlock, StatsdDecoder
from sightline.domain.statsd.measured import Kind

C, G, T, S = Kind.COUNTER, Kind.GAUGE, Kind.TIMER, Kind.SET
Value = tuple[Kind, str, float, float | str]

NAMES = st.sampled_from(
    [b"a", b"a.b-c", b"1a", b"a,x=1", b"a#x=1,y=2", b"a[x=1].b", b"\xff", b"", b"_e{1,1}", b"_sc|x"]
)
NUMBERS = st.sampled_from([b"1", b"+2", b"-3", b"0.5", b"1e3", b"nan", b"inf", b"x", b"", b"1_0"])
TYPES = st.sampled_from([b"c", b"g", b"ms", b"h", b"d", b"s", b"x", b""])
MORE = st.sampled_from(
    [b"", b"|@0.1", b"|@0", b"|@2", b"|@x", b"|#x:1", b"|#x:1,y", b"|@0.5|#x:1", b"|zz", b"|#x:1|c:ab"]
)
LINES = st.builds(lambda *parts: parts, NAMES, NUMBERS, TYPES, MORE)


def decode(block: bytes, *mappings: str) -> StatsdBlock:
    """By a decoder that has seen nothing."""
    return StatsdDecoder(DottedNames(mappings)).decode(block)


def values(found: StatsdBlock) -> list[Value]:
    """Kind, series, weight, and value or member, of each value."""
    measured, members = found.measured, iter(found.measured.members)
    assert len(measured.which) == len(measured.values) == len(measured.signed)
    rows = [
        (measured.heads[which], value) for which, value in zip(measured.which.tolist(), measured.values, strict=True)
    ]
    shown = [
        (head.kind, str(head.labels), head.weight, next(members).decode() if head.kind is S else float(value))
        for head, value in rows
    ]
    assert not list(members)
    return shown


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"web.requests:1|c", [(C, "web_requests", 1, 1)]),
        (b"a:1|c|@0.1", [(C, "a", 10, 1)]),
        (b"a:1.5|g", [(G, "a", 1, 1.5)]),
        (b"a:-2|g", [(G, "a", 1, -2)]),
        (b"a:320|ms|@0.5", [(T, "a", 2, 0.32)]),
        (b"a:3|h", [(T, "a", 1, 3)]),
        (b"a:3|d", [(T, "a", 1, 3)]),
        (b"a:user 1|s", [(S, "a", 1, "user 1")]),
        (b"a:1|c|#env:prod,team:a=b,flag", [(C, 'a{env="prod",team="a=b"}', 1, 1)]),
        (b"a:1|c|@0.5|#env:prod|c:ab12|T1763700000", [(C, 'a{env="prod"}', 2, 1)]),
        (b"a,env=prod,dc=1:1|c", [(C, 'a{dc="1",env="prod"}', 1, 1)]),
        (b"a#env=prod:1|g|@0.5", [(G, 'a{env="prod"}', 1, 1)]),
        (b"a[env=prod,dc=1].b:1|c", [(C, 'a_b{dc="1",env="prod"}', 1, 1)]),
        (b"a:1:2:3|ms|#x:1", [(T, 'a{x="1"}', 1, value / 1000) for value in (1, 2, 3)]),
        (b"a:1|c:2|c|@0.5:3|c", [(C, "a", 1, 1), (C, "a", 2, 2), (C, "a", 1, 3)]),
        (b"a.b:1|c\nc:2|g\r\n\n", [(C, "a_b", 1, 1), (G, "c", 1, 2)]),
    ],
)
def test_every_way_of_writing_is_read(line: bytes, expected: list[Value]) -> None:
    """As StatsD has it, and with the tags of DogStatsD, InfluxDB, Librato and SignalFx."""
    found = decode(line)
    assert (values(found), dict(found.left_out)) == (expected, {})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        *[(line, Reason.LINE) for line in (b"a", b"a:1", b"a|c", b":1|c", b"a:1|", b"a:1|c|zz")],
        *[(line, Reason.TYPE) for line in (b"a:1|x", b"a:1|cc")],
        *[(line, Reason.RATE) for line in (b"a:1|c|@0", b"a:1|c|@1.5", b"a:1|c|@-1", b"a:1|c|@x", b"a:1|c|@nan")],
        *[
            (line, Reason.VALUE)
            for line in (b"a:|c", b"a:x|g", b"a:nan|g", b"a:inf|ms", b"a:-1|c", b"a:1_0|c", b"a:1e999|g")
        ],
        *[(line, Reason.NAME) for line in (b"\xff:1|c", b",x=1:1|c", b"a:1|c|#x:\xff")],
        *[(line, Reason.EVENT) for line in (b"_e{5,4}:title|text|t:x", b"_sc|web|0|#a:b")],
        (b"secret.a:1|c", Reason.MAPPED),
    ],
)
def test_what_is_wrong_is_counted_by_its_reason(line: bytes, reason: Reason) -> None:
    """It brings nothing, costs no other line, and is shown unless it is left out on purpose."""
    found = decode(b"ok:1|c\n" + line + b"\nok:2|c", "secret.* -> -")
    assert values(found) == [(C, "ok", 1, 1), (C, "ok", 1, 2)]
    assert found.left_out == {reason: 1}
    assert found.example == (b"" if reason in {Reason.EVENT, Reason.MAPPED} else line)


@given(st.lists(LINES, max_size=10))
def test_each_line_counts_for_itself(lines: list[tuple[bytes, bytes, bytes, bytes]]) -> None:
    """A block brings what its lines bring alone, in order, by a decoder that remembers and by ones that do not."""
    texts = [name + b":" + value + b"|" + kind + more for name, value, kind, more in lines]
    decoder = StatsdDecoder(DottedNames())
    for _ in range(2):
        found = decoder.decode(b"\n".join(texts))
        alone = [decode(text) for text in texts]
        assert values(found) == [value for one in alone for value in values(one)]
        assert sum(found.left_out.values()) == sum(sum(one.left_out.values()) for one in alone)
        assert found.example == next((one.example for one in alone if one.example), b"")


def test_mappings_give_names_and_labels() -> None:
    """As for Graphite; labels of the mapping go before tags."""
    found = decode(b"api.users.time:20|ms|#route:x,dc:1", 'api.*.time -> api_seconds{route="$1"}')
    assert values(found) == [(T, 'api_seconds{dc="1",route="users"}', 1, 0.02)]


def test_names_that_nobody_sends_any_more_are_forgotten() -> None:
    """What is remembered stays within its bound, and nothing that is read changes by it."""
    decoder = StatsdDecoder(DottedNames(), max_cached_bytes=10_000)
    for number in range(200):
        block = b"".join(b"name%d:%d|c\n" % (number + more, more) for more in range(20))
        expected = [(C, f"name{number + more}", 1, more) for more in range(20)]
        assert values(decoder.decode(block)) == expected
        assert len(decoder._known) < 40


@pytest.mark.parametrize(
    ("count", "seed"), [(2_000, 8), pytest.param(100_000, 80, marks=[pytest.mark.nightly, pytest.mark.timeout(1200)])]
)
def test_any_packet_is_read_or_counted(count: int, seed: int) -> None:
    """Of a mutated packet every line that is not empty brings a finite value or is counted."""
    decoder = StatsdDecoder(DottedNames(['*.*.time -> time{of="$2"}']))
    packets = [
        b"a.b:1|c|@0.1|#x:1,y:2\nc:+3|g\nd,x=1:320|ms",
        b"u:42|s\na:1:2:3|d|#x:1|c:ab\n",
        b"a:1|c:2|g:3|ms\n_sc|a|0",
    ]
    for packet in mutated(packets, count, seed):
        found = decoder.decode(packet)
        lines = sum(bool(line.strip()) for line in packet.split(b"\n"))
        assert len(values_or_bytes(found)) + sum(found.left_out.values()) >= lines
        assert np.isfinite(found.measured.values).all()


def values_or_bytes(found: StatsdBlock) -> list[float]:
    """The values, of sets too, whose members may be any bytes."""
    assert len(found.measured.members) == sum(found.measured.heads[which].kind is S for which in found.measured.which)
    return list(found.measured.values)
