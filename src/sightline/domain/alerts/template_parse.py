"""Trees of templates, by the grammar of Go's text/template: https://pkg.go.dev/text/template."""

import math
import re
from collections.abc import Mapping
from typing import Final

from sightline.domain.alerts.template_dialect import Dialect
from sightline.domain.alerts.template_lexer import Kind, Token, refusal, tokens
from sightline.domain.alerts.template_nodes import (
    Action,
    Body,
    Call,
    Chain,
    Command,
    Dot,
    Field,
    If,
    Leave,
    Literal,
    Name,
    Nested,
    Node,
    Operand,
    Pipeline,
    Range,
    Text,
    Tree,
    Variable,
    With,
)
from sightline.domain.errors import BadData
from sightline.domain.go_literals import rune, unquoted

MAX_DEPTH: Final = 50
"""How deep blocks, parentheses and templates that call each other may be nested, all together."""

_LONGEST_INTEGER: Final = 2**63
_KEYWORDS: Final = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with", "nil", "true", "false"}
)
_CONSTANTS: Final[Mapping[str, object]] = {"true": True, "false": False, "nil": None}


def parse_tree(source: str, dialect: Dialect) -> Tree:
    """Read a template.

    Raises:
        BadData: it is no template, uses what is not there, or passes the dialect's bound or `MAX_DEPTH`; with line and column.
    """
    if len(source) > dialect.source:
        message = (
            f"template: {len(source)} characters are more than the {dialect.source} that one may have; make it shorter"
        )
        raise BadData(message, line=1, column=1)
    return _Parser(source, tokens(source), dialect).tree()


