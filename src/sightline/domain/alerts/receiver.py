"""Receivers of notifications, and the settings of what delivers to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from typing_extensions import override


class Integration(StrEnum):
    """What delivers notifications, as Alertmanager names it without `_configs`."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    EMAIL = "email"
    PAGERDUTY = "pagerduty"
    OPSGENIE = "opsgenie"
    TELEGRAM = "telegram"
    DISCORD = "discord"
    MSTEAMS = "msteams"
    MSTEAMSV2 = "msteamsv2"


class Secret:
    """A text that no message and no log shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    @override
    def __repr__(self) -> str:
        return "<secret>"

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    @override
    def __hash__(self) -> int:
        return hash(self._text)


Option = str | bool | int | Secret | Sequence["Option"] | Mapping[str, "Option"]
"""A setting: durations are ms, lists and mappings hold settings again."""
Options = Mapping[str, Option]
"""Settings by Alertmanager's names for them."""


def text_of(option: Option | None) -> str:
    """A setting that is a text, secret or not; empty where it is none."""
    if isinstance(option, Secret):
        return option.reveal()
    return option if isinstance(option, str) else ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One way to a receiver. options: what is written, and what is not written there but for all, such as the server of mail."""

    integration: Integration
    options: Options


@dataclass(frozen=True, slots=True)
class Receiver:
    """A name that routes have, and all ways to it; there may be none."""

    name: str
    deliveries: tuple[Delivery, ...] = ()


_RESOLVES_ARE_ASKED_FOR: Final = frozenset({Integration.EMAIL, Integration.SLACK})


def sends_resolved(delivery: Delivery) -> bool:
    """Whether a receiver is told that alerts ended: as `send_resolved` says, else as Alertmanager does."""
    said = delivery.options.get("send_resolved")
    return said if isinstance(said, bool) else delivery.integration not in _RESOLVES_ARE_ASKED_FOR
