"""Texts that are no queries, or hardly: soups of tokens, queries that lost, gained or doubled some of their letters, bytes."""

import random
from collections.abc import Iterator
from typing import Final

from tests.conformance.expressions import Expressions

_TOKENS: Final = """
    sum avg topk count_values by without on ignoring group_left group_right bool and or unless atan2 offset start end rate abs
    histogram_quantile label_replace requests_total a:b {host="a"} {host=~".+"} {host!~"("} host="a" le
    5m 1h30m 7s 0s 1e3 0x1f .5 5. 1e400 Inf NaN -0 "text" 'it' `raw` "\\x41" "\\q"
    ( ) ( ) [ ] { } , , : :: = == != =~ !~ > < >= <= + - * / % ^ @ # $ ; ! ~ ? & | \\
    ( ) [5m] [5m:] [5m:1m] [1h:] [:5m] @start() @end() @1.7e9 {} () [] __name__ {__name__="x"} time() pi() vector(1)
"""
_LETTERS: Final = (
    "abcxyz_:019 \t\n\r\\\"'`(){}[],=!~<>+-*/%^@#.$;&|?"
    "\x00\x01\x07\x1b\x7f\x85\xa0\xad"
    "äßÑ日本\u200b\u2028\ufeff\ufffd\U0001f600\U0010ffff"
)


def garbage(count: int, seed: int) -> Iterator[bytes]:
    """So many of them, as the bytes that a client sends."""
    rng, source = random.Random(seed), Expressions(seed)
    tokens = _TOKENS.split()
    for number in range(count):
        kind = number % 5
        if kind == 0:
            yield rng.choice(("", " ")).join(rng.choices(tokens, k=rng.randrange(1, 9))).encode()
            continue
        valid = str(source.vector(rng.randrange(3)))
        if kind == 1:
            yield valid[: rng.randrange(len(valid))].encode()
        elif kind == 2:
            yield _mutated(valid, rng).encode()
        elif kind == 3:
            place = rng.randrange(len(valid) + 1)
            yield (valid[:place] + f" {rng.choice(tokens)} " + valid[place:]).encode()
        else:
            yield _damaged(valid.encode(), rng)


def _mutated(text: str, rng: random.Random) -> str:
    """With some letters left out, doubled, put elsewhere or replaced."""
    letters = list(text)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(letters))
        match rng.randrange(4):
            case 0:
                del letters[place : place + rng.randrange(1, 4)]
                letters = letters or ["("]
            case 1:
                letters.insert(place, letters[place])
            case 2:
                letters.insert(rng.randrange(len(letters)), letters.pop(place))
            case _:
                letters[place] = rng.choice(_LETTERS)
    return "".join(letters)


def _damaged(data: bytes, rng: random.Random) -> bytes:
    """With some bytes replaced by any others, which need not be UTF-8."""
    found = bytearray(data)
    for _ in range(rng.randrange(1, 3)):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)
