"""Where the arguments of calls and aggregations stand in the text; the parser package does not say."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from sightline.domain.promql.lexer import Kind, Token
from sightline.domain.promql.signatures import AGGREGATIONS, FUNCTIONS

Places = tuple[str, ...]
"""Line and column of each argument, such as `1:6`."""


def places(text: str, found: list[Token]) -> Iterator[Places]:
    """The places of the arguments of each call and aggregation of a query that parses, in order of their first words.

    That is the order in which a walk from the root, each node before what is below it and left before right, meets them.
    """
    starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]
    for positions in _positions(found):
        lines = [bisect_right(starts, position) for position in positions]
        yield tuple(f"{line}:{at - starts[line - 1] + 1}" for line, at in zip(lines, positions, strict=True))


def _positions(found: list[Token]) -> list[list[int]]:
    """The indexes at which the arguments begin, head by head."""
    heads: list[list[int]] = []
    brackets: list[list[int] | None] = []  # open ones: what takes the arguments between them, None for no arguments
    head: list[int] | None = None  # read, but its parenthesis is still to come
    in_grouping = False
    for token, following in pairwise(found):
        if _is_head(token, following):
            head = []
            heads.append(head)
        elif token.kind is Kind.IDENTIFIER:
            in_grouping = in_grouping or (head is not None and token.word in {"by", "without"})
        elif token.text in {"(", "[", "{"}:
            takes = token.text == "(" and head is not None and not in_grouping
            brackets.append(head if takes else None)
            if takes and head is not None:
                if following.text != ")":
                    head.append(following.position)
                head = None
            in_grouping = False
        elif token.text in {")", "]", "}"}:
            brackets.pop()
        elif token.text == "," and brackets and (taker := brackets[-1]) is not None:
            taker.append(following.position)
    return heads


def _is_head(token: Token, following: Token) -> bool:
    if token.kind is not Kind.IDENTIFIER:
        return False
    if token.word in AGGREGATIONS and following.word in {"(", "by", "without"}:
        return True
    return token.text in FUNCTIONS and following.text == "("
