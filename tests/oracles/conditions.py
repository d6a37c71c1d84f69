"""Conditions by their definition: trees of tuples, judged over a plain mapping, with a third truth for what is not there."""

from collections.abc import Mapping
from typing import Any

Tree = tuple[Any, ...]
ABSENT = object()


def text_of(tree: Tree) -> str:
    """The tree as a condition, with a parenthesis wherever one may be."""
    match tree:
        case ("not", part):
            return f"not ({text_of(part)})"
        case ("and" | "or" as word, parts):
            return f" {word} ".join(f"({text_of(part)})" for part in parts)
        case ("has", name):
            return f"has({name})"
        case (name, op, literal):
            return f"{name} {op} {_literal(name, literal)}"
    raise AssertionError(tree)


def truth(tree: Tree, values: Mapping[str, Any]) -> bool | None:
    """Whether it holds; None where nobody can tell."""
    match tree:
        case ("not", part):
            found = truth(part, values)
            return None if found is None else not found
        case ("and", parts):
            truths = [truth(part, values) for part in parts]
            return False if False in truths else None if None in truths else True
        case ("or", parts):
            truths = [truth(part, values) for part in parts]
            return True if True in truths else None if None in truths else False
        case ("has", name):
            return values[name] is not ABSENT
        case (name, op, literal):
            return None if values[name] is ABSENT else _compared(values[name], op, literal)
    raise AssertionError(tree)


def _compared(value: Any, op: str, literal: Any) -> bool:
    return {
        "==": lambda: bool(value == literal),
        "!=": lambda: bool(value != literal),
        "<": lambda: bool(value < literal),
        "<=": lambda: bool(value <= literal),
        ">": lambda: bool(value > literal),
        ">=": lambda: bool(value >= literal),
        "contains": lambda: literal in value,
        "in": lambda: bool(literal[0] <= value <= literal[1]),
    }[op]()


def _literal(name: str, literal: Any) -> str:
    if isinstance(literal, tuple):
        return f"{_literal(name, literal[0])}..{_literal(name, literal[1])}"
    if isinstance(literal, str):
        return '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{literal}ms" if name in {"latency", "phase.connect"} else str(literal)
