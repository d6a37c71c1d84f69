"""Values as templates know them: what Go calls their types, which are true, and what stands in an alert's data.

A str is a string of UTF-8, a bool a bool, an int an int, a float a float64 and None is nil.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final

from typing_extensions import override

NO_LABELS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Function:
    """A function, or the method of a value, which is given that value before all else.

    least, most: of arguments, None for any number. texts: how many of the first must be strings. with_data: it is also given what
    the whole template looks at, before all else.
    """

    call: Callable[..., object]
    least: int
    most: int | None
    texts: int = 0
    with_data: bool = False


class Typed:
    """A value of a type that has a name of its own, and maybe methods."""

    __slots__ = ()

    GO_TYPE: ClassVar[str] = ""
    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType({})


class Record(Typed):
    """A struct."""

    __slots__ = ()

    POINTER: ClassVar[bool] = False
    """Whether it is a pointer to one in Go, which is told where it is written by a verb."""

    @abstractmethod
    def fields(self) -> Mapping[str, object]:
        """Its fields by their names in templates, in Go's order."""


class Spelled(Typed):
    """A value that says itself how it is written."""

    __slots__ = ()

    @abstractmethod
    def spelled(self) -> str:
        """The value as a text."""


class Items(Typed, tuple[object, ...]):
    """A slice; its own type is one of strings."""

    __slots__ = ()

    GO_TYPE: ClassVar[str] = "[]string"


class Texts(dict[str, str]):
    """A map of strings, such as labels; what it does not hold is the empty string."""


class Arguments(dict[str, object]):
    """A map of anything, as `args` makes it; what it does not hold is nil. depth: of such maps within each other."""

    def __init__(self, entries: Mapping[str, object]) -> None:
        super().__init__(entries)
        self.depth: int = 1 + max([each.depth for each in entries.values() if isinstance(each, Arguments)], default=0)


@dataclass(frozen=True, slots=True, eq=False)
class Sample(Record):
    """An element of the result of a query: its labels, the metric's name among them, and its value."""

    GO_TYPE: ClassVar[str] = "*template.sample"
    POINTER: ClassVar[bool] = True

    labels: Texts
    value: float

    @override
    def fields(self) -> dict[str, object]:
        return {"Labels": self.labels, "Value": self.value}


class Samples(Items):
    """The result of a query."""

    __slots__ = ()

    GO_TYPE: ClassVar[str] = "template.queryResult"


Answers = Mapping[str, Samples | str]
"""What queries gave, by their texts: their results, or why there is none."""

NO_ANSWERS: Final[Answers] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Data(Record):
    """What a template of an alert looks at. value: of the element of the rule's result that it stands for, labels: its labels.

    answers: those of the queries that it may ask, which is not for it to see.
    """

    GO_TYPE: ClassVar[str] = "the data of an alert"

    labels: Texts
    value: float
    external_url: str = ""
    external_labels: Texts = field(default_factory=Texts)
    answers: Answers = field(default_factory=lambda: NO_ANSWERS)

    @override
    def fields(self) -> dict[str, object]:
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
}


def type_name(value: object) -> str:
    """The type of a value, as Go's messages name it."""
    if isinstance(value, Typed):
        return value.GO_TYPE
    return next((name for kind, name in _TYPES.items() if isinstance(value, kind)), "nil")


def is_true(value: object) -> bool:
    """Whether `if` and `with` take a value for true: what is not false, 0, empty or nil."""
    return isinstance(value, Record) or bool(value)
