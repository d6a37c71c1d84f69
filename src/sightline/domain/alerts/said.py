"""What a channel says of a notification, by settings that are templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.receiver import Option, Options


@dataclass(frozen=True, slots=True)
class Said:
    """The texts of one notification. options: the channel's. defaults: templates of options that are not given."""

    notification: Notification
    texts: NoticeTexts
    options: Options
    defaults: Mapping[str, str]

    def __call__(self, option: str) -> str:
        """What an option says; nothing where neither it nor a default is given."""
        return self.of(self.options.get(option, self.defaults.get(option)))

    def of(self, template: Option | None) -> str:
        """What a template says; nothing where it is no text."""
        return self.texts.text(template, self.notification) if isinstance(template, str) and template else ""


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those that say something."""
    return {name: value for name, value in values.items() if value}


def groups(option: Option | None) -> list[Options]:
    """The groups of settings in a list; none where it is no list."""
    many = option if isinstance(option, Sequence) and not isinstance(option, str) else ()
    return [one for one in many if isinstance(one, Mapping)]
