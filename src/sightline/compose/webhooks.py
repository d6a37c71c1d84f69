"""What alerts of other programs come in by: mappings of their JSON, and what verifies messages of Amazon's SNS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from sightline.adapters.network.fetching import GuardedFetch
from sightline.adapters.network.sns import Sns
from sightline.adapters.wire.webhook_mapping import WebhookMapping, read_mappings
from sightline.domain.errors import SettingsInvalid
from sightline.ports.clock import Clock
from sightline.settings.schema import Settings

MAX_FILE_BYTES: Final = 1 << 20
"""Of the file of mappings."""
_KEY: Final = "alerts.webhooks_file"


@dataclass(slots=True)
class Webhooks:
    """The mappings that count now."""

    settings: Settings
    mappings: Mapping[str, WebhookMapping]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the file says.

        Raises:
            SettingsInvalid: it cannot be used.
        """
        return cls(settings, read_webhooks(settings))

    def read(self) -> Mapping[str, WebhookMapping]:
        """As the file says now.

        Raises:
            SettingsInvalid: it cannot be used.
        """
        return read_webhooks(self.settings)


def read_webhooks(settings: Settings) -> Mapping[str, WebhookMapping]:
    """The mappings of the file; none without one.

    Raises:
        SettingsInvalid: it cannot be used.
    """
    file = settings.alerts.webhooks_file
    if file is None:
        return {}
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise SettingsInvalid(
                f"{_KEY} {file} is larger than {MAX_FILE_BYTES >> 20} MiB: map fewer webhooks", key=_KEY
            )
        read = read_mappings(file.read_bytes())
    except OSError as error:
        raise SettingsInvalid(f"{_KEY} {file}: {error.strerror}", key=_KEY) from None
    if read.problems:
        problems = "\n  ".join(f"{file}:{problem}" for problem in read.problems)
        raise SettingsInvalid(f"{_KEY} cannot be used:\n  {problems}", key=_KEY)
    return read.mappings


def make_sns(settings: Settings, clock: Clock) -> Sns:
    """What verifies and confirms messages of Amazon's SNS."""
    fetch = GuardedFetch(allow_metadata_addresses=settings.alerts.allow_metadata_addresses)
    return Sns(fetch, clock, settings.alerts.sns_topics)
