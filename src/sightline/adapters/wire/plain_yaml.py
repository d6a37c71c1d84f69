"""YAML as plain lists, mappings and texts, where what stands without quotes stays as it is written until its type is known."""

from typing import Any

import yaml

from sightline.adapters.wire.yaml_tree import Branches, Leaf, Leaves, Tree, read_tree


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


def write_plain(value: Any) -> str:
    """A YAML document of dicts, lists, texts, numbers and flags, in the order given."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
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
