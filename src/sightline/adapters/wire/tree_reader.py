"""What files in YAML have in common: fields that are known or not, lists, texts and durations, and objections with their places."""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from sightline.adapters.wire.yaml_tree import Branches, Leaf, Leaves, Place, Tree
from sightline.domain.errors import BadData
from sightline.domain.timerange import parse_duration

_LONGEST: Final = 2**63 // 1_000_000  # ms: what 64 bits hold in nanoseconds

_Kind = TypeVar("_Kind", Branches, Leaves)


class TreeReader:
    """Reads one file, and collects what is wrong with it; what is of the wrong kind ends the reading as `BadData`."""

    def __init__(self) -> None:
        self.problems: list[tuple[Place, str]] = []

    def told(self) -> tuple[str, ...]:
        """All problems in order, each with line and column in front."""
        return tuple(f"{place}: {message}" for place, message in sorted(self.problems))

    def branches(self, tree: Tree, what: str, known: tuple[str, ...]) -> Mapping[str, Tree]:
        """The fields of a mapping; those that are not known are objected to."""
        fields = self.kind(tree, Branches, f"{what} is a mapping with the fields {', '.join(known)}").fields
        for name, one in fields.items():
            if name not in known:
                self.object(one.place, f"field {name} not found in {what}; there are {', '.join(known)}")
        return fields

    def leaves(self, tree: Tree | None, what: str) -> Iterator[Tree]:
        """The items of a list; none where it is not given."""
        if tree is not None and not is_empty(tree):
            yield from self.kind(tree, Leaves, f"{what} is a list").items

    @staticmethod
    def kind(tree: Tree, kind: type[_Kind], objection: str) -> _Kind:
        """The tree, which must be a list or a mapping.

        Raises:
            BadData: it is not; with its place and the objection.
        """
        if isinstance(tree, kind):
            return tree
        raise BadData(f"{tree.place}: {objection}")

    def text(self, fields: Mapping[str, Tree], name: str) -> str:
        """The text of a field; empty when it is not given."""
        return self.scalar(fields[name], name) if name in fields else ""

    def scalar(self, tree: Tree, name: str) -> str:
        """The text of what must be one value."""
        if isinstance(tree, Leaf):
            return tree.text
        self.object(tree.place, f"{name} is one value, not several")
        return ""

    def duration(self, fields: Mapping[str, Tree], name: str) -> int:
        """Ms; 0 when it is not given."""
        text = self.text(fields, name)
        if text in {"", "0"}:
            return 0
        try:
            length = parse_duration(text)
        except BadData:
            self.object(fields[name].place, f'{name}: not a valid duration string: "{text}"')
            return 0
        if length > _LONGEST:
            self.object(fields[name].place, f"{name}: duration out of range")
            return 0
        return length

    def object(self, place: Place, message: str) -> None:
        """Note that something is wrong."""
        self.problems.append((place, message))


def is_empty(tree: Tree | None) -> bool:
    """Whether a field is not given, or given without a value."""
    return tree is None or (isinstance(tree, Leaf) and not tree.text)
