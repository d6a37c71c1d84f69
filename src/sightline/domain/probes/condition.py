"""Conditions: what must hold of an outcome, in one small typed language.

    condition   = [ "degraded:" ] either
    either      = both { "or" both }
    both        = one { "and" one }
    one         = "not" one | "(" either ")" | "has" "(" subject ")" | comparison
    comparison  = ( subject | ( "any" | "all" ) "(" subject ")" ) operator literal
    operator    = "==" | "!=" | "<" | "<=" | ">" | ">=" | [ "not" ] ( "in" | "contains" | "matches" )
    subject     = name | ( "json" | "header" | "fact" ) "(" text ")" | "len" "(" subject ")"
    literal     = number | duration | size | text | "true" | "false" | "null"; after "in" a range or a list of these

What a subject is compared with is checked when the text is read. With `degraded:` in front it degrades where it does not hold.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

from typing_extensions import override

from sightline.domain.errors import BadData
from sightline.domain.nearest import nearest
from sightline.domain.probes.comparing import ORDERED, Each, Op, Span
from sightline.domain.probes.condition_lexer import Lexeme, Token, lexemes, malformed
from sightline.domain.probes.condition_nodes import All, Compare, Has, Node, Not, Some, joined
from sightline.domain.probes.outcome import Outcome
from sightline.domain.probes.quantity import ELEMENTS, EXAMPLES, Kind
from sightline.domain.probes.seen import Seen
from sightline.domain.probes.subjects import SUBJECTS, WITH_TEXT, Subject, length
from sightline.domain.regex import compiled_regex

DEGRADED: Final = "degraded"
_DEEPEST: Final = 20
_WORDS: Final = {"true": True, "false": False, "null": None}
_KNOWN: Final = (*SUBJECTS, *WITH_TEXT, "len", "has", "any", "all")
_OTHERWISE: Final = {"&&": "and", "||": "or", "!": "not", "=": "==", "~": "matches"}
"""Signs of other languages, and what they are here."""
_SETS: Final = frozenset({Op.IN, Op.CONTAINS, Op.MATCHES})
_OPS: Final = {
    **dict.fromkeys((Kind.NUMBER, Kind.DURATION, Kind.SIZE), frozenset({Op.EQUAL, Op.UNEQUAL, Op.IN, *ORDERED})),
    Kind.TEXT: frozenset({Op.EQUAL, Op.UNEQUAL, *_SETS}),
    Kind.ANY: frozenset(Op),
    **dict.fromkeys((Kind.TEXTS, Kind.VALUES), frozenset({Op.CONTAINS})),
}
"""The operators that each kind of value has."""
_LITERALS: Final = {
    Kind.NUMBER: frozenset({Token.NUMBER}),
    Kind.DURATION: frozenset({Token.DURATION}),
    Kind.SIZE: frozenset({Token.SIZE, Token.NUMBER}),
    Kind.TEXT: frozenset({Token.TEXT}),
    Kind.TEXTS: frozenset({Token.TEXT}),
    Kind.ANY: frozenset({Token.NUMBER, Token.TEXT, Token.WORD}),
    Kind.VALUES: frozenset({Token.NUMBER, Token.TEXT, Token.WORD}),
}
"""The literals that each kind is compared with; words are true, false and null."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition made ready. degrades: whether what fails it is degraded and not down."""

    node: Node
    degrades: bool = False

    def check(self, outcome: Outcome, now: int) -> str:
        """Empty where it holds; else why not, for people. now: ms."""
        return self.test(Seen(outcome, now))

    def test(self, seen: Seen) -> str:
        """As `check`, of what other conditions look at too."""
        return "" if self.node.holds(seen) else self.node.why(seen, wanted=True)

    def subjects(self) -> tuple[Subject, ...]:
        """What it asks for, in the order of the text."""
        return tuple(_subjects(self.node))

    @override
    def __str__(self) -> str:
        """The text that `parse_condition` reads back."""
        return f"{DEGRADED}: {self.node}" if self.degrades else str(self.node)


