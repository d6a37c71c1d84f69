"""What a template consists of."""

from dataclasses import dataclass

Value = object
"""What templates work on: str, bool, int, float, None (nil), or an object of `go_values`."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, character, true, false or nil."""

    value: Value
    at: int


@dataclass(frozen=True, slots=True)
class Dot:
    """`.`: what is looked at."""

    at: int


@dataclass(frozen=True, slots=True)
class Field:
    """`.a.b`: a field of what is looked at, a field of that, and so on."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name.a.b`; name has its dollar sign."""

    name: str
    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a function."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Chain:
    """`(pipeline).a.b`, or fields of what a function without arguments gives."""

    of: "Operand"
    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each of which gives its result to the next as last argument; declares: variables that are set to the last one.

    assigns: whether they are there already.
    """

    commands: "tuple[Command, ...]"
    declares: tuple[str, ...]
    assigns: bool
    at: int


Operand = Literal | Dot | Field | Variable | Name | Chain | Pipeline


@dataclass(frozen=True, slots=True)
class Command:
    """An operand, or a function and its arguments."""

    operands: tuple[Operand, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """Text that stays as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """A pipeline whose result is written, unless it sets variables."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class If:
    """`if`, and `else`."""

    pipeline: Pipeline
    body: "Body"
    otherwise: "Body"


@dataclass(frozen=True, slots=True)
class With:
    """`with`, and `else`."""

    pipeline: Pipeline
    body: "Body"
    otherwise: "Body"


@dataclass(frozen=True, slots=True)
class Range:
    """`range`, and `else`."""

    pipeline: Pipeline
    body: "Body"
    otherwise: "Body"


@dataclass(frozen=True, slots=True)
class Leave:
    """`break`, or `continue`."""

    breaks: bool


@dataclass(frozen=True, slots=True)
class Call:
    """`template`: another template in this place, which looks at the pipeline's value."""

    name: str
    pipeline: Pipeline | None
    at: int


Node = Text | Action | If | With | Range | Leave | Call
Body = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """What a template, or one that it defines, consists of. depth: how deep it is nested."""

    body: Body
    depth: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but space."""
        return all(isinstance(node, Text) and node.text.isspace() for node in self.body)


@dataclass(frozen=True, slots=True)
class Tree:
    """A template, and those that it defines by name."""

    top: Nested
    defined: dict[str, Nested]