class _Parser:
    """Reads tokens from left to right, one look ahead."""

    def __init__(self, source: str, found: list[Token], dialect: Dialect) -> None:
        self._source = source
        self._tokens = found
        self._at = 0
        self._dialect = dialect
        self._variables = ["$", *dialect.variables]
        self._defined: dict[str, Nested] = {}
        self._depth = 0
        self._deepest = 0
        self._loops = 0

    def tree(self) -> Tree:
        body, ends = self._body(top=True)
        if ends.kind is not Kind.END:
            raise self._refused(ends, f"{{{{{ends.text}}}}} closes nothing that is open")
        return Tree(Nested(body, self._deepest), self._defined)

    # Blocks.

    def _body(self, *, top: bool = False) -> tuple[Body, Token]:
        """Nodes up to `end`, `else` or the end of all, and the word that it is."""
        nodes: list[Node] = []
        while True:
            token = self._next()
            if token.kind is Kind.TEXT:
                nodes.append(Text(token.text))
                continue
            if token.kind is Kind.END:
                return tuple(nodes), token
            word = self._peek()
            if word.kind is not Kind.NAME or word.text not in _KEYWORDS or word.text in _CONSTANTS:
                nodes.append(Action(self._pipeline("an action", Kind.CLOSE, declares=1)))
                continue
            self._peek_past()
            if word.text in {"end", "else"}:
                return tuple(nodes), word
            node = self._keyword(word, top=top)
            if node is not None:
                nodes.append(node)

    def _keyword(self, word: Token, *, top: bool) -> Node | None:
        match word.text:
            case "if" | "with" | "range":
                return self._control(word)
            case "template":
                name = self._name_of(word)
                given = None if self._closed() else self._pipeline("template", Kind.CLOSE)
                return Call(name, given, word.at)
            case "block":
                name = self._name_of(word)
                given = self._pipeline("block", Kind.CLOSE)
                self._define(word, name)
                return Call(name, given, word.at)
            case "define":
                if not top:
                    raise self._refused(word, "a template is defined within nothing else; move {{define}} out")
                name = self._name_of(word)
                self._require_close(word)
                self._define(word, name)
                return None
            case _:
                if not self._loops:
                    raise self._refused(word, f"{{{{{word.text}}}}} stands outside of {{{{range}}}}")
                self._require_close(word)
                return Leave(word.text == "break")

    def _control(self, word: Token) -> Node:
        known = len(self._variables)
        loops = word.text == "range"
        self._deeper(word)
        pipeline = self._pipeline(word.text, Kind.CLOSE, declares=2 if loops else 1)
        self._loops += loops
        body, ends = self._body()
        self._loops -= loops
        otherwise: Body = ()
        if ends.text == "else" and ends.kind is Kind.NAME:
            following = self._peek()
            if following.kind is Kind.NAME and following.text == word.text and not loops:
                # `else if` is an `if` within `else`, closed by the same `end`.
                self._peek_past()
                otherwise, ends = (self._control(following),), following
            else:
                self._require_close(ends)
                otherwise, ends = self._body()
                self._require_end(word, ends)
        else:
            self._require_end(word, ends)
        self._depth -= 1
        del self._variables[known:]
        kinds: Mapping[str, type[If | With | Range]] = {"if": If, "with": With, "range": Range}
        return kinds[word.text](pipeline, body, otherwise)

    def _define(self, word: Token, name: str) -> None:
        before = self._variables, self._loops, self._depth, self._deepest
        self._variables, self._loops, self._deepest = ["$"], 0, self._depth
        self._deeper(word)
        body, ends = self._body()
        self._require_end(word, ends)
        new = Nested(body, self._deepest - before[2])
        self._variables, self._loops, self._depth, self._deepest = before
        old = self._defined.get(name)
        if old is None or old.is_empty:
            self._defined[name] = new
        elif not new.is_empty:
            raise self._refused(word, f"template {name!r} is defined twice")

    def _require_end(self, word: Token, ends: Token) -> None:
        if ends.kind is Kind.END:
            raise self._refused(word, f"{{{{{word.text}}}}} is never closed by {{{{end}}}}")
        if ends.text != "end":
            raise self._refused(ends, "a second {{else}} must not stand here")
        self._require_close(ends)

    def _require_close(self, word: Token) -> None:
        if not self._closed():
            raise self._refused(self._peek(), f"nothing more belongs into {{{{{word.text}}}}}")

    def _closed(self) -> bool:
        """Whether the action ends here; if so, it is past."""
        if self._peek().kind is not Kind.CLOSE:
            return False
        self._peek_past()
        return True

    def _name_of(self, word: Token) -> str:
        token = self._peek()
        if token.kind is not Kind.STRING:
            raise self._refused(token, f"{{{{{word.text}}}}} needs a name in quotes")
        self._peek_past()
        return self._text(token)

    # Pipelines.

    def _pipeline(self, context: str, closes: Kind, *, declares: int = 0) -> Pipeline:
        """A pipeline up to the closing braces, or the closing parenthesis, which is past then."""
        first = self._peek()
        names, assigns = self._declared(context, declares)
        commands: list[Command] = []
        while True:
            token = self._peek()
            ends = token.kind is Kind.CLOSE if closes is Kind.CLOSE else token.text == ")" and token.kind is Kind.MARK
            if ends:
                break
            if token.kind in {Kind.CLOSE, Kind.END} or (token.kind is Kind.MARK and token.text != "("):
                raise self._refused(token, f"{token.text.strip() or 'the end'!r} must not stand here")
            commands.append(self._command(len(commands)))
        if not commands:
            raise self._refused(token, f"{context} needs a value")
        self._peek_past()
        if assigns:
            for name in names:
                self._require_variable(first, name)
        else:
            self._variables += names
        return Pipeline(tuple(commands), tuple(names), assigns, first.at)

    def _declared(self, context: str, most: int) -> tuple[list[str], bool]:
        """The variables that a pipeline sets, and whether they are there already."""
        begins, names = self._at, list[str]()
        while self._peek().kind is Kind.VARIABLE and most:
            names.append(self._peek().text)
            self._peek_past()
            mark = self._peek()
            if mark.kind is Kind.MARK and mark.text in {":=", "="}:
                self._peek_past()
                if len(names) > most:
                    raise self._refused(mark, f"{context} sets {most} variables at most")
                return names, mark.text == "="
            if mark.kind is not Kind.MARK or mark.text != ",":
                break
            if most == 1:
                raise self._refused(mark, f"{context} sets one variable at most")
            self._peek_past()
        self._at = begins
        return [], False

    def _command(self, number: int) -> Command:
        """An operand and what it is given, up to the next `|` or the end of the pipeline; number: of those before it."""
        first = self._peek()
        operands: list[Operand] = []
        while True:
            operands.append(self._operand())
            token = self._tokens[self._at]
            if token.kind is not Kind.SPACE and token.kind is not Kind.CLOSE and token.text not in {")", "|"}:
                raise self._refused(token, f"{token.text!r} must not stand here; arguments are apart by spaces")
            token = self._peek()
            if token.kind is Kind.CLOSE or (token.kind is Kind.MARK and token.text in {")", "|"}):
                break
        if token.text == "|":
            self._peek_past()
            following = self._peek()
            if following.kind is Kind.CLOSE or following.text == ")":
                raise self._refused(token, "after '|' there must be a function")
        if isinstance(operands[0], Literal | Dot) and (number or len(operands) > 1):
            raise self._refused(first, f"{first.text!r} is no function that could be given something")
        if isinstance(operands[0], Literal) and operands[0].value is None:
            raise self._refused(first, "nil is no command")
        plain = (Pipeline,) if self._dialect.has_methods else (Variable, Field, Chain, Pipeline)
        if isinstance(operands[0], plain) and (number or len(operands) > 1):
            raise self._refused(first, f"{first.text!r} is no function, and takes no arguments")
        return Command(tuple(operands), first.at)

    def _operand(self) -> Operand:
        token = self._peek()
        operand = self._term(token)
        names: list[str] = []
        while self._tokens[self._at].kind is Kind.FIELD:
            names.append(self._tokens[self._at].text[1:])
            self._at += 1
        if not names:
            return operand
        match operand:
            case Field():
                return Field((*operand.names, *names), operand.at)
            case Variable():
                return Variable(operand.name, tuple(names), operand.at)
            case Literal() | Dot():
                raise self._refused(token, f"{token.text!r} has no fields")
            case _:
                return Chain(operand, tuple(names), token.at)

    def _term(self, token: Token) -> Operand:
        self._peek_past()
        literal = self._literal(token)
        if literal is not None:
            return literal
        match token.kind:
            case Kind.FIELD:
                return Field((token.text[1:],), token.at)
            case Kind.DOT:
                return Dot(token.at)
            case Kind.VARIABLE:
                self._require_variable(token, token.text)
                return Variable(token.text, (), token.at)
            case Kind.NAME if token.text not in _KEYWORDS:
                self._require_function(token)
                return Name(token.text, token.at)
            case Kind.MARK if token.text == "(":
                self._deeper(token)
                pipeline = self._pipeline("a pair of parentheses", Kind.MARK)
                self._depth -= 1
                return pipeline
            case _:
                raise self._refused(token, f"{token.text.strip()!r} must not stand here")

    def _require_variable(self, token: Token, name: str) -> None:
        if name not in self._variables:
            raise self._refused(token, f"there is no variable {name}")

    def _require_function(self, token: Token) -> None:
        unusable = self._dialect.unusable(token.text)
        if unusable:
            raise self._refused(token, unusable)

    # Constants.

    def _literal(self, token: Token) -> Literal | None:
        """The constant that a token is, None for one that is none."""
        value: object
        match token.kind:
            case Kind.NUMBER:
                value = self._number(token)
            case Kind.STRING:
                value = self._text(token)
            case Kind.CHARACTER:
                value = self._character(token)
            case Kind.NAME if token.text in _CONSTANTS:
                value = _CONSTANTS[token.text]
            case _:
                return None
        return Literal(value, token.at)

    def _number(self, token: Token) -> int | float:
        number = _read_number(token.text)
        if number is None:
            raise self._refused(token, f"{token.text!r} is no number")
        if isinstance(number, int) and not -_LONGEST_INTEGER <= number < _LONGEST_INTEGER:
            raise self._refused(token, f"{token.text} does not fit into 64 bits; write {token.text}.0")
        return number

    def _text(self, token: Token) -> str:
        try:
            return unquoted(token.text)
        except BadData as error:
            raise self._refused(token, error.message) from None

    def _character(self, token: Token) -> int:
        try:
            return rune(token.text)
        except BadData as error:
            raise self._refused(token, error.message) from None

    # Steps.

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind is not Kind.END
        return token

    def _peek(self) -> Token:
        """The next token that is no space, all before it skipped."""
        while self._tokens[self._at].kind is Kind.SPACE:
            self._at += 1
        return self._tokens[self._at]

    def _peek_past(self) -> None:
        self._at += 1

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        self._deepest = max(self._deepest, self._depth)
        if self._depth > MAX_DEPTH:
            raise self._refused(
                token, f"nested more than {MAX_DEPTH} deep; give parts names by {{{{define}}}} or variables"
            )

    def _refused(self, token: Token, problem: str) -> BadData:
        return refusal(self._source, token.at, problem)


def _read_number(text: str) -> int | float | None:
    """A number as Go writes them, None for what is none."""
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    try:
        if re.fullmatch(r"0[0-7_]+", digits):
            return sign * int(digits, 8)
        if re.fullmatch(r"0[xX][0-9a-fA-F_]+|0[oObB]\w+|[0-9_]+", digits):
            return sign * int(digits, 0)
        number = sign * (float.fromhex(digits) if digits[:2] in {"0x", "0X"} else float(digits))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
