"""From how much on an alert is due: for all containers or hosts, for some by name, for a container by its own label."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sightline.domain.errors import BadData, SettingsInvalid

CPU_LABEL: Final = "sightline.cpu_threshold"
MEMORY_LABEL: Final = "sightline.memory_threshold"
"""The Docker labels with which a container sets its own thresholds."""

OFF: Final = "off"
_WILD: Final = {"*": ".*", "?": "."}
_SPECIAL: Final = frozenset(r"\.+()|[]{}^$")
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)\s*%?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bound in percent of the container's limit; None: no alert. problem: why what its label says was not used."""

    percent: float | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thresholds of one resource.

    A name's own wins over the container's label, and that over the default: whoever runs Sightline has the last word. Of several
    patterns that match a name the first one counts. label: empty where there is no such thing.
    """

    label: str
    default: float
    by_name: tuple[tuple[re.Pattern[str], float | None], ...] = ()

    @classmethod
    def of(cls, label: str, default: float, entries: Sequence[str], setting: str) -> "Thresholds":
        """From entries `pattern=percent` or `pattern=off`, where `*` and `?` stand for any text and any character.

        Raises:
            SettingsInvalid: an entry that is not of this form; the message names the setting.
        """
        return cls(label, default, tuple(_entry(text, setting) for text in entries))

    def threshold(self, name: str, labels: Mapping[str, str]) -> Threshold:
        """The threshold of the container with this name and these Docker labels."""
        for pattern, percent in self.by_name:
            if pattern.fullmatch(name):
                return Threshold(percent)
        written = labels.get(self.label, "")
        if not written:
            return Threshold(self.default)
        try:
            return Threshold(parse_threshold(written))
        except BadData as error:
            return Threshold(self.default, f"label {self.label}: {error.message}")


def parse_threshold(text: str) -> float | None:
    """A percentage above 0 and up to 100, or None for `off`.

    Raises:
        BadData: neither.
    """
    text = text.strip()
    if text.lower() == OFF:
        return None
    match = _NUMBER.fullmatch(text)
    if match is None or not 0 < float(match[1]) <= 100:  # noqa: PLR2004 - percent
        raise BadData(f"{text[:40]!r} is no threshold: write a percentage above 0 and up to 100, or {OFF}")
    return float(match[1])


def _entry(text: str, setting: str) -> tuple[re.Pattern[str], float | None]:
    name, equals, value = text.rpartition("=")
    if not equals or not name.strip():
        raise SettingsInvalid(
            f"{setting}: {text!r} is not of the form name=percent, as 'web-*=50' or 'batch=off'", key=setting
        )
    try:
        percent = parse_threshold(value)
    except BadData as error:
        raise SettingsInvalid(f"{setting}: {text!r}: {error.message}", key=setting) from None
    return re.compile("".join(_piece(one) for one in name.strip()), re.DOTALL), percent


def _piece(character: str) -> str:
    """What stands for a character of a glob in a regular expression, in the words that PromQL shares with Python."""
    if character in _WILD:
        return _WILD[character]
    return f"\\{character}" if character in _SPECIAL else character
