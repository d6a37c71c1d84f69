"""YAML as plain lists, mappings and texts, where what stands without quotes stays as it is written until its type is known."""

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from sightline.adapters.wire.yaml_tree import Branches, Leaf, Leaves, Tree, read_tree, read_trees

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][+-]?[0-9]{1,3})?")


class Bare(str):
    """A value without quotes: a text, a number or a flag, as whoever reads it wants. Empty is null."""

    __slots__ = ()


def read_plain(text: bytes) -> Any:
    """One document of YAML: dict, list, str and Bare; None when it is empty.

    Raises:
        BadData: as `read_tree`.
    """
    tree = read_tree(text)
    return None if tree is None else _plain(tree)


def read_plains(text: bytes, most: int) -> list[Any]:
    """Several documents, likewise; empty ones are left out.

    Raises:
        BadData: as `read_trees`.
    """
    return [_plain(tree) for tree in read_trees(text, most)]


def guessed(value: Any) -> Any:
    """The same with what stands without quotes as YAML's core schema takes it: null, flags, numbers, else texts."""
    if isinstance(value, dict):
        return {name: guessed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [guessed(one) for one in value]
    return _guess(value) if isinstance(value, Bare) else value


def _guess(text: Bare) -> Any:
    if not text:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else str(text)


def write_plain(value: Any) -> str:
    """A YAML document of dicts, lists, texts, numbers and flags, in the order given."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


if TYPE_CHECKING:
    _Fastest = yaml.SafeDumper
else:
    _Fastest = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Fastest):
    """Writes texts of several lines as blocks, and tuples as lists."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_block = "\n" in text and not any(line != line.rstrip() for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if is_block else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)


def _plain(tree: Tree) -> Any:
    if isinstance(tree, Leaf):
        return tree.text if tree.is_text else Bare(tree.text)
    if isinstance(tree, Leaves):
        return [_plain(one) for one in tree.items]
    branches: Branches = tree
    return {name: _plain(one) for name, one in branches.fields.items()}
