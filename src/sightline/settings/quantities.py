"""Durations, sizes and the like, as people write them."""

from typing import Final, Literal, Self

from typing_extensions import override

from sightline.domain.errors import BadData
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


_SIZE_UNITS: Final = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "GB": 10**9, "MB": 10**6, "kB": 10**3, "B": 1}


class Size(int):
    """Bytes, written as `512MiB`, `1GiB`, `10MB` or a plain number."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form."""
        number, scale = text.strip(), 1
        for unit, factor in _SIZE_UNITS.items():
            if number.endswith(unit):
                number, scale = number.removesuffix(unit).strip(), factor
                break
        if not number.isdecimal():
            message = f"{text!r} is not a size: write for example 512MiB or 1GiB"
            raise BadData(message)
        return cls(int(number) * scale)

    @override
    def __str__(self) -> str:
        """The text form, in the largest binary unit that divides it."""
        for unit in ("GiB", "MiB", "KiB"):
            if self and self % _SIZE_UNITS[unit] == 0:
                return f"{self // _SIZE_UNITS[unit]}{unit}"
        return f"{int(self)}B"


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
