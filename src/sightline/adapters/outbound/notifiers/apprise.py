"""Alerts by Apprise, a library that knows how to tell people at well over a hundred services; it is an extra.

Source: https://github.com/caronc/apprise/wiki.
"""

import asyncio
import importlib.util
import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.receiver import Options, Secret
from sightline.domain.alerts.said import Said
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable
from sightline.ports.notifier import Notifier

if TYPE_CHECKING:
    import apprise

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds that one service may take."""
MAX_UNFINISHED: Final = 1_000
"""Notifications of which is remembered which services have them, because one has not; the oldest are forgotten."""

_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {"title": '{{ template "__subject" . }}', "message": '{{ template "opsgenie.default.description" . }}'}
)
_KINDS: Final = MappingProxyType({Status.FIRING: "failure", Status.RESOLVED: "success", Status.ACKNOWLEDGED: "info"})


class AppriseChannel(Notifier):
    """Tells each of some services, in a thread, for the library waits.

    options: `urls`, addresses as Apprise has them, all of them secrets; `title` and `message`, which are templates; `timeout` in ms
    for each service. A service that has a notification is not told again when the same notification comes again because another
    service did not take it. The library does not say why a service did not.

    Raises:
        SettingsInvalid: on construction, when the extra is not installed.
    """

    def __init__(self, options: Options, texts: NoticeTexts, *, name: str) -> None:
        if importlib.util.find_spec("apprise") is None:
            message = f"{name}.urls needs the extra: pip install 'sightline[apprise]'"
            raise SettingsInvalid(message, key=f"{name}.urls")
        urls = options.get("urls")
        self._urls = tuple(each for each in (urls if isinstance(urls, Sequence) else ()) if isinstance(each, Secret))
        self._options = options
        self._texts = texts
        self._name = name
        given = options.get("timeout")
        self._timeout = given / 1_000 if isinstance(given, int) and given else DEFAULT_TIMEOUT
        self._have: dict[str, set[int]] = {}

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def notify(self, notification: Notification) -> None:
        said = Said(notification, self._texts, self._options, _DEFAULTS)
        have = self._have.setdefault(notification.id, set())
        while len(self._have) > MAX_UNFINISHED:
            del self._have[next(iter(self._have))]
        missing = [number for number in range(len(self._urls)) if number not in have]
        telling = asyncio.to_thread(
            self._tell, missing, have, said("title"), said("message"), _KINDS[notification.status]
        )
        try:
            async with asyncio.timeout(self._timeout * len(missing)):
                unknown = await telling
        except TimeoutError:
            wait = f"{self._timeout:g} s for each service ({self._name}.timeout)"
            raise Unavailable(f"channel {self._name}: no answer within {wait}") from None
        missing = [number for number in missing if number not in have]
        if not missing:
            self._have.pop(notification.id, None)
            return
        which = ", ".join(self._shown(number) for number in missing)
        if unknown == missing:
            raise NoticeRefused(
                f"channel {self._name}: no address that Apprise knows: {which}; check {self._name}.urls"
            )
        raise Unavailable(f"channel {self._name}: not taken: {which}")

    def _shown(self, number: int) -> str:
        """A service by its number and the word before `://`, for the rest of an address is secret."""
        schema, mark, _ = self._urls[number].reveal().partition("://")
        return f"{self._name}.urls {number + 1}{f' ({schema})' if mark and schema.isalnum() else ''}"

    def _tell(self, numbers: Sequence[int], have: set[int], title: str, body: str, kind: str) -> list[int]:
        """Tell some services; adds those that took it to `have` and gives those that are none."""
        import apprise

        # What it writes may hold addresses.
        logging.getLogger("apprise").disabled = True
        unknown = []
        asset = apprise.AppriseAsset(
            app_id="Sightline",
            app_desc="Sightline",
            async_mode=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            service_timeout=self._timeout,
        )
        for number in numbers:
            url = self._urls[number].reveal()
            service = apprise.Apprise(asset=asset)
            if not service.add(url):
                unknown.append(number)
            elif _took(service, url, title, body, kind):
                have.add(number)
        return unknown


def _took(service: "apprise.Apprise", url: str, title: str, body: str, kind: str) -> bool:
    import apprise

    if "overflow=" not in url:
        for plugin in service:
            # What is longer than the service takes would otherwise be refused.
            plugin.overflow_mode = apprise.OverflowMode.TRUNCATE
    # Whatever goes wrong within, the library catches.
    return bool(
        service.notify(
            title=title,
            body=body or title,
            notify_type=apprise.NotifyType(kind),
            body_format=apprise.NotifyFormat.TEXT,
        )
    )
