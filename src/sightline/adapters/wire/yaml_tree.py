"""YAML as a tree of texts that know where they stand: nothing is taken for a number, a date or an object.

Made of the parser's events and not of its nodes, since that recurses, in C, and a megabyte of brackets would end the process.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml
from typing_extensions import override

from sightline.domain.errors import BadData

_DEEPEST: Final = 20
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})


class Place(NamedTuple):
    """A position in a file, both counted from 1."""

    line: int
    column: int

    @override
    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value as it is written; null is the empty text."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Leaves:
    """A list."""

    place: Place
    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Branches:
    """A mapping; its keys are texts, each once."""

    place: Place
    fields: Mapping[str, "Tree"]


Tree = Leaf | Leaves | Branches


def read_tree(text: bytes) -> Tree | None:
    """Read one document; None when it is empty. An anchor's tree stands wherever it is referred to, as one object.

    Raises:
        BadData: not YAML, several documents, a key that is given twice or is no text, or nested too deep. Place in front.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _document(_Events(yaml.parse(text, loader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{Place(mark.line + 1, mark.column + 1)}: " if mark is not None else ""
        raise BadData(f"{place}not YAML: {' '.join(str(error.problem or error.context).split())}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadData(f"not YAML: {' '.join(str(error).split())}") from None


class _Events:
    """The events of one document, one after another."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self.anchors: dict[str, Tree] = {}

    def next(self) -> Any:
        return next(self._events)


def _document(events: _Events) -> Tree | None:
    events.next()  # the stream begins
    if isinstance(events.next(), yaml.StreamEndEvent):
        return None
    tree = _tree(events, events.next(), 0)
    events.next()  # the document ends
    after = events.next()
    if not isinstance(after, yaml.StreamEndEvent):
        raise BadData(f"{_place(after)}: a second document; one file holds one")
    return None if tree == Leaf(tree.place, "") else tree


def _tree(events: _Events, event: Any, depth: int) -> Tree:
    place = _place(event)
    if depth > _DEEPEST:
        raise BadData(f"{place}: nested more than {_DEEPEST} deep")
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in events.anchors:
            raise BadData(f"{place}: unknown anchor {event.anchor!r}")
        return events.anchors[event.anchor]
    tree: Tree
    if isinstance(event, yaml.ScalarEvent):
        is_plain = event.implicit[0] and not event.style
        tree = Leaf(place, "" if is_plain and event.value in _NULL else event.value)
    elif isinstance(event, yaml.SequenceStartEvent):
        tree = Leaves(place, tuple(_items(events, depth)))
    else:
        tree = Branches(place, dict(_fields(events, depth)))
    if event.anchor:
        events.anchors[event.anchor] = tree
    return tree


def _items(events: _Events, depth: int) -> Iterator[Tree]:
    while not isinstance(event := events.next(), yaml.SequenceEndEvent):
        yield _tree(events, event, depth + 1)


def _fields(events: _Events, depth: int) -> Iterator[tuple[str, Tree]]:
    seen: dict[str, Place] = {}
    while not isinstance(event := events.next(), yaml.MappingEndEvent):
        place = _place(event)
        key = _tree(events, event, depth + 1)
        if not isinstance(key, Leaf):
            raise BadData(f"{place}: a key is a text")
        if key.text in seen:
            raise BadData(f'{place}: mapping key "{key.text}" already defined at line {seen[key.text].line}')
        seen[key.text] = place
        yield key.text, _tree(events, events.next(), depth + 1)


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
