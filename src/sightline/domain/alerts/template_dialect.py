"""What templates have in one place and not in another: rules and notices speak one language with functions of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sightline.domain.alerts.go_format import MAX_OUTPUT
from sightline.domain.alerts.go_functions import SHORT_CIRCUITS
from sightline.domain.alerts.go_values import Function

MAX_SOURCE: Final = 65_536
"""How many characters a template of a rule may have."""

MAX_STEPS: Final = 10_000
"""How much one filling of a template of a rule may do: nodes and functions, and these again for every 64 characters or 8
elements."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Functions by their names, and why others are not there.

    variables: those that are there at the beginning, and the fields that they are. has_methods: whether values have methods, which
    may be given arguments.
    source, steps, output: at most, characters of a template, steps of a filling and characters that it writes.
    """

    functions: Mapping[str, Function]
    refused: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)
    has_methods: bool = False
    source: int = MAX_SOURCE
    steps: int = MAX_STEPS
    output: int = MAX_OUTPUT

    def unusable(self, name: str) -> str:
        """Why a function is not to be used; empty for one that may be."""
        if name in self.functions or name in SHORT_CIRCUITS:
            return ""
        return self.refused.get(name, f"there is no function {name!r}")
