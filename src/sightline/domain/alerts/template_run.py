"""Templates made ready to be filled many times: their trees as functions, each of which does one thing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sightline.domain.alerts.go_format import printed, too_long
from sightline.domain.alerts.go_functions import SHORT_CIRCUITS
from sightline.domain.alerts.go_values import Arguments, Function, Items, Record, Texts, Typed, is_true, type_name
from sightline.domain.alerts.template_dialect import Dialect
from sightline.domain.alerts.template_lexer import brief, place, refusal
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
from sightline.domain.alerts.template_parse import MAX_DEPTH
from sightline.domain.errors import Unprocessable

TEXT_OF_A_STEP: Final = 64
"""How many characters cost as much as a node."""

_ITEMS_OF_A_STEP: Final = 8


class Run:
    """One filling: what is written so far, and what may still be done."""

    __slots__ = ("data", "depth", "dialect", "left", "named", "pieces", "steps")

    def __init__(self, data: object, dialect: Dialect, named: "Mapping[str, Named]") -> None:
        """named: the templates that this one may call."""
        self.data = data
        self.dialect = dialect
        self.named = named
        self.depth = 0
        self.steps = dialect.steps
        self.left = dialect.output
        self.pieces: list[str] = []

    def write(self, text: str) -> None:
        """Add text of the template, or text that is made ready, to what is written.

        Raises:
            Unprocessable: it passes the dialect's bound.
        """
        self.left -= len(text)
        if self.left < 0:
            raise too_long(self.dialect.output)
        self.pieces.append(text)

    def show(self, value: object) -> None:
        """Add a value.

        Raises:
            Unprocessable: it passes the dialect's bound.
        """
        self.write(value if isinstance(value, str) else "<no value>" if value is None else printed(value))

    def charge(self, steps: int) -> None:
        """Take steps.

        Raises:
            Unprocessable: none are left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise Unprocessable(f"more than {self.dialect.steps} steps; make the template do less")


class Frame:
    """Where a template is: what it looks at, and its variables by their numbers."""

    __slots__ = ("dot", "run", "variables")

    def __init__(self, run: Run, dot: object) -> None:
        self.run = run
        self.dot = dot
        self.variables: dict[int, object] = {_ROOT: dot}


Evaluate = Callable[[Frame], object]
"""Gives a value."""

Do = Callable[[Frame], bool | None]
"""Does something; True is `break` and False is `continue`, on their way to the loop."""

Failing = Callable[[str], Unprocessable]
"""Makes the error of a problem."""

_ROOT: Final = 0
"""The number of `$`, which is what a template looked at when it began."""


@dataclass(frozen=True, slots=True)
class Named:
    """A template that others may call. depth: how deep it is nested."""

    do: Do
    depth: int
    is_empty: bool = False


