"""Graphite's lines: what each brings, alone and beside others."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from tests.adapters.http.mutations import mutated

from sightline.adapters.wire.dotted_names import DottedNames, MappingMalformed
from sightline.adapters.wire.graphite import GraphiteBlock, GraphiteDecoder, Reason
from sightline.domain.labels import Labels
from sightline.domain.metrics.roster import Roster
from sightline.domain.timerange import MAX_TIME

NOW = 1_763_700_000_123
BLOCK = b"servers.web-1.cpu.user 1.5 1763700000\ndisk.used;host=a;path=/var 7e9 1763700000\nx 1 -1\r\ny 2 N\nz 3\n"

WORDS = st.sampled_from([
    *[b"a.b", b"a_b", b"1a", b"a;x=1", b"a;x=1;x=2", b"a;x", b"a;=1", b";x=1", b"a;__name__=b", b"a;x=", b"\xff", b"d.\xc3\xa4"],
    *[b"1", b"-1", b"N", b"nan", b"inf", b"-Inf", b"1e3", b"1_0", b"0x1p3", b"1763700000", b"1763700000.25", b"1e300", b"9" * 30],
])  # fmt: skip
LINES = st.lists(WORDS, max_size=4).map(b" ".join)


def decode(block: bytes, *mappings: str) -> GraphiteBlock:
    """By a decoder that has seen nothing."""
    return GraphiteDecoder(DottedNames(mappings)).decode(block, NOW, Roster())


def samples(found: GraphiteBlock) -> list[tuple[Labels, int, float]]:
    """Labels, time and value of each sample."""
    batch = found.batch
    assert len(set(batch.labels)) == len(batch.labels)
    rows = zip(batch.series.tolist(), batch.times.tolist(), batch.values.tolist(), strict=True)
    return [(batch.labels[series], time, value) for series, time, value in rows]


def number(text: bytes) -> float:
    """A number as Go writes it, else NaN."""
    try:
        return float.fromhex(text.decode()) if text.startswith(b"0x") else float(text.replace(b"_", b"x"))
    except ValueError:
        return math.nan


def by_hand(line: bytes) -> tuple[Labels, int, float] | Reason:
    """What one line that is not empty brings, read with patience."""
    words = line.split()
    value = number(words[1]) if len(words) in {2, 3} else 0.0
    now = len(words) != 3 or words[2] in {b"N", b"-1"}
    seconds = 0.0 if now else number(words[2])
    try:
        name, *tags = words[0].decode().split(";")
    except UnicodeDecodeError:
        name, tags = "", []
    pairs = [tag.split("=", 1) for tag in tags]
    wrong = {
        Reason.FIELDS: len(words) not in {2, 3},
        Reason.VALUE: math.isnan(value),
        Reason.TIME: not abs(seconds) * 1000 <= MAX_TIME,
        Reason.PATH: not name or any(len(pair) != 2 or not pair[0] for pair in pairs),
    }
    if any(wrong.values()):
        return next(reason for reason, holds in wrong.items() if holds)
    name = "".join(letter if (letter.isascii() and letter.isalnum()) or letter in "_:" else "_" for letter in name)
    labels = {f"tag{tag}" if tag == "__name__" else tag: value for tag, value in pairs}
    found = Labels.of({**labels, "__name__": f"_{name}" if name[0].isdigit() else name})
    return found, NOW if now else round(seconds * 1000), value


@given(st.lists(LINES, max_size=12))
def test_each_line_counts_for_itself(lines: list[bytes]) -> None:
    """A block brings what its lines bring, in order; what brings nothing is counted by its reason, and the first shown."""
    read = [(line, by_hand(line)) for line in lines if line.split()]
    found = decode(b"\n".join(lines))
    assert samples(found) == [one for _, one in read if isinstance(one, tuple)]
    wrong = [(line, one) for line, one in read if isinstance(one, Reason)]
    assert dict(found.left_out) == {reason: sum(one is reason for _, one in wrong) for _, reason in wrong}
    assert found.example == (b" ".join(wrong[0][0].split()) if wrong else b"")


def test_a_block_becomes_columns() -> None:
    """Tags are labels, dots become underscores, and a missing time, -1 or N is now."""
    assert samples(decode(BLOCK)) == [
        (Labels.of(__name__="servers_web_1_cpu_user"), 1_763_700_000_000, 1.5),
        (Labels.of(__name__="disk_used", host="a", path="/var"), 1_763_700_000_000, 7e9),
        (Labels.of(__name__="x"), NOW, 1),
        (Labels.of(__name__="y"), NOW, 2),
        (Labels.of(__name__="z"), NOW, 3),
    ]


def test_mappings_give_names_and_labels() -> None:
    """The first mapping that fits names a series, whose labels go before tags; one to nothing leaves out."""
    mappings = (
        'servers.*.cpu.* -> cpu_$2_percent{host="$1",mode="${2}"}',
        "servers.*.secret -> -",
        "servers.* -> server_$1",
    )
    found = decode(
        b"servers.a.cpu.user;host=x;dc=1 1 5\nservers.a.secret 1 5\nservers.b 2 5\nservers.b.c 3 5\n", *mappings
    )
    assert [(str(labels), value) for labels, _, value in samples(found)] == [
        ('cpu_user_percent{dc="1",host="a",mode="user"}', 1),
        ("server_b", 2),
        ("servers_b_c", 3),
    ]
    assert (found.left_out, found.example) == ({Reason.MAPPED: 1}, b"")


@pytest.mark.parametrize(
    "mapping",
    [
        "",
        "a",
        "a ->",
        "-> b",
        "a.* -> b{",
        "a.* -> b{x=$1}",
        'a -> b{x="$1"}',
        "a.* -> $2",
        'a -> b{1x="y"}',
        'a -> {x="y"}',
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(mapping: str) -> None:
    """The message quotes it."""
    with pytest.raises(MappingMalformed) as refused:
        DottedNames([mapping])
    assert repr(mapping) in str(refused.value)


def test_another_roster_is_learnt_anew() -> None:
    """Where the known series are forgotten, numbers mean what they mean in the new roster."""
    decoder = GraphiteDecoder(DottedNames())
    for block in (b"a 1 5\nb 2 5\n", b"b 3 5\n", b"a 4 5\n"):
        found = decoder.decode(block, NOW, Roster())
        assert [str(labels) for labels, _, _ in samples(found)] == [line[:1].decode() for line in block.splitlines()]


def test_paths_that_nobody_sends_any_more_are_forgotten() -> None:
    """What is remembered stays within its bound, and nothing that is read changes by it."""
    decoder, roster = GraphiteDecoder(DottedNames(), max_cached_bytes=10_000), Roster()
    for number in range(200):
        block = b"".join(b"path%d 1 5\n" % (number + more) for more in range(20))
        assert len(samples(decoder.decode(block, NOW, roster))) == 20
        assert len(decoder._known) < 80


@pytest.mark.parametrize(
    ("count", "seed"), [(2_000, 7), pytest.param(100_000, 70, marks=[pytest.mark.nightly, pytest.mark.timeout(1200)])]
)
def test_any_block_is_read_or_counted(count: int, seed: int) -> None:
    """Of a mutated block every line is a sample, empty, or counted."""
    decoder, roster = GraphiteDecoder(DottedNames(['*.*.cpu.* -> cpu{host="$2"}'])), Roster()
    for block in mutated([BLOCK, b"a.b.cpu.c 1 1\n" * 20], count, seed):
        found = decoder.decode(block, NOW, roster)
        lines = sum(bool(line.split()) for line in block.split(b"\n"))
        assert len(found.batch) + sum(found.left_out.values()) == lines
        assert not np.isnan(found.batch.values).any()
