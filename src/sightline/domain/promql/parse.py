"""Query text to nodes, within bounds; texts that were read before are not read again."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sightline.domain.errors import MalformedQuery
from sightline.domain.labels import Matchers
from sightline.domain.promql.durations import depends_on_grid, worked_out
from sightline.domain.promql.grammar import read
from sightline.domain.promql.lexer import depth, malformed, tokens
from sightline.domain.promql.nodes import Node, OfGrid, Selector


@dataclass(frozen=True, slots=True)
class TextLimits:
    """Bounds on the text of a query.

    length: characters. depth: operators in a chain, plus three for each bracket they stand in; more than the default has no effect,
    because what walks the tree recurses on Python's stack.
    """

    length: int = 256 * 1024
    depth: int = 300


DEFAULT_LIMITS: Final = TextLimits()
# Texts that are remembered: as many as there are rules, when they are short, and some long ones; a few megabytes each.
_SHORT: Final = 512
_SHORT_ONES: Final = 2048
_LONG: Final = 4096
_LONG_ONES: Final = 256


def parse(text: str, limits: TextLimits = DEFAULT_LIMITS) -> Node:
    """Parse a query. Equal texts of ordinary length give the same node.

    Durations that are expressions of numbers are worked out; a query of which something follows from its grid is an `OfGrid`.

    Raises:
        MalformedQuery: with line and column; also when the text is longer or deeper than the limits.
    """
    _require_length(text, limits)
    # Dashboards and rules repeat their texts for ever; a very long one is rare and would pin its memory.
    if len(text) <= _SHORT:
        return _short(text, limits.depth)
    return _long(text, limits.depth) if len(text) <= _LONG else _parse(text, limits.depth)


def parse_as_written(text: str, limits: TextLimits = DEFAULT_LIMITS) -> Node:
    """Parse a query to print it again: durations stay the expressions that they are.

    Raises:
        MalformedQuery: as `parse`.
    """
    _require_length(text, limits)
    return _read(text, limits.depth)


def parse_selector(text: str, limits: TextLimits = DEFAULT_LIMITS) -> Matchers:
    """Parse a series selector such as `match[]` takes: name and matchers, no range, offset or `@`.

    Raises:
        MalformedQuery: with line and column; also when it is some other expression.
    """
    node = parse(text, limits)
    if not isinstance(node, Selector) or node != Selector(node.matchers):
        raise malformed(text, 0, f'expected a series selector such as up{{job="x"}}, got {text[:100]!r}')
    return node.matchers


def _require_length(text: str, limits: TextLimits) -> None:
    if len(text) > limits.length:
        message = f"the query has {len(text)} characters: query.max_length allows {limits.length}"
        raise MalformedQuery(message, line=1, column=1)


def _read(text: str, max_depth: int) -> Node:
    found = tokens(text)
    deep, where = depth(found)
    max_depth = min(max_depth, DEFAULT_LIMITS.depth)
    if deep > max_depth:
        raise malformed(text, where.position, f"nested or chained {deep} deep: query.max_depth allows {max_depth}")
    return read(text, found)


def _parse(text: str, max_depth: int) -> Node:
    node = worked_out(_read(text, max_depth))
    return OfGrid(node) if depends_on_grid(node) else node


_short = lru_cache(maxsize=_SHORT_ONES)(_parse)
_long = lru_cache(maxsize=_LONG_ONES)(_parse)
