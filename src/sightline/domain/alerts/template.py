"""Templates in the labels and annotations of alerts, as Prometheus expands them.

They are those of Go's text/template (https://pkg.go.dev/text/template) with the functions of Prometheus
(https://prometheus.io/docs/prometheus/latest/configuration/template_reference/). A template is parsed once and filled for every
element of a result:

    {{ $labels.instance }} is at {{ $value | printf "%.1f" }} %{{ if gt $value 95.0 }}, act now{{ end }}

One that asks queries is filled again and again until all that it asks is answered: `asked` tells what is still to be asked.

What one may take of time and memory is bounded: `MAX_SOURCE`, `MAX_DEPTH`, `MAX_STEPS` and `MAX_OUTPUT`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sightline.domain.alerts.go_format import MAX_OUTPUT
from sightline.domain.alerts.go_values import NO_ANSWERS, Answers, Data, Texts
from sightline.domain.alerts.template_dialect import MAX_SOURCE, MAX_STEPS
from sightline.domain.alerts.template_functions import RULES, Asked
from sightline.domain.alerts.template_nodes import (
    Action,
    Body,
    Call,
    Chain,
    Dot,
    Field,
    If,
    Name,
    Node,
    Operand,
    Pipeline,
    Range,
    Text,
    Tree,
    Variable,
    With,
)
from sightline.domain.alerts.template_parse import MAX_DEPTH, parse_tree
from sightline.domain.alerts.template_run import Compiler, Frame, Named, Run
from sightline.domain.errors import BadData, Unprocessable
from sightline.domain.labels import Labels

__all__ = ["MAX_DEPTH", "MAX_OUTPUT", "MAX_SOURCE", "MAX_STEPS", "Template", "parse_template", "shown_template"]

_NONE: Final[Mapping[str, Named]] = {}


@dataclass(frozen=True, slots=True)
class Template:
    """A template, ready to be filled. uses_value: whether the text may change with the value.

    asks: whether it may ask queries. whole: fills it; None where it is the same text, `fixed`, for every element. named: what it
    defines.
    """

    whole: Named | None
    fixed: str
    uses_value: bool
    named: Mapping[str, Named] = field(default_factory=lambda: _NONE)
    asks: bool = False

    def fill(self, labels: Labels, value: float, external_url: str = "", answers: Answers = NO_ANSWERS) -> str:
        """The text for one element of a result; where it cannot be made, a text that says why, as Prometheus does."""
        try:
            return self._filled(labels, value, external_url, answers)
        except Unprocessable as error:
            return _failure(error.message)
        except Asked as asked:
            return _failure(f"query {asked.text[:100]!r} was not asked")

    def asked(self, labels: Labels, value: float, external_url: str, answers: Answers) -> str | None:
        """The next query that has to be answered to fill it; None when it can be filled."""
        if not self.asks:
            return None
        try:
            self._filled(labels, value, external_url, answers)
        except Unprocessable:
            pass
        except Asked as asked:
            return asked.text
        return None

    def _filled(self, labels: Labels, value: float, external_url: str, answers: Answers) -> str:
        if self.whole is None:
            return self.fixed
        data = Data(Texts(labels), value, external_url, answers=answers)
        run = Run(data, RULES, self.named)
        run.depth = self.whole.depth
        self.whole.do(Frame(run, data))
        return "".join(run.pieces)


def parse_template(text: str) -> Template:
    """Read a template.

    Raises:
        BadData: it is none, or it uses a variable or function that is not there; the message says where and why, and its detail has
            `line` and `column`.
    """
    tree = parse_tree(text, RULES)
    compiler = Compiler(text, tree, RULES)
    named, body = compiler.named(), tree.top.body
    if all(isinstance(node, Text) for node in body):
        return Template(None, "".join([node.text for node in body if isinstance(node, Text)]), uses_value=False)
    return Template(compiler.whole(), "", _uses_value(tree), named, _asks(tree))


def shown_template(text: str) -> Template:
    """Read a template; one that cannot be read is the text that says why, whatever it is filled with."""
    try:
        return parse_template(text)
    except BadData as error:
        return Template(None, _failure(error.message), uses_value=False)


def _failure(message: str) -> str:
    return f"<error expanding template: {message}>"


def _asks(tree: Tree) -> bool:
    """Whether `query` stands anywhere in it."""
    bodies = (nested.body for nested in (tree.top, *tree.defined.values()))
    operands = (operand for body in bodies for operand, _ in _operands(body, whole=False))
    return any(isinstance(operand, Name) and operand.name == "query" for operand in operands)


def _uses_value(tree: Tree) -> bool:
    """Whether the value, or all of the data, is mentioned where it may be meant."""
    bodies = [(tree.top.body, True), *((nested.body, False) for nested in tree.defined.values())]
    return any(_of_value(operand, whole=whole) for body, top in bodies for operand, whole in _operands(body, whole=top))


def _of_value(operand: Operand, *, whole: bool) -> bool:
    """Whether an operand may be the value. whole: whether `.` is all of the data in its place."""
    match operand:
        case Dot():
            return whole
        case Field(names):
            return names[0] == "Value"
        case Variable(name, names):
            return name == "$value" or (name == "$" and names[:1] in {(), ("Value",)})
        case _:
            return False


def _operands(body: Body, *, whole: bool) -> Iterator[tuple[Operand, bool]]:
    """All operands of a body, each with whether `.` is all of the data there."""
    for node in body:
        for pipeline in _pipelines(node):
            for operand in _within(pipeline):
                yield operand, whole
        match node:
            case If(_, then, otherwise):
                yield from _operands(then, whole=whole)
                yield from _operands(otherwise, whole=whole)
            case With(_, then, otherwise) | Range(_, then, otherwise):
                yield from _operands(then, whole=False)
                yield from _operands(otherwise, whole=whole)


def _pipelines(node: Node) -> list[Pipeline]:
    match node:
        case Action(pipeline) | If(pipeline) | With(pipeline) | Range(pipeline):
            return [pipeline]
        case Call(_, pipeline) if pipeline is not None:
            return [pipeline]
        case _:
            return []


def _within(operand: Operand) -> Iterator[Operand]:
    """An operand and all that it is made of."""
    yield operand
    match operand:
        case Pipeline(commands):
            for command in commands:
                for each in command.operands:
                    yield from _within(each)
        case Chain(of):
            yield from _within(of)
