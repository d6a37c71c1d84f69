"""YAML as a tree of texts that know where they stand: nothing is taken for a number, a date or an object.

Made of the parser's events and not of its nodes, since that recurses, in C, and a megabyte of brackets would end the process.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import yaml
from typing_extensions import override

from sightline.domain.errors import BadData

MAX_REPEATED: Final = 100_000
"""Values of one file that stand there by aliases and merge keys alone."""
_DEEPEST: Final = 20
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_HALF: Final = re.compile("[\ud800-\udfff]")
_TAG: Final = "tag:yaml.org,2002:"
_NO_TEXTS: Final = frozenset(f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float"))


class Place(NamedTuple):
    """A position in a file, both counted from 1."""

    line: int
    column: int

    @override
    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value as it is written; null is the empty text. is_text: in quotes or tagged, hence no number, flag or null."""

    place: Place
    text: str
    is_text: bool = False


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


def is_empty(tree: Tree | None) -> bool:
    """Whether a field is not given, or given as null."""
    return tree is None or (isinstance(tree, Leaf) and not tree.text and not tree.is_text)


def read_tree(text: bytes) -> Tree | None:
    """Read one document; None when it is empty. An anchor's tree stands wherever it is referred to, as one object.

    A merge key `<<` brings the fields of other mappings, unless the one it stands in has them: https://yaml.org/type/merge.html.

    Raises:
        BadData: not YAML, several documents, a key that is given twice or is no text, nested too deep, or more than `MAX_REPEATED`
            values by aliases. Place in front.
    """
    found = _read(text, 1)
    return found[0] if found else None


def read_trees(text: bytes, most: int) -> list[Tree]:
    """Read several documents; empty ones are left out. `MAX_REPEATED` bounds each.

    Raises:
        BadData: as `read_tree`, or more than `most` documents.
    """
    return [tree for tree in _read(text, most) if tree is not None]


def _read(text: bytes, most: int) -> list[Tree | None]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _documents(yaml.parse(text, loader), most)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{Place(mark.line + 1, mark.column + 1)}: " if mark is not None else ""
        raise BadData(f"{place}not YAML: {' '.join(str(error.problem or error.context).split())}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadData(f"not YAML: {' '.join(str(error).split())}") from None


class _Grown(NamedTuple):
    """A tree, how many values it has, those that aliases repeat included, and how many levels are beneath it."""

    tree: Tree
    values: int = 1
    height: int = 0


class _Events:
    """The events of one document, one after another, and what its anchors stand for."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, _Grown] = {}
        self._repeated = 0

    def next(self) -> Any:
        return next(self._events)

    def keep(self, anchor: str | None, grown: _Grown) -> None:
        """Remember what an anchor stands for."""
        if anchor:
            self._anchors[anchor] = grown

    def repeat(self, anchor: str, place: Place, depth: int) -> _Grown:
        """What an anchor stands for, once more."""
        if anchor not in self._anchors:
            raise BadData(f"{place}: unknown anchor {anchor!r}")
        grown = self._anchors[anchor]
        _check_depth(place, depth + grown.height)
        self._repeated += grown.values
        if self._repeated > MAX_REPEATED:
            raise BadData(
                f"{place}: aliases repeat more than {MAX_REPEATED} values: split the file, or use fewer of them"
            )
        return grown


def _documents(events: Iterator[Any], most: int) -> list[Tree | None]:
    next(events)  # the stream begins
    found: list[Tree | None] = []
    while not isinstance(begin := next(events), yaml.StreamEndEvent):
        if len(found) == most:
            second = "a second document; one file holds one" if most == 1 else f"more than {most} documents"
            raise BadData(f"{_place(begin)}: {second}")
        within = _Events(events)
        tree = _grown(within, within.next(), 0).tree
        found.append(None if is_empty(tree) else tree)
        next(events)  # the document ends
    return found


def _grown(events: _Events, event: Any, depth: int) -> _Grown:
    place = _place(event)
    _check_depth(place, depth)
    if isinstance(event, yaml.AliasEvent):
        return events.repeat(str(event.anchor), place, depth)
    if isinstance(event, yaml.ScalarEvent):
        grown = _Grown(_leaf(event, place))
    elif isinstance(event, yaml.SequenceStartEvent):
        items = tuple(_items(events, depth))
        grown = _above(Leaves(place, tuple(one.tree for one in items)), items)
    else:
        grown = _mapping(events, place, depth)
    events.keep(event.anchor, grown)
    return grown


def _above(tree: Tree, parts: Sequence[_Grown], merged: Sequence[_Grown] = ()) -> _Grown:
    """A tree of parts, and of others whose own parts it has."""
    values, height = 1, 0
    for one in parts:
        values += one.values
        height = max(height, one.height + 1)
    for one in merged:
        values += one.values
        height = max(height, one.height - isinstance(one.tree, Leaves))
    return _Grown(tree, values, height)


def _leaf(event: Any, place: Place) -> Leaf:
    if _HALF.search(event.value):
        raise BadData(f"{place}: not YAML: half of a surrogate pair")
    is_text = event.tag not in _NO_TEXTS if event.tag else not event.implicit[0]
    return Leaf(place, "" if not is_text and event.value in _NULL else event.value, is_text)


def _items(events: _Events, depth: int) -> Iterator[_Grown]:
    while not isinstance(event := events.next(), yaml.SequenceEndEvent):
        yield _grown(events, event, depth + 1)


def _mapping(events: _Events, place: Place, depth: int) -> _Grown:
    fields: dict[str, _Grown] = {}
    merged: list[_Grown] = []
    seen: dict[str, Place] = {}
    while not isinstance(event := events.next(), yaml.MappingEndEvent):
        at, is_merge = _place(event), _is_merge(event)
        key = _grown(events, event, depth + 1).tree
        if not isinstance(key, Leaf):
            raise BadData(f"{at}: a key is a text")
        if key.text in seen:
            raise BadData(f'{at}: mapping key "{key.text}" already defined at line {seen[key.text].line}')
        seen[key.text] = at
        if is_merge:
            merged.append(_grown(events, events.next(), depth + 1))
        else:
            fields[key.text] = _grown(events, events.next(), depth + 1)
    trees = {name: one.tree for name, one in fields.items()}
    for source in merged:
        for name, tree in _merged(source.tree):
            trees.setdefault(name, tree)
    return _above(Branches(place, trees), tuple(fields.values()), merged)


def _is_merge(event: Any) -> bool:
    if not isinstance(event, yaml.ScalarEvent) or event.value != "<<":
        return False
    return event.tag == f"{_TAG}merge" if event.tag else bool(event.implicit[0])


def _merged(source: Tree) -> Iterator[tuple[str, Tree]]:
    """The fields of a merge key; of two with a name the first one counts."""
    for one in source.items if isinstance(source, Leaves) else (source,):
        if not isinstance(one, Branches):
            raise BadData(f"{one.place}: << takes a mapping or a list of mappings, such as *name of an anchor &name")
        yield from one.fields.items()


def _check_depth(place: Place, depth: int) -> None:
    if depth > _DEEPEST:
        raise BadData(f"{place}: nested more than {_DEEPEST} deep")


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