class Compiler:
    """Makes functions of the trees of one source."""

    def __init__(self, source: str, tree: Tree, dialect: Dialect, file: str = "") -> None:
        """file: what the source is called in messages, empty where there is but one."""
        self._source = source
        self._tree = tree
        self._dialect = dialect
        self._file = file
        self._name = ""
        self._scope: list[str] = []
        self._numbers: list[int] = []
        self._count = 0

    def named(self) -> dict[str, Named]:
        """The templates that it defines.

        Raises:
            BadData: a function with too few or too many arguments.
        """
        return {name: self._compiled(name, nested) for name, nested in self._tree.defined.items()}

    def whole(self) -> Named:
        """The template itself, which begins with all of the data to look at.

        Raises:
            BadData: a function with too few or too many arguments.
        """
        return self._compiled("", self._tree.top)

    def _compiled(self, name: str, nested: Nested) -> Named:
        self._scope, self._numbers, self._count, self._name = ["$"], [_ROOT], 1, name
        variables = {} if name else self._dialect.variables
        before = [self._set(variable, Field((field,), 0)) for variable, field in variables.items()]
        whole = self._body(nested.body)
        needed = tuple(each for each, variable in zip(before, variables, strict=True) if variable in self._source)

        def do(frame: Frame) -> None:
            for each in needed:
                each(frame)
            whole(frame)

        return Named(do if needed else whole, nested.depth, nested.is_empty)

    def _declare(self, name: str) -> int:
        number = self._count
        self._count += 1
        self._scope.append(name)
        self._numbers.append(number)
        return number

    def _number_of(self, name: str) -> int:
        """The number of the variable of that name that was declared last."""
        return self._numbers[len(self._scope) - 1 - self._scope[::-1].index(name)]

    def _leave(self, known: int) -> None:
        del self._scope[known:], self._numbers[known:]

    def _set(self, name: str, operand: Operand) -> Callable[[Frame], None]:
        evaluate, number = self._operand(operand), self._declare(name)

        def put(frame: Frame) -> None:
            frame.variables[number] = evaluate(frame)

        return put

    def _body(self, body: Body) -> Do:
        known = len(self._scope)
        nodes = tuple([self._node(node) for node in body])
        self._leave(known)
        count = len(nodes)

        def do(frame: Frame) -> bool | None:
            frame.run.charge(count)
            for node in nodes:
                left = node(frame)
                if left is not None:
                    return left
            return None

        return do

    def _node(self, node: Node) -> Do:
        match node:
            case Text(text):
                return lambda frame: frame.run.write(text)
            case Action(pipeline):
                return self._action(pipeline)
            case If(pipeline, body, otherwise) | With(pipeline, body, otherwise):
                return self._branch(pipeline, body, otherwise, looks=isinstance(node, With))
            case Range(pipeline, body, otherwise):
                return self._range(pipeline, body, otherwise)
            case Leave(breaks):
                return lambda _: breaks
            case Call():
                return self._call(node)

    def _action(self, pipeline: Pipeline) -> Do:
        evaluate = self._pipeline(pipeline)
        if pipeline.declares:

            def assign(frame: Frame) -> None:
                evaluate(frame)

            return assign

        def write(frame: Frame) -> None:
            frame.run.show(evaluate(frame))

        return write

    def _branch(self, pipeline: Pipeline, body: Body, otherwise: Body, *, looks: bool) -> Do:
        known = len(self._scope)
        evaluate, then, instead = self._pipeline(pipeline), self._body(body), self._body(otherwise)
        self._leave(known)

        def branch(frame: Frame) -> bool | None:
            value = evaluate(frame)
            if not is_true(value):
                return instead(frame)
            if not looks:
                return then(frame)
            dot, frame.dot = frame.dot, value
            left = then(frame)
            frame.dot = dot
            return left

        return branch

    def _range(self, pipeline: Pipeline, body: Body, otherwise: Body) -> Do:
        known = len(self._scope)
        evaluate, failed = self._commands(pipeline), self._failing(pipeline.at, "range")
        numbers = self._targets(pipeline)
        then, instead = self._body(body), self._body(otherwise)
        self._leave(known)

        def loop(frame: Frame) -> bool | None:
            value, empty, dot, variables = evaluate(frame), True, frame.dot, frame.variables
            for key, each in _elements(value, failed):
                empty = False
                frame.run.charge(1)
                if len(numbers) > 1:
                    variables[numbers[0]] = key
                if numbers:
                    variables[numbers[-1]] = each
                frame.dot = each
                if then(frame):
                    break
            frame.dot = dot
            return instead(frame) if empty else None

        return loop

    def _call(self, node: Call) -> Do:
        given = None if node.pipeline is None else self._pipeline(node.pipeline)
        failed = self._failing(node.at, "template")

        def call(frame: Frame) -> None:
            run = frame.run
            named = run.named.get(node.name)
            if named is None:
                raise failed(f"template {node.name!r} is not defined")
            value = None if given is None else given(frame)
            run.depth += 1 + named.depth
            if run.depth > MAX_DEPTH:
                raise failed(f"templates are nested more than {MAX_DEPTH} deep; let them call less")
            named.do(Frame(run, value))
            run.depth -= 1 + named.depth

        return call

    def _pipeline(self, pipeline: Pipeline) -> Evaluate:
        evaluate = self._commands(pipeline)
        if not pipeline.declares:
            return evaluate
        (number,) = self._targets(pipeline)

        def assign(frame: Frame) -> object:
            value = frame.variables[number] = evaluate(frame)
            return value

        return assign

    def _targets(self, pipeline: Pipeline) -> list[int]:
        """The numbers of the variables that a pipeline sets."""
        return [self._number_of(name) if pipeline.assigns else self._declare(name) for name in pipeline.declares]

    def _commands(self, pipeline: Pipeline) -> Evaluate:
        first, *others = pipeline.commands
        evaluate = self._command(first, None)
        if not others:
            return evaluate
        rest: list[tuple[int, Evaluate]] = []
        for command in others:
            number = self._count
            self._count += 1
            rest.append((number, self._command(command, _reader(number))))

        def one_after_another(frame: Frame) -> object:
            value = evaluate(frame)
            for number, following in rest:
                frame.variables[number] = value
                value = following(frame)
            return value

        return one_after_another

    def _command(self, command: Command, before: Evaluate | None) -> Evaluate:
        first, *rest = command.operands
        if isinstance(first, Name):
            arguments = [self._operand(each) for each in rest]
            return self._function(first, arguments if before is None else [*arguments, before])
        given = [] if before is None else [before]
        if rest or given:
            return self._method(first, [*[self._operand(each) for each in rest], *given])
        return self._operand(first)

    def _method(self, operand: Operand, arguments: list[Evaluate]) -> Evaluate:
        """Fields of which the last one is a method that is given arguments."""
        if isinstance(operand, Field | Variable | Chain) and operand.names:
            return self._fields(self._owner(operand), operand.names, operand.at, arguments)
        raise refusal(self._source, operand.at, "what stands here is no function, and takes no arguments")

    def _operand(self, operand: Operand) -> Evaluate:
        match operand:
            case Literal(value):
                return lambda _: value
            case Dot():
                return _dot
            case Name():
                return self._function(operand, [])
            case Pipeline():
                return self._pipeline(operand)
            case Field() | Variable() | Chain():
                return self._fields(self._owner(operand), operand.names, operand.at)

    def _owner(self, operand: Field | Variable | Chain) -> Evaluate:
        """What gives the value whose fields an operand names."""
        match operand:
            case Field():
                return _dot
            case Variable(name):
                return _reader(self._number_of(name))
            case Chain(of):
                return self._operand(of)

    def _fields(self, of: Evaluate, names: tuple[str, ...], at: int, arguments: Sequence[Evaluate] = ()) -> Evaluate:
        """A field of a value, a field of that, and so on. arguments: of the last, which is then a method."""
        if not names:
            return of
        steps = [(name, self._failing(at, f".{name}")) for name in names]
        last = len(steps) - 1

        def get(frame: Frame) -> object:
            value = of(frame)
            for number, (name, failed) in enumerate(steps):
                given = [each(frame) for each in arguments] if number == last else []
                method = value.METHODS.get(name) if isinstance(value, Typed) else None
                if method is not None:
                    value = _called(frame.run, method, value, given, failed)
                elif given:
                    raise failed(f"{name} is no method of {type_name(value)}, and takes no arguments")
                else:
                    value = _field(value, name, failed)
            return value

        return get

    def _function(self, name: Name, arguments: list[Evaluate]) -> Evaluate:
        given = tuple(arguments)
        if name.name in SHORT_CIRCUITS:
            self._require_count(name, Function(is_true, 1, None), len(given))
            return _short_circuit(given, stops=name.name == "or")
        function = self._dialect.functions[name.name]
        self._require_count(name, function, len(given))
        call, texts, failed = function.call, function.texts, self._failing(name.at, name.name)

        def evaluate(frame: Frame) -> object:
            values = [each(frame) for each in given]
            for number, value in enumerate(values):
                if number < texts and not isinstance(value, str):
                    raise failed(f"wrong type for value; expected string; got {type_name(value)}")
            run = frame.run
            run.charge(1 + _size(values))
            try:
                result = call(run.data, *values) if function.with_data else call(*values)
                _charge_result(run, result)
            except Unprocessable as error:
                raise failed(error.message) from None
            return result

        return evaluate

    def _require_count(self, name: Name, function: Function, count: int) -> None:
        if count < function.least or (function.most is not None and count > function.most):
            wanted = f"{function.least}" if function.most == function.least else f"at least {function.least}"
            if count > function.least and function.most != function.least:
                wanted = f"at most {function.most}"
            raise refusal(self._source, name.at, f"{name.name} takes {wanted} arguments, and has {count}")

    def _failing(self, at: int, what: str) -> Failing:
        """What makes an error of a problem at a character, with the name and file of the template, where these are known."""
        source, name, file = self._source, self._name, self._file

        def failed(problem: str) -> Unprocessable:
            line, column = place(source, at)
            whose = f"{name!r} of {file}, " if name and file else f"{name or file}, " if name or file else ""
            return Unprocessable(f"{whose}line {line}, column {column}, {what}: {brief(problem)}")

        return failed


