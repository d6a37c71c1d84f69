"""What becomes of another program's checks: definitions, and in words whatever has no place here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sightline.adapters.wire.check import try_check
from sightline.adapters.wire.check_rules import RESERVED
from sightline.domain.probes.check import MAX_NAME, Definition
from sightline.domain.probes.quantity import quoted

MAX_BYTES: Final = 32 << 20
"""Of a file."""
MAX_NOTES: Final = 5_000
_NOT_A_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_VARIABLE: Final = re.compile(r"\$\{\w+\}|\$[A-Z_]{3,}")
_PLAIN_PATH: Final = re.compile(r"(?:\.?[A-Za-z_][\w-]*|\[-?\d+\])(?:\.[A-Za-z_][\w-]*|\[-?\d+\])*")


@dataclass(frozen=True, slots=True)
class Imported:
    """definitions: in the order of the file, each with a name of its own. left_out: one sentence each, with the path in front."""

    definitions: tuple[Definition, ...]
    left_out: tuple[str, ...]


class Importing:
    """Gathers the checks of one file."""

    def __init__(self) -> None:
        self._definitions: dict[str, Definition] = {}
        self._left_out: dict[str, None] = {}

    def result(self) -> Imported:
        """All that was gathered."""
        return Imported(tuple(self._definitions.values()), tuple(self._left_out)[:MAX_NOTES])

    def tell(self, path: str, reason: str) -> None:
        """Note what is left out."""
        self._left_out[f"{path}: {reason}"] = None

    def tell_others(self, given: Mapping[str, Any], known: frozenset[str], path: str, what: str = "it") -> None:
        """Note every field that says something and that nobody reads."""
        for name, value in given.items():
            if name not in known and value not in (None, "", [], {}, False, 0, "false", "0"):
                self.tell(f"{path}.{name}", f"{what} has no place here")

    def name(self, wanted: str, otherwise: str = "") -> str:
        """A name that no check has yet: as it is wanted, else in its longer form, else with a number."""
        wanted = _printable(wanted) or "unnamed"
        for candidate in (wanted, _printable(otherwise)):
            if candidate and candidate not in self._definitions:
                return candidate
        number = 2
        while f"{wanted[: MAX_NAME - 8]} ({number})" in self._definitions:
            number += 1
        return f"{wanted[: MAX_NAME - 8]} ({number})"

    def add(self, value: Mapping[str, Any], path: str) -> bool:
        """Take a definition as people would write it; where it cannot be, why is told."""
        definition, problems = try_check(dict(value))
        for problem in problems:
            self.tell(path, f"not imported: {problem.message}")
        if definition is None:
            return False
        self._definitions[definition.name] = definition
        return True

    def label(self, name: str, value: str, path: str) -> tuple[str, str]:
        """A tag as a label: what a label's name cannot have becomes `_`."""
        label = _NOT_A_LABEL.sub("_", name)
        label = f"_{label}" if not label or label[0].isdigit() else label
        label = f"tag_{label.lstrip('_')}" if label.startswith("__") or label in RESERVED else label
        if label != name:
            self.tell(path, f"the tag {name[:60]!r} is called {label!r} here")
        return label, _printable(value) or "true"

    def tell_variables(self, value: Any, path: str) -> None:
        """Note what stands for a variable of the environment, which nobody replaces here."""
        if isinstance(value, Mapping):
            for name, one in value.items():
                self.tell_variables(one, f"{path}.{name}")
        elif isinstance(value, list):
            for number, one in enumerate(value):
                self.tell_variables(one, f"{path}[{number}]")
        elif isinstance(value, str) and (found := _VARIABLE.search(value)) is not None:
            self.tell(path, f"{found[0]} is taken as it stands: replace it by its value before importing")


def json_path(text: str) -> str | None:
    """A path of names and indexes, with or without `$`, as JSONPath; None where it is something else."""
    rest = text.strip().removeprefix("$").removeprefix(".") if text.strip() != "$" else ""
    if not rest:
        return "$"
    if not _PLAIN_PATH.fullmatch(rest):
        return None
    return f"${rest}" if rest.startswith("[") else f"$.{rest}"


def loose(text: str) -> str:
    """What follows a JSON value in a condition that compares it with a text as others do, who tell 5 from "5" not."""
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,15})(?:\.\d{1,10})?", text) or text in {"true", "false"}:
        return f"in ({text}, {quoted(text)})"
    return f"== {quoted(text)}"


def flag(value: Any, *, otherwise: bool = False) -> bool:
    """True or false of JSON or YAML; `otherwise` where it is not given."""
    if value is None or value == "":
        return otherwise
    return str(value).lower() in {"true", "yes", "on", "1"}


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text).strip()[:MAX_NAME].strip()