@lru_cache(4096)  # checks are made of the same few, and a condition never changes
def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        InvalidField: it is none; the message names the column, what was read, and what is known.
    """
    return _Parser(text).condition()


def _subjects(node: Node) -> list[Subject]:
    if isinstance(node, Compare | Has):
        return [node.subject]
    if isinstance(node, Not):
        return _subjects(node.part)
    return [one for part in node.parts for one in _subjects(part)] if isinstance(node, All | Some) else []


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lexemes = lexemes(text)
        self._next = 0
        self._depth = 0

    def condition(self) -> Condition:
        degrades = False
        if self._peek.text == DEGRADED:
            self._take()
            self._expect(":", f"write {DEGRADED}: and then the condition")
            degrades = True
        node = self._either()
        if self._peek.token is not Token.END:
            self._refuse(self._peek, f"{self._peek.shown} comes after a whole condition: join two by and, or or")
        return Condition(node, degrades)

    @property
    def _peek(self) -> Lexeme:
        return self._lexemes[self._next]

    def _take(self) -> Lexeme:
        found = self._lexemes[self._next]
        self._next += found.token is not Token.END
        return found

    def _takes(self, text: str) -> bool:
        """Take the next token where it is that word or sign."""
        if self._peek.text != text or self._peek.token not in {Token.WORD, Token.SIGN}:
            return False
        self._take()
        return True

    def _expect(self, sign: str, otherwise: str) -> None:
        if not self._takes(sign):
            self._refuse(self._peek, f"{sign!r} is missing before {self._peek.shown}: {otherwise}")

    def _refuse(self, lexeme: Lexeme, reason: str) -> NoReturn:
        raise malformed(self._text, lexeme.at, reason)

    def _either(self) -> Node:
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        return joined(Some, parts)

    def _both(self) -> Node:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return joined(All, parts)

    def _one(self) -> Node:
        first = self._peek
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse(first, f"a condition is nested at most {_DEEPEST} deep")
        try:
            if self._takes("not"):
                return Not(self._one())
            if self._takes("("):
                inner = self._either()
                self._expect(")", "a parenthesis is not closed")
                return inner
            if first.text == "has":
                self._take()
                return Has(self._in_parentheses("has"))
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Node:
        first = self._peek
        if first.text in {Each.ANY, Each.ALL} and first.token is Token.WORD:
            self._take()
            each = Each(first.text)
            subject = self._in_parentheses(first.text)
            if subject.kind not in ELEMENTS:
                self._refuse(first, f"{subject.text} is {subject.kind}, one value: compare it without {each}(...)")
            kind = ELEMENTS[subject.kind]
        else:
            each, subject = Each.ONE, self._subject()
            kind = subject.kind
        negated = self._takes("not")
        op = self._operator(subject, kind, negated=negated)
        found: Node = Compare(subject, op, self._against(subject, kind, op), each)
        return Not(found) if negated else found

    def _in_parentheses(self, name: str) -> Subject:
        self._expect("(", f"write {name}(...)")
        subject = self._subject()
        self._expect(")", f"{name}(...) is not closed")
        return subject

    def _subject(self) -> Subject:
        lexeme = self._take()
        if lexeme.token is not Token.WORD:
            known = "a comparison begins with what is asked for, as status or latency"
            self._refuse(lexeme, f"{lexeme.shown} stands where a name is wanted: {known}")
        name = lexeme.text
        if name == "len":
            of = self._in_parentheses(name)
            return self._made(lexeme, lambda: length(of))
        if name in WITH_TEXT:
            self._expect("(", f'write {name}("...")')
            argument = self._take()
            if argument.token is not Token.TEXT:
                self._refuse(argument, f"{name}(...) takes a text in quotes, not {argument.shown}")
            self._expect(")", f"{name}(...) is not closed")
            return self._made(argument, lambda: WITH_TEXT[name](argument.value))
        if name not in SUBJECTS:
            near = nearest(name, _KNOWN)
            meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(_KNOWN)}"
            self._refuse(lexeme, f"there is no {name[:60]!r}: {meant}")
        return SUBJECTS[name]

    def _made(self, lexeme: Lexeme, make: Any) -> Subject:
        try:
            found: Subject = make()
        except BadData as error:
            self._refuse(lexeme, error.message)
        return found

    def _operator(self, subject: Subject, kind: Kind, *, negated: bool) -> Op:
        lexeme = self._take()
        if lexeme.text in _OTHERWISE and lexeme.token is Token.SIGN:
            self._refuse(lexeme, f"{lexeme.text!r} is no operator here: write {_OTHERWISE[lexeme.text]}")
        if lexeme.token not in {Token.WORD, Token.SIGN} or lexeme.text not in set(Op):
            self._refuse(lexeme, f"{subject.text} wants an operator, not {lexeme.shown}: {_listed(_OPS[kind])}")
        op = Op(lexeme.text)
        if op not in _OPS[kind]:
            several = "; ask with len(...), any(...) or all(...)" if kind in {Kind.TEXTS, Kind.VALUES} else ""
            self._refuse(
                lexeme, f"{subject.text} is {kind}, for which there is no {op}: {_listed(_OPS[kind])}{several}"
            )
        if negated and op not in _SETS:
            self._refuse(
                lexeme, f"not stands before in, contains and matches, or before the whole comparison, not before {op}"
            )
        return op

    def _against(self, subject: Subject, kind: Kind, op: Op) -> tuple[Any, ...]:
        if op is not Op.IN:
            return (self._literal(subject, kind, op),)
        if not self._takes("("):
            return (self._span(subject, kind),)
        found = [self._span(subject, kind, alone=False)]
        while self._takes(","):
            found.append(self._span(subject, kind, alone=False))
        self._expect(")", "a list is not closed")
        return tuple(found)

    def _span(self, subject: Subject, kind: Kind, *, alone: bool = True) -> Any:
        """A literal of a list, or a range, which may stand alone."""
        begin = self._peek
        first = self._literal(subject, kind, Op.IN)
        if not self._takes(".."):
            if alone:
                self._refuse(begin, "in wants a range such as 200..299, or a list such as (200, 204)")
            return first
        last = self._literal(subject, kind, Op.IN)
        for one in (first, last):
            if isinstance(one, str | bool) or one is None:
                self._refuse(begin, "a range is made of numbers, durations or sizes")
        if first > last:
            self._refuse(begin, "the range ends before it begins")
        return Span(first, last)

    def _literal(self, subject: Subject, kind: Kind, op: Op) -> Any:
        lexeme = self._take()
        if lexeme.token is Token.WORD and lexeme.text not in _WORDS:
            quotes = " (texts stand in quotes)" if kind in {Kind.TEXT, Kind.TEXTS, Kind.ANY, Kind.VALUES} else ""
            self._refuse(
                lexeme, f"{lexeme.shown} is no value to compare {subject.text} with: write {_example(kind)}{quotes}"
            )
        if lexeme.token not in _LITERALS[kind] and not (
            kind is Kind.DURATION and lexeme.token is Token.NUMBER and lexeme.value == 0
        ):
            given = lexeme.token if lexeme.token not in {Token.SIGN, Token.END, Token.WORD} else lexeme.shown
            of = "holds" if kind in {Kind.TEXTS, Kind.VALUES} else "is"
            self._refuse(
                lexeme,
                f"{subject.text} {of} {kind} and is compared with one such as {_example(kind)}, not with {given}",
            )
        value = _WORDS[lexeme.text] if lexeme.token is Token.WORD else lexeme.value
        if op is Op.MATCHES:
            self._check_regex(lexeme, value)
        if op in ORDERED and (isinstance(value, str | bool) or value is None):
            self._refuse(lexeme, f"{op} compares numbers, not {lexeme.shown}")
        return value

    def _check_regex(self, lexeme: Lexeme, value: Any) -> None:
        if not isinstance(value, str):
            self._refuse(lexeme, f"matches wants a regular expression in quotes, not {lexeme.shown}")
        try:
            compiled_regex(value)
        except BadData as error:
            self._refuse(lexeme, error.message)


def _example(kind: Kind) -> str:
    return EXAMPLES[ELEMENTS.get(kind, kind)]


def _listed(ops: frozenset[Op]) -> str:
    return f"there are {' '.join(op for op in Op if op in ops)}"
