"""Bodies that were good once: cut, spliced, with bytes flipped, doubled, lost or put in."""

import random
from collections.abc import Iterator, Sequence
from typing import Final

_PIECES: Final = (
    b"\x00",
    b"\xff" * 4,
    b"\xff" * 9 + b"\x01",  # the longest varint
    b"\x80" * 11,  # one that does not end
    b"\x7f\xff\xff\xff\x0f",
    b"\x00" * 8,
    b"\x02\x00\x00\x00\x00\x00\xf0\x7f",  # the stale marker
    b"\x65\x76\x69\x74\x61\x6e\xf8\x7f",  # the mark of native histograms
    b"\n",
    b'"',
    b"\\",
    b",",
    b"=",
    b"{",
    b"}",
    b" ",
    b"NaN",
    b"-1e999",
    b"9" * 40,
    b"\xc3\x28",  # no UTF-8
    "ü\u2028😀".encode(),
)


def mutated(bodies: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many of them, the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(count):
        body = rng.choice(bodies)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            body = _changed(body, bodies, rng)
        yield body


def _changed(body: bytes, bodies: Sequence[bytes], rng: random.Random) -> bytes:
    """With one change."""
    first, last = sorted((rng.randrange(len(body) + 1), rng.randrange(len(body) + 1)))
    near = min(len(body), first + rng.randrange(1, 9))
    other, piece = rng.choice(bodies), rng.choice(_PIECES)
    flipped = bytes([byte ^ rng.randrange(1, 256) for byte in body[first : first + 1]])
    changes = (
        body[:last],
        body[:first] + flipped + body[first + 1 :],
        body[:first] + body[near:],
        body[:near] + body[first:near] * rng.choice((1, 2, 50)) + body[near:],
        body[:first] + piece + body[first:],
        body[:first] + piece + body[first + len(piece) :],
        body[:first] + other[rng.randrange(len(other) + 1) :],
        body[:first] + rng.randbytes(rng.randrange(1, 6)) + body[near:],
    )
    return rng.choice(changes)
