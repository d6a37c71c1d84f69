"""Typed values out of a tree of YAML, with everything that is wrong collected rather than raised."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar

from sightline.adapters.wire.yaml_tree import Branches, Leaf, Leaves, Place, Tree
from sightline.domain.alerts.receiver import Secret
from sightline.domain.errors import BadData
from sightline.domain.timerange import parse_duration

MAX_VALUES: Final = 100_000
"""Values of one file, those that aliases repeat included."""

_TRUE: Final = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE: Final = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_URL: Final = re.compile(
    r"https?://(?:(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*@)?"
    r"(?:\[[0-9A-Fa-f:.]+(?:%25[^\[\]%\x00-\x20\x7f]+)?\]|[^/?#@:\[\]%\\|^`{}\x00-\x20\x7f]+)(?::[0-9]*)?"
    r"(?:/(?:[^?#%\x00-\x1f\x7f]|%[0-9A-Fa-f]{2})*)?(?:\?[^#\x00-\x1f\x7f]*)?(?:#(?:[^%\x00-\x1f\x7f]|%[0-9A-Fa-f]{2})*)?",
    re.IGNORECASE,
)
"""As Go reads an address: what has to be right of who, host, port, path and fragment."""
_ADDRESS: Final = re.compile(r"(?:\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]+")
_LONGEST: Final = 2**63 // 1_000_000  # ms: what 64 bits hold in nanoseconds
_Read = TypeVar("_Read")


class Fields:
    """Reads the fields of one file. A value that is wrong is objected to, and taken for one that is not given."""

    def __init__(self) -> None:
        self._problems = dict[tuple[Place, str], None]()
        self._values = 0

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, with line and column in front, in the order of the file."""
        return tuple(f"{place}: {message}" for place, message in sorted(self._problems))

    def object(self, place: Place, message: str) -> None:
        """Say what is wrong, and where."""
        self._problems[place, message] = None

    def branches(self, tree: Tree, what: str, known: Collection[str]) -> Mapping[str, Tree]:
        """The fields of a mapping that are known; the others are objected to."""
        found = self.mapping(tree, what)
        for name, one in found.items():
            if name not in known:
                self.object(one.place, f"field {name} not found in {what}; there are {', '.join(known)}")
        return {name: one for name, one in found.items() if name in known}

    def mapping(self, tree: Tree | None, what: str) -> Mapping[str, Tree]:
        """All fields of a mapping; none where there is nothing."""
        if tree is None or is_empty(tree):
            return {}
        if not isinstance(tree, Branches):
            self.object(tree.place, f"{what} is a mapping, as `name: value`")
            return {}
        self._count(tree.place, len(tree.fields))
        return tree.fields

    def leaves(self, tree: Tree | None, what: str) -> tuple[Tree, ...]:
        """The elements of a list; none where there is nothing."""
        if tree is None or is_empty(tree):
            return ()
        if not isinstance(tree, Leaves):
            self.object(tree.place, f"{what} is a list")
            return ()
        self._count(tree.place, len(tree.items))
        return tree.items

    def parsed(self, tree: Tree, what: str, parse: Callable[[str], _Read]) -> _Read | None:
        """What a function makes of a text; None where the function, which raises BadData, refuses it."""
        text = self.text(tree, what)
        if text is None:
            return None
        try:
            return parse(text)
        except BadData as error:
            self.object(tree.place, f"{what}: {error.message}")
            return None

    def text(self, tree: Tree | None, what: str) -> str | None:
        """A text; None where there is nothing or it is none."""
        if tree is None:
            return None
        if not isinstance(tree, Leaf):
            self.object(tree.place, f"{what} is one value, not several")
            return None
        if any("\ud800" <= char <= "\udfff" for char in tree.text):
            self.object(tree.place, f"{what} holds bytes that are no UTF-8")
            return None
        return tree.text

    def texts(self, tree: Tree | None, what: str) -> tuple[str, ...]:
        """A list of texts."""
        found = (self.text(one, f"an element of {what}") for one in self.leaves(tree, what))
        return tuple(text for text in found if text is not None)

    def pairs(self, tree: Tree | None, what: str) -> dict[str, str]:
        """Names and texts."""
        found = ((name, self.text(one, f"{what}.{name}")) for name, one in self.mapping(tree, what).items())
        return {name: text for name, text in found if text is not None}

    def secret(self, tree: Tree, what: str) -> Secret | None:
        """A text that is not shown."""
        text = self.text(tree, what)
        return Secret(text) if text else None

    def flag(self, tree: Tree, what: str) -> bool | None:
        """True or false, in the words of YAML 1.1."""
        text = self.text(tree, what)
        if not text or text in _TRUE or text in _FALSE:
            return text in _TRUE if text else None
        self.object(tree.place, f"{what}: {text[:40]!a} is neither true nor false")
        return None

    def whole(self, tree: Tree, what: str) -> int | None:
        """A whole number."""
        text = self.text(tree, what)
        if not text or _WHOLE.fullmatch(text):
            return int(text) if text else None
        self.object(tree.place, f"{what}: {text[:40]!a} is not a whole number")
        return None

    def natural(self, tree: Tree, what: str) -> int | None:
        """A whole number that is not negative."""
        number = self.whole(tree, what)
        if number is None or number >= 0:
            return number
        self.object(tree.place, f"{what}: {number} is negative")
        return None

    def duration(self, tree: Tree | None, what: str) -> int | None:
        """A duration, in ms."""
        if tree is None or is_empty(tree):
            return None
        length = self.parsed(tree, what, lambda text: 0 if text == "0" else parse_duration(text))
        if length is None or length <= _LONGEST:
            return length
        self.object(tree.place, f"{what}: longer than 292 years")
        return None

    def url(self, tree: Tree, what: str) -> str | None:
        """An address of HTTP or HTTPS."""
        text = self.text(tree, what)
        if not text or _URL.fullmatch(text):
            return text or None
        # It may hold a password.
        self.object(tree.place, f"{what} is no URL: write it as https://host/path")
        return None

    def secret_url(self, tree: Tree, what: str) -> Secret | None:
        """An address that is not shown."""
        found = self.url(tree, what)
        return Secret(found) if found else None

    def address(self, tree: Tree, what: str) -> str | None:
        """A host and a port."""
        text = self.text(tree, what)
        if not text or _ADDRESS.fullmatch(text):
            return text or None
        self.object(tree.place, f"{what}: {text[:80]!a} is no address: write host:port")
        return None

    def _count(self, place: Place, values: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            raise BadData(f"{place}: more than {MAX_VALUES} values, with those that aliases repeat: split the file")


def is_empty(tree: Tree | None) -> bool:
    """Whether there is nothing, or null, or an empty text."""
    return tree is None or (isinstance(tree, Leaf) and not tree.text)
