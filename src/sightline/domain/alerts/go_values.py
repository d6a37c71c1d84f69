"""Values as templates know them: what Go calls their types, which are true, and what stands in an alert's data.

A str is a string of UTF-8, a bool a bool, an int an int, a float a float64 and None is nil.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

NO_LABELS: Final[Mapping[str, str]] = MappingProxyType({})


class Texts(dict[str, str]):
    """A map of strings, such as labels; what it does not hold is the empty string."""


class Arguments(dict[str, object]):
    """A map of anything, as `args` makes it; what it does not hold is nil. depth: of such maps within each other."""

    def __init__(self, entries: Mapping[str, object]) -> None:
        super().__init__(entries)
        self.depth: int = 1 + max([each.depth for each in entries.values() if isinstance(each, Arguments)], default=0)


@dataclass(frozen=True, slots=True)
class Data:
    """What a template of an alert looks at. value: of the element of the rule's result that it stands for, labels: its labels."""

    labels: Texts
    value: float
    external_url: str = ""
    external_labels: Texts = field(default_factory=Texts)

    def fields(self) -> dict[str, object]:
        """Its fields by their names in templates, in Go's order."""
        return {
            "Labels": self.labels,
            "ExternalLabels": self.external_labels,
            "ExternalURL": self.external_url,
            "Value": self.value,
        }


_TYPES: Final[Mapping[type, str]] = {
    bool: "bool",  # before int, which it is as well
    str: "string",
    int: "int",
    float: "float64",
    Texts: "map[string]string",
    Arguments: "map[string]interface {}",
    Data: "the data of an alert",
}


def type_name(value: object) -> str:
    """The type of a value, as Go's messages name it."""
    return next((name for kind, name in _TYPES.items() if isinstance(value, kind)), "nil")


def is_true(value: object) -> bool:
    """Whether `if` and `with` take a value for true: what is not false, 0, empty or nil."""
    return isinstance(value, Data) or bool(value)
