"""The tree of a condition: whether it holds, why not, and how it is written.

There are three truths. What is not there satisfies nothing, nor its opposite: of `header("x") == "a"` and of its `not` neither
holds where there is no such header, so that an answer that lost a part is never taken for a good one. `has(...)` asks for just
that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from typing_extensions import override

from sightline.domain.probes.comparing import ORDERED, Each, Op, Span, Truth, over, tester
from sightline.domain.probes.quantity import Kind, spoken, spoken_all, written
from sightline.domain.probes.seen import Missing, Seen
from sightline.domain.probes.subjects import Subject


class Node(Protocol):
    """A part of a condition that holds or not."""

    def holds(self, seen: Seen, /) -> Truth:
        """Whether it does."""
        ...

    def why(self, seen: Seen, /, *, wanted: bool) -> str:
        """Why it is not as wanted, as a part of a sentence."""
        ...


_LOOSEST: Final = 0
_TIGHTEST: Final = 2


@dataclass(frozen=True, slots=True)
class Compare:
    """A subject and what it is compared with. against: one literal, or of IN those (and spans) of which one must be."""

    subject: Subject
    op: Op
    against: tuple[Any, ...]
    each: Each = Each.ONE
    test: Callable[[Any], Truth] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "test", tester(self.op, self.against))

    def holds(self, seen: Seen) -> Truth:
        """As a Node."""
        value = self.subject.read(seen)
        if isinstance(value, Missing):
            return None
        return self.test(value) if self.each is Each.ONE else over(self.each, self.test, value)

    def why(self, seen: Seen, *, wanted: bool) -> str:
        """As a Node."""
        value = self.subject.read(seen)
        if isinstance(value, Missing):
            return value.why
        if self.each is not Each.ONE:
            return self._why_of_several(value, wanted=wanted)
        return self._sentence(self.subject.text, value, wanted=wanted)

    def _sentence(self, what: str, value: Any, *, wanted: bool) -> str:
        shown, kind, literal = self._shown(value), self.subject.kind, self._spoken()
        if self.op is Op.CONTAINS and isinstance(value, str | list | tuple):
            return f"{what} {'does not contain' if wanted else 'contains'} {literal}" + (f": {shown}" if wanted else "")
        if self.op is Op.MATCHES and isinstance(value, str):
            return f"{what} {'does not match' if wanted else 'matches'} {literal}: {shown}"
        told = f"{what} is {shown}"
        if self.test(value) is None:
            return f"{told}, which {_CANNOT[self.op]}"
        if not wanted:
            return (
                f"{told}, which is {self.op} {literal}" if self.op in ORDERED else f"{told}{_UNWANTED.get(self.op, '')}"
            )
        if self.op is Op.EQUAL and kind is not Kind.ANY:
            return f"{told}, not {literal}"
        return f"{told}{_WANTED[self.op].format(literal)}"

    def _why_of_several(self, values: Any, *, wanted: bool) -> str:
        if not isinstance(values, list | tuple):
            return f"{self.subject.text} is {self._shown(values)}, not several values"
        if not values:
            return f"{self.subject.text} is empty"
        told = f"{self.op} {self._spoken()}"
        if self.each is Each.ANY and wanted:
            return f"nothing in {self.subject.text} is {told}: there is {spoken_all(values)}"
        odd = next((one for one in values if self.test(one) is not wanted), values[0])
        return self._sentence(f"one of {self.subject.text}", odd, wanted=wanted)

    def _shown(self, value: Any) -> str:
        if self.subject.secret:
            return "***"
        kind = self.subject.kind
        if kind in {Kind.TEXTS, Kind.VALUES} and isinstance(value, list | tuple):
            return spoken_all(value)
        return spoken(value, kind)

    def _spoken(self) -> str:
        """What it is compared with, for people."""
        if self.op is Op.IN:
            return _among(self.against, self._literal_kind(), spoken)
        return spoken(self.against[0], self._literal_kind())

    def _literal_kind(self) -> Kind:
        return self.subject.kind if self.subject.kind in {Kind.DURATION, Kind.SIZE} else Kind.ANY

    @override
    def __str__(self) -> str:
        subject = f"{self.each}({self.subject.text})" if self.each else self.subject.text
        kind = self._literal_kind()
        literal = _among(self.against, kind, written) if self.op is Op.IN else written(self.against[0], kind)
        return f"{subject} {self.op} {literal}"


_WANTED: Final = {
    Op.EQUAL: ", not {}",
    Op.UNEQUAL: ", which is excluded",
    Op.IN: ", not in {}",
    Op.LESS: ", not < {}",
    Op.LESS_EQUAL: ", not <= {}",
    Op.GREATER: ", not > {}",
    Op.GREATER_EQUAL: ", not >= {}",
}
_UNWANTED: Final = {Op.EQUAL: ", which is excluded", Op.IN: ", which is excluded"}
_CANNOT: Final = {
    **dict.fromkeys(ORDERED, "is no number"),
    Op.CONTAINS: "is neither a text nor a list",
    Op.MATCHES: "is no text",
}


@dataclass(frozen=True, slots=True)
class Has:
    """Whether a subject is there at all; several values are there when one is."""

    subject: Subject

    def holds(self, seen: Seen) -> Truth:
        """As a Node."""
        value = self.subject.read(seen)
        return not (isinstance(value, Missing) or (self.subject.kind in {Kind.VALUES, Kind.TEXTS} and not value))

    def why(self, seen: Seen, *, wanted: bool) -> str:
        """As a Node."""
        value = self.subject.read(seen)
        if isinstance(value, Missing):
            return value.why
        return f"there is no {self.subject.text}" if wanted else f"there is {self.subject.text}"

    @override
    def __str__(self) -> str:
        return f"has({self.subject.text})"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Node

    def holds(self, seen: Seen) -> Truth:
        """As a Node."""
        truth = self.part.holds(seen)
        return None if truth is None else not truth

    def why(self, seen: Seen, *, wanted: bool) -> str:
        """As a Node."""
        return self.part.why(seen, wanted=not wanted)

    @override
    def __str__(self) -> str:
        return f"not {_within(self.part, _TIGHTEST)}"


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold."""

    parts: tuple[Node, ...]

    def holds(self, seen: Seen) -> Truth:
        """As a Node."""
        found: Truth = True
        for part in self.parts:
            truth = part.holds(seen)
            if truth is False:
                return False
            if truth is None:
                found = None
        return found

    def why(self, seen: Seen, *, wanted: bool) -> str:
        """As a Node."""
        return _why_of(self.parts, seen, wanted=wanted, all_at_once=not wanted)

    @override
    def __str__(self) -> str:
        return " and ".join(_within(part, 1) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Some:
    """One part at least must hold."""

    parts: tuple[Node, ...]

    def holds(self, seen: Seen) -> Truth:
        """As a Node."""
        found: Truth = False
        for part in self.parts:
            truth = part.holds(seen)
            if truth:
                return True
            if truth is None:
                found = None
        return found

    def why(self, seen: Seen, *, wanted: bool) -> str:
        """As a Node."""
        return _why_of(self.parts, seen, wanted=wanted, all_at_once=wanted)

    @override
    def __str__(self) -> str:
        return " or ".join(_within(part, 1) for part in self.parts)


def joined(kind: type[All] | type[Some], parts: Sequence[Node]) -> Node:
    """Parts in one node, those of the same kind taken apart; a single one stands for itself."""
    found: list[Node] = []
    for part in parts:
        if isinstance(part, All | Some) and isinstance(part, kind):
            found += part.parts
        else:
            found.append(part)
    return found[0] if len(found) == 1 else kind(tuple(found))


def _why_of(parts: tuple[Node, ...], seen: Seen, *, wanted: bool, all_at_once: bool) -> str:
    odd = [part.why(seen, wanted=wanted) for part in parts if part.holds(seen) is not wanted]
    return " and ".join(odd if all_at_once else odd[:1])


def _within(part: Node, level: int) -> str:
    """A part as it stands in one that binds tighter than `level` - 1: with parentheses where it would fall apart."""
    own = _LOOSEST if isinstance(part, Some) else 1 if isinstance(part, All) else _TIGHTEST
    return f"({part})" if own < level or (own == level == 1) else str(part)


def _among(against: tuple[Any, ...], kind: Kind, text: Callable[[Any, Kind], str]) -> str:
    shown = [
        f"{text(one.first, kind)}..{text(one.last, kind)}" if isinstance(one, Span) else text(one, kind)
        for one in against
    ]
    alone = len(against) == 1 and isinstance(against[0], Span)
    return shown[0] if alone else f"({', '.join(shown)})"
