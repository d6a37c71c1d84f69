"""Label sets, their identity, and matchers over them (the Prometheus data model)."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Self

from typing_extensions import override

from sightline.domain.errors import InvalidLabel
from sightline.domain.regex import certain_prefix, compiled_regex

METRIC_NAME: Final = "__name__"
# 0xff never occurs in UTF-8, so the joined bytes of two different label sets always differ.
_SEPARATOR: Final = b"\xff"
_MOST_BYTES: Final = 4  # of one character
SERIES_KEY: Final = b"sightline.series"
METRIC_KEY: Final = b"sightline.metric"
"""The keys of the ids of series and of metrics."""


class Labels(tuple[tuple[str, str], ...]):
    """An immutable label set: (name, value) pairs sorted by name, each name once, no empty values.

    The constructor trusts its input; `Labels.of` sorts and drops empty values. The metric name is the label `__name__`.
    """

    __slots__ = ()

    @classmethod
    def of(cls, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = (), /, **labels: str) -> Self:
        """Build a canonical set from pairs in any order; a label with an empty value is the same as no label."""
        found = dict(pairs)
        found.update(labels)
        return cls(sorted((name, value) for name, value in found.items() if value != ""))

    @property
    def name(self) -> str:
        """The metric name, or the empty string."""
        if self and self[0][0] == METRIC_NAME:  # before all that begins with a small letter
            return self[0][1]
        return self.get(METRIC_NAME)

    def get(self, name: str, default: str = "") -> str:
        """The value of a label, or `default`."""
        for known, value in self:
            if known == name:
                return value
        return default

    def keep(self, names: Iterable[str]) -> "Labels":
        """Only the labels in `names`."""
        wanted = frozenset(names)
        return Labels(pair for pair in self if pair[0] in wanted)

    def drop(self, names: Iterable[str]) -> "Labels":
        """All labels but those in `names`."""
        unwanted = frozenset(names)
        return Labels(pair for pair in self if pair[0] not in unwanted)

    def canonical(self) -> bytes:
        """The bytes that identify the set: name, 0xff, value, 0xff, ... in order of name."""
        text = "\0".join(chain.from_iterable(self))
        if text.count("\0") == 2 * len(self) - 1:  # encoded at once; no part holds what stands between them
            return text.encode().replace(b"\0", _SEPARATOR)
        return _SEPARATOR.join(part.encode() for pair in self for part in pair)

    @classmethod
    def from_canonical(cls, data: bytes) -> Self:
        """The set whose `canonical()` bytes these are."""
        if not data:
            return cls()
        texts = [part.decode() for part in data.split(_SEPARATOR)]
        return cls(zip(texts[0::2], texts[1::2], strict=True))

    @override
    def __str__(self) -> str:
        """The set as it is written in PromQL: `name{a="b"}`."""
        inner = ",".join(f'{name}="{_escape(value)}"' for name, value in self if name != METRIC_NAME)
        return f"{self.name}{{{inner}}}" if inner or not self.name else self.name


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def series_id(labels: Labels) -> int:
    """The 64-bit id of a label set: keyed BLAKE2b over its canonical bytes, so that all nodes agree without talking."""
    return int.from_bytes(hashlib.blake2b(labels.canonical(), digest_size=8, key=SERIES_KEY).digest(), "little")


@lru_cache(4096)
def metric_id(name: str) -> int:
    """The 64-bit id of a metric name: what samples of one metric lie together by."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8, key=METRIC_KEY).digest(), "little")


@dataclass(frozen=True, slots=True)
class LabelLimits:
    """Bounds on what a series may look like."""

    labels: int = 128
    name_bytes: int = 1024
    value_bytes: int = 8192


def check(labels: Labels, limits: LabelLimits) -> None:
    """Refuse a label set that cannot be a series.

    Names are UTF-8 as in Prometheus 3; `__name__` must be present; names are distinct and not empty.

    Raises:
        InvalidLabel: the message names the label and the rule or limit it breaks.
    """
    if len(labels) > limits.labels:
        message = f"series {labels.name[:200]}: {len(labels)} labels: intake.labels allows {limits.labels}"
        raise InvalidLabel(message)
    if not labels.name:
        message = f"series {str(labels)[:200]} has no metric name: the label __name__ is required"
        raise InvalidLabel(message)
    previous = None
    for name, value in labels:
        if not name:
            message = f"series {labels.name}: a label name is empty"
            raise InvalidLabel(message)
        if name == previous:
            message = f"series {labels.name}: label {name!r} is given twice"
            raise InvalidLabel(message, label=name)
        if "\x00" in name or "\x00" in value:
            message = f"series {labels.name}: label {name!r} holds a NUL byte"
            raise InvalidLabel(message, label=name)
        if _is_longer(name, limits.name_bytes):
            message = (
                f"series {labels.name[:200]}: label name {name[:40]!r}... is longer than "
                f"intake.label_name_bytes = {limits.name_bytes}"
            )
            raise InvalidLabel(message, label=name[:40])
        if _is_longer(value, limits.value_bytes):
            message = (
                f"series {labels.name[:200]}: the value of label {name!r} is longer than "
                f"intake.label_value_bytes = {limits.value_bytes}"
            )
            raise InvalidLabel(message, label=name)
        previous = name


def _is_longer(text: str, limit: int) -> bool:
    """Whether a text has more bytes than that; mostly seen without encoding it."""
    return len(text) * _MOST_BYTES > limit and len(text.encode()) > limit


class MatchOp(StrEnum):
    """How a matcher compares, as PromQL writes it."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCHES = "=~"
    NOT_MATCHES = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label. A missing label has the empty value. Regexes are RE2, anchored, dot matches newline.

    Raises:
        BadData: on construction, when the regex does not compile.
    """

    name: str
    op: MatchOp
    value: str
    _regex: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Compile the regex once."""
        if self.op in {MatchOp.MATCHES, MatchOp.NOT_MATCHES}:
            object.__setattr__(self, "_regex", compiled_regex(self.value))

    def matches(self, value: str) -> bool:
        """Whether a label value (empty when the label is missing) satisfies the condition."""
        if self._regex is None:
            return (value == self.value) is (self.op is MatchOp.EQUAL)
        return (self._regex.fullmatch(value) is not None) is (self.op is MatchOp.MATCHES)

    @property
    def matches_empty(self) -> bool:
        """Whether a series without this label satisfies the condition."""
        return self.matches("")

    @property
    def prefix(self) -> str:
        """What every value begins with that satisfies the condition, as far as that is certain."""
        if self.op is MatchOp.MATCHES:
            return certain_prefix(self._regex)
        return self.value if self.op is MatchOp.EQUAL else ""

    @override
    def __str__(self) -> str:
        """The matcher as PromQL writes it."""
        return f'{self.name}{self.op}"{_escape(self.value)}"'


Matchers = tuple[Matcher, ...]
"""Conditions that must all hold."""


def satisfies(labels: Labels, matchers: Matchers) -> bool:
    """Whether a label set satisfies all matchers."""
    return all(matcher.matches(labels.get(matcher.name)) for matcher in matchers)
