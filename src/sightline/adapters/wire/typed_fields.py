"""Plain values into typed structs, by the types of their fields, with everything that is wrong collected by the path of its field.

A value is what JSON gives, or YAML with its `Bare` texts, which are whatever their field wants.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from sightline.adapters.wire.plain_yaml import Bare
from sightline.domain.errors import BadData, InvalidField
from sightline.domain.nearest import nearest
from sightline.domain.sizes import format_size, parse_size
from sightline.domain.timerange import format_duration, parse_duration

DURATIONS: Final = frozenset({"interval", "timeout", "retry_interval", "period", "grace"})
"""Fields that hold ms and are written as `60s`; a plain number is seconds."""
SIZES: Final = frozenset({"max_body"})
"""Fields that hold bytes and may be written as `1MiB`."""
MAX_TEXT: Final = 1 << 16
"""Characters of a text."""
MAX_ITEMS: Final = 1000
"""Elements of a list or a mapping."""
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_TRUE: Final = frozenset({"true", "True", "TRUE", "yes", "Yes", "on", "On"})
_FALSE: Final = frozenset({"false", "False", "FALSE", "no", "No", "off", "Off"})
_LONGEST: Final = 10 * 365 * 86_400_000


class Unread(Exception):
    """A value that cannot be used; what is wrong with it is among the problems."""


class TypedFields:
    """Reads one value, and collects what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[InvalidField] = []

    def object(self, path: str, reason: str, **detail: Any) -> None:
        """Note that something is wrong."""
        self.problems.append(InvalidField(f"{path or InvalidField.WHOLE}: {reason}", field=path, **detail))

    def refuse(self, path: str, reason: str) -> "Unread":
        """Likewise, of a value that cannot be used at all; to be raised."""
        self.object(path, reason)
        return Unread()

    def trying(self, path: str, parse: Callable[[], Any]) -> Any:
        """What a function makes of a value; None where it refuses it with BadData."""
        try:
            return parse()
        except BadData as error:
            self.object(path, error.message, **{k: v for k, v in error.detail.items() if k != "field"})
            return None

    def mapping(self, value: Any, path: str) -> Mapping[str, Any]:
        """An object, whose names are texts."""
        if not isinstance(value, Mapping):
            raise self.refuse(path, f"wants an object, not {said(value)}")
        if len(value) > MAX_ITEMS:
            raise self.refuse(path, f"has {len(value)} fields; {MAX_ITEMS} are allowed")
        return value

    def items(self, value: Any, path: str) -> Iterable[Any]:
        """The elements of a list; a single value is a list of it."""
        if value is None or (isinstance(value, Bare) and not value):
            return ()
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list | tuple):
            raise self.refuse(path, f"wants a list, not {said(value)}")
        if len(value) > MAX_ITEMS:
            raise self.refuse(path, f"has {len(value)} elements; {MAX_ITEMS} are allowed")
        return value

    def unknown(self, path: str, name: str, known: Iterable[str]) -> None:
        """Object to a field that nothing has."""
        known = tuple(known)
        near = nearest(name, known)
        meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        self.object(path, f"there is no such field: {meant}")

    def struct(self, kind: inspect.StructType, value: Any, path: str) -> Any:
        """A struct out of an object: its fields, and no others."""
        given = self.mapping(value, path)
        known = {field.name: field for field in kind.fields}
        found: dict[str, Any] = {}
        for name, one in given.items():
            place = joined(path, name)
            if name in known:
                try:
                    found[name] = self.read(known[name].type, one, place)
                except Unread:
                    continue
            elif name != kind.tag_field:
                self.unknown(place, name, known)
        missing = [name for name, field in known.items() if field.required and name not in given]
        for name in missing:
            self.object(joined(path, name), "is missing")
        if missing or any(field.required and name not in found for name, field in known.items()):
            raise Unread
        return kind.cls(**found)

    def read(self, kind: inspect.Type, value: Any, path: str) -> Any:
        """A value of a type.

        Raises:
            Unread: it is none; that is noted.
        """
        if isinstance(kind, inspect.StructType):
            return self.struct(kind, value, path)
        if isinstance(kind, inspect.UnionType):
            return self._union(kind, value, path)
        if isinstance(kind, inspect.DictType):
            given = self.mapping({} if _is_null(value) else value, path)
            return {name: self.text(one, joined(path, name)) for name, one in given.items()}
        if isinstance(kind, inspect.VarTupleType):
            return tuple(
                self.read(kind.item_type, one, f"{path}[{number}]")
                for number, one in enumerate(self.items(value, path))
            )
        return self._single(kind, value, path)

    def _single(self, kind: inspect.Type, value: Any, path: str) -> Any:
        if isinstance(kind, inspect.BoolType):
            return self.flag(value, path)
        if isinstance(kind, inspect.IntType):
            return self._number(kind, value, path)
        text = self.text(value, path)
        if isinstance(kind, inspect.LiteralType) and text not in kind.values:
            choices = [str(one) for one in kind.values]
            fitting = next((one for one in choices if one.lower() == text.lower()), None)
            if fitting is not None:
                return fitting
            raise self.refuse(path, f"{text[:40]!r} is none of {', '.join(one or 'nothing' for one in choices)}")
        return text

    def _union(self, kind: inspect.UnionType, value: Any, path: str) -> Any:
        structs = [one for one in kind.types if isinstance(one, inspect.StructType)]
        if _is_null(value):
            return None
        if len(structs) == 1:
            # `tls: true` says what an empty object says.
            if isinstance(value, bool) or (isinstance(value, Bare) and value in _TRUE | _FALSE):
                return structs[0].cls() if self.flag(value, path) else None
            return self.struct(structs[0], value, path)
        given = self.mapping(value, path)
        tags = {str(one.tag): one for one in structs}
        by_fields = [one for one in structs if {field.name for field in one.fields if field.required} <= set(given)]
        tag = str(given["type"]) if "type" in given else str(by_fields[0].tag) if len(by_fields) == 1 else ""
        if tag not in tags:
            raise self.refuse(joined(path, "type"), f"{tag[:40]!r} is none of {', '.join(tags)}")
        return self.struct(tags[tag], value, path)

    def text(self, value: Any, path: str) -> str:
        """A text; a number without quotes in YAML is one too."""
        if not isinstance(value, str):
            # It may be a secret.
            given = "a number" if isinstance(value, int | float) and not isinstance(value, bool) else said(value)
            raise self.refuse(path, f"wants a text, not {given}")
        if len(value) > MAX_TEXT:
            raise self.refuse(path, f"has {len(value)} characters; {MAX_TEXT} are allowed")
        return str(value)

    def flag(self, value: Any, path: str) -> bool:
        """True or false."""
        if isinstance(value, bool):
            return value
        if isinstance(value, Bare) and value in _TRUE | _FALSE:
            return value in _TRUE
        raise self.refuse(path, f"wants true or false, not {said(value)}")

    def _number(self, kind: inspect.IntType, value: Any, path: str) -> int:
        name = path.rpartition(".")[2]
        if name in DURATIONS:
            number = self.duration(value, path)
        elif name in SIZES and isinstance(value, str):
            number = self._parsed(lambda: parse_size(value), path)
        else:
            number = self._whole(value, path)
        for least, words in ((kind.ge, "at least"), (kind.le, "at most")):
            if least is not None and (number < least if words == "at least" else number > least):
                bound = format_duration(least) if name in DURATIONS else format_size(least) if name in SIZES else least
                raise self.refuse(path, f"wants {words} {bound}, not {said(value)}")
        return number

    def duration(self, value: Any, path: str) -> int:
        """A duration such as `60s`, or a number of seconds, as ms."""
        if isinstance(value, str) and not (isinstance(value, Bare) and _WHOLE.fullmatch(value)):
            text = value.strip()
            found = 0 if text == "0" else self._parsed(lambda: parse_duration(text), path)
        elif isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.refuse(path, f"wants a duration such as 60s, not {said(value)}")
        else:
            seconds = float(value)
            if not 0 <= seconds < _LONGEST:
                raise self.refuse(path, f"{value} is no number of seconds")
            found = round(1000 * seconds)
        if found > _LONGEST:
            raise self.refuse(path, "is longer than ten years")
        return found

    def _parsed(self, parse: Callable[[], int], path: str) -> int:
        try:
            return parse()
        except BadData as error:
            raise self.refuse(path, error.message) from None

    def _whole(self, value: Any, path: str) -> int:
        if isinstance(value, Bare) and _WHOLE.fullmatch(value):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(path, f"wants a whole number, not {said(value)}")
        return value


@lru_cache(64)
def struct_type(cls: type[msgspec.Struct]) -> inspect.StructType:
    """The fields of a struct, with their types."""
    found = inspect.type_info(cls)
    if not isinstance(found, inspect.StructType):  # pragma: no cover - it is given structs
        raise TypeError(cls)
    return found


def joined(path: str, name: str) -> str:
    """The path of a field of what stands at a path; a name that is no word stands in brackets."""
    if not re.fullmatch(r"[A-Za-z_][\w-]*", name):
        return f"{path}[{name[:60]!r}]"
    return f"{path}.{name}" if path else name


def said(value: Any) -> str:
    """What somebody gave, for messages."""
    if _is_null(value):
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return repr(str(value)[:40]) if isinstance(value, str) else str(value)[:40]


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, Bare) and not value)
