"""What files in YAML have in common: fields that are known or not, lists, texts, flags, durations, and objections with places."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from sightline.adapters.wire.yaml_tree import Branches, Leaf, Leaves, Place, Tree, is_empty
from sightline.domain.errors import BadData
from sightline.domain.timerange import parse_duration

_LONGEST: Final = 2**63 // 1_000_000  # ms: what 64 bits hold in nanoseconds
_TRUE: Final = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE: Final = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_WHOLE: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")  # 017 would be octal


class TreeReader:
    """Reads one file, and collects what is wrong with it. A value that is wrong is taken for one that is not given.

    What is of the wrong kind ends the reading as `BadData`; a class that goes on there overrides `wrong_kind`.
    """

    def __init__(self) -> None:
        self.problems: list[tuple[Place, str]] = []

    def told(self) -> tuple[str, ...]:
        """All problems in order, each once, with line and column in front."""
        return tuple(dict.fromkeys(f"{place}: {message}" for place, message in sorted(self.problems)))

    def object(self, place: Place, message: str) -> None:
        """Note that something is wrong."""
        self.problems.append((place, message))

    def wrong_kind(self, place: Place, message: str) -> None:
        """What is to be done where a list or a mapping is wanted and something else stands.

        Raises:
            BadData: always; with the place.
        """
        raise BadData(f"{place}: {message}")

    def branches(self, tree: Tree, what: str, known: Collection[str]) -> Mapping[str, Tree]:
        """The fields of a mapping that are known; the others are objected to."""
        listed = ", ".join(known)
        fields = self.mapping(tree, f"{what} is a mapping with the fields {listed}")
        for name, one in fields.items():
            if name not in known:
                self.object(one.place, f"field {name} not found in {what}; there are {listed}")
        return {name: one for name, one in fields.items() if name in known}

    def named(self, tree: Tree | None, what: str) -> Mapping[str, Tree]:
        """The fields of a mapping with names of any kind, such as labels."""
        return self.mapping(tree, f"{what} are names with values")

    def mapping(self, tree: Tree | None, objection: str) -> Mapping[str, Tree]:
        """All fields of a mapping; none where there is nothing."""
        if isinstance(tree, Branches):
            return tree.fields
        if tree is not None and not is_empty(tree):
            self.wrong_kind(tree.place, objection)
        return {}

    def leaves(self, tree: Tree | None, what: str) -> tuple[Tree, ...]:
        """The items of a list; none where there is nothing."""
        if isinstance(tree, Leaves):
            return tree.items
        if tree is not None and not is_empty(tree):
            self.wrong_kind(tree.place, f"{what} is a list")
        return ()

    def field(self, fields: Mapping[str, Tree], name: str) -> str:
        """The text of a field; empty where it is not given."""
        return self.text(fields.get(name), name) or ""

    def text(self, tree: Tree | None, what: str) -> str | None:
        """The text of what must be one value; None where there is nothing or it is none. Null is empty."""
        if tree is None or isinstance(tree, Leaf):
            return None if tree is None else tree.text
        self.object(tree.place, f"{what} is one value, not several")
        return None

    def texts(self, tree: Tree | None, what: str) -> tuple[str, ...]:
        """A list of texts."""
        found = (self.text(one, f"an element of {what}") for one in self.leaves(tree, what))
        return tuple(text for text in found if text is not None)

    def pairs(self, tree: Tree | None, what: str) -> dict[str, str]:
        """Names and texts."""
        found = ((name, self.text(one, f"{what}.{name}")) for name, one in self.named(tree, what).items())
        return {name: text for name, text in found if text is not None}

    def flag(self, tree: Tree | None, what: str) -> bool | None:
        """True or false, in the words of YAML 1.1; a text in quotes is neither. None where there is nothing."""
        leaf = self._plain(tree, what, "true or false")
        if leaf is None or leaf.text in _TRUE or leaf.text in _FALSE:
            return None if leaf is None else leaf.text in _TRUE
        self.object(leaf.place, f"{what}: {leaf.text[:40]!a} is neither true nor false")
        return None

    def whole(self, tree: Tree | None, what: str) -> int | None:
        """A whole number; a text in quotes is none. None where there is nothing."""
        leaf = self._plain(tree, what, "a whole number")
        if leaf is None or _WHOLE.fullmatch(leaf.text):
            return None if leaf is None else int(leaf.text)
        self.object(leaf.place, f"{what}: {leaf.text[:40]!a} is not a whole number")
        return None

    def duration(self, tree: Tree | None, what: str) -> int | None:
        """A duration, in ms; None where there is nothing."""
        if tree is None or is_empty(tree) or (text := self.text(tree, what)) is None:
            return None
        try:
            length = 0 if text == "0" else self.length(text)
        except BadData as error:
            self.object(tree.place, f"{what}: {error.message}")
            return None
        if length <= _LONGEST:
            return length
        self.object(tree.place, f"{what}: duration out of range")
        return None

    def length(self, text: str) -> int:
        """The ms of a duration.

        Raises:
            BadData: it is none; in the words of Prometheus.
        """
        try:
            return parse_duration(text)
        except BadData:
            raise BadData(f'not a valid duration string: "{text}"') from None

    def _plain(self, tree: Tree | None, what: str, wanted: str) -> Leaf | None:
        """A value that is not in quotes; None where there is nothing or it is none."""
        if is_empty(tree) or self.text(tree, what) is None or not isinstance(tree, Leaf):
            return None
        if not tree.is_text:
            return tree
        self.object(tree.place, f"{what}: {tree.text[:40]!a} is a text: write {wanted} without quotes")
        return None