def _called(run: Run, method: Function, value: object, given: list[object], failed: Failing) -> object:
    """What a method gives."""
    if len(given) < method.least or (method.most is not None and len(given) > method.most):
        raise failed(f"wrong number of arguments: {method.least} are wanted, and there are {len(given)}")
    run.charge(1 + _size([value, *given]))
    try:
        result = method.call(value, *given)
        _charge_result(run, result)
    except Unprocessable as error:
        raise failed(error.message) from None
    return result


def _size(values: Sequence[object]) -> int:
    """How many steps it takes to look at all of the values."""
    size = 0
    for value in values:
        if isinstance(value, str):
            size += len(value) // TEXT_OF_A_STEP
        elif isinstance(value, Texts | Items):
            size += len(value) // _ITEMS_OF_A_STEP
    return size


def _charge_result(run: Run, result: object) -> None:
    if isinstance(result, str) and len(result) > TEXT_OF_A_STEP:
        if len(result) > run.dialect.output:
            raise too_long(run.dialect.output)
        run.charge(len(result) // TEXT_OF_A_STEP)


def _field(value: object, name: str, failed: Failing) -> object:
    if isinstance(value, Texts):
        return value.get(name, "")
    if isinstance(value, Arguments):
        return value.get(name)
    fields = value.fields() if isinstance(value, Record) else {}
    if name not in fields:
        raise failed(f"there is no field {name} in {type_name(value)}")
    return fields[name]


def _elements(value: object, failed: Failing) -> Iterator[tuple[object, object]]:
    """What a range goes over: the entries of a map in order of their keys, or the numbers below one."""
    match value:
        case Texts() | Arguments():
            yield from sorted(value.items(), key=lambda entry: entry[0])
        case Items():
            yield from enumerate(value)
        case None:
            return
        case int() if not isinstance(value, bool | Typed):
            for number in range(value):
                yield number, number
        case _:
            raise failed(f"no range over a value of type {type_name(value)}")


def _dot(frame: Frame) -> object:
    """Gives what is looked at."""
    return frame.dot


def _reader(number: int) -> Evaluate:
    """What gives the variable of that number."""
    return lambda frame: frame.variables[number]


def _short_circuit(given: tuple[Evaluate, ...], *, stops: bool) -> Evaluate:
    """The first value whose truth is `stops`, else the last."""

    def evaluate(frame: Frame) -> object:
        value: object = None
        for each in given:
            frame.run.charge(1)
            value = each(frame)
            if is_true(value) is stops:
                break
        return value

    return evaluate
