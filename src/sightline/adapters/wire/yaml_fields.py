"""Typed options out of a tree of YAML, with everything that is wrong collected."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from typing_extensions import override

from sightline.adapters.wire.tree_reader import TreeReader
from sightline.adapters.wire.yaml_tree import Place, Tree, is_empty
from sightline.domain.alerts.receiver import Secret
from sightline.domain.errors import BadData
from sightline.domain.timerange import parse_duration

_URL: Final = re.compile(
    r"https?://(?:(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*@)?"
    r"(?:\[[0-9A-Fa-f:.]+(?:%25[^\[\]%\x00-\x20\x7f]+)?\]|[^/?#@:\[\]%\\|^`{}\x00-\x20\x7f]+)(?::[0-9]*)?"
    r"(?:/(?:[^?#%\x00-\x1f\x7f]|%[0-9A-Fa-f]{2})*)?(?:\?[^#\x00-\x1f\x7f]*)?(?:#(?:[^%\x00-\x1f\x7f]|%[0-9A-Fa-f]{2})*)?",
    re.IGNORECASE,
)
"""As Go reads an address: what has to be right of who, host, port, path and fragment."""
_ADDRESS: Final = re.compile(r"(?:\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]+")
_Read = TypeVar("_Read")


class Fields(TreeReader):
    """Reads the fields of one file. What is of the wrong kind is objected to like everything else."""

    @override
    def wrong_kind(self, place: Place, message: str) -> None:
        self.object(place, message)

    @override
    def length(self, text: str) -> int:
        return parse_duration(text)

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

    def secret(self, tree: Tree, what: str) -> Secret | None:
        """A text that is not shown."""
        text = self.text(tree, what)
        return Secret(text) if text else None

    def natural(self, tree: Tree, what: str) -> int | None:
        """A whole number that is not negative."""
        number = self.whole(tree, what)
        if number is None or number >= 0:
            return number
        self.object(tree.place, f"{what}: {number} is negative")
        return None

    def url(self, tree: Tree, what: str) -> str | None:
        """An address of HTTP or HTTPS."""
        text = None if is_empty(tree) else self.text(tree, what)
        if text is None or _URL.fullmatch(text):
            return text
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
