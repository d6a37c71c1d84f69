"""Durations, sizes and the like, as people write them."""

from typing import Literal, Self

from typing_extensions import override

from sightline.domain.sizes import format_size, parse_size
from sightline.domain.timerange import format_duration, parse_duration


class Duration(int):
    """Milliseconds, written as `30s`, `5m`, `1h30m` or `15d`."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form."""
        return cls(parse_duration(text))

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self / 1000

    @override
    def __str__(self) -> str:
        """The text form."""
        return format_duration(self)


class Size(int):
    """Bytes, written as `512MiB`, `1GiB`, `10MB` or a plain number."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form."""
        return cls(parse_size(text))

    @override
    def __str__(self) -> str:
        """The text form, in the largest binary unit that divides it."""
        return format_size(self)


class Fsync(str):
    """When the write-ahead log is made durable: a duration after a write, or `always` before its acknowledgement."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check the text form."""
        if text != "always":
            parse_duration(text)
        return cls(text)

    @property
    def interval(self) -> float | Literal["always"]:
        """Seconds, or "always"."""
        return "always" if self == "always" else parse_duration(self) / 1000
