"""Alerts by Apprise, a library that knows how to tell people at well over a hundred services; it is an extra.

Source: https://github.com/caronc/apprise/wiki.
"""

import asyncio
import importlib.util
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from typing_extensions import override

from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.receiver import Options, text_of
from sightline.domain.alerts.said import Said
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable
from sightline.ports.notifier import Notifier

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds that the service may take."""

_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {"title": '{{ template "__subject" . }}', "message": '{{ template "opsgenie.default.description" . }}'}
)
_KINDS: Final = MappingProxyType({Status.FIRING: "failure", Status.RESOLVED: "success", Status.ACKNOWLEDGED: "info"})


class AppriseChannel(Notifier):
    """Tells one service, in a thread, for the library waits.

    options: `url`, an address as Apprise has it, all of it a secret; `title` and `message`, which are templates; `timeout` in ms.
    The library does not say why a service did not take a notification.

    Raises:
        SettingsInvalid: on construction, when the extra is not installed.
    """

    def __init__(self, options: Options, texts: NoticeTexts, *, name: str) -> None:
        if importlib.util.find_spec("apprise") is None:
            message = "apprise.urls needs the extra: pip install 'sightline[apprise]'"
            raise SettingsInvalid(message, key="apprise.urls")
        self._url = options["url"]
        self._options = options
        self._texts = texts
        self._name = name
        given = options.get("timeout")
        self._timeout = given / 1_000 if isinstance(given, int) and given else DEFAULT_TIMEOUT

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def notify(self, notification: Notification) -> None:
        said = Said(notification, self._texts, self._options, _DEFAULTS)
        telling = asyncio.to_thread(self._tell, said("title"), said("message"), _KINDS[notification.status])
        try:
            async with asyncio.timeout(self._timeout):
                taken = await telling
        except TimeoutError:
            wait = f"{self._timeout:g} s (apprise.timeout)"
            raise Unavailable(f"channel {self._name}{self._service}: no answer within {wait}") from None
        if not taken:
            raise Unavailable(f"channel {self._name}{self._service}: the notice was not taken")

    @property
    def _service(self) -> str:
        """The word before `://`, for the rest of an address is secret."""
        schema, mark, _ = text_of(self._url).partition("://")
        return f" ({schema})" if mark and schema.isalnum() else ""

    def _tell(self, title: str, body: str, kind: str) -> bool:
        """Whether the service took it. Whatever goes wrong within, the library catches.

        Raises:
            NoticeRefused: the address is none.
        """
        import apprise

        # What it writes may hold addresses.
        logging.getLogger("apprise").disabled = True
        asset = apprise.AppriseAsset(
            app_id="Sightline",
            app_desc="Sightline",
            async_mode=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            service_timeout=self._timeout,
        )
        service = apprise.Apprise(asset=asset)
        url = text_of(self._url)
        if not service.add(url):
            problem = "Apprise does not know the address, or something in it is wrong: check apprise.urls"
            raise NoticeRefused(f"channel {self._name}{self._service}: {problem}")
        if "overflow=" not in url:
            for plugin in service:
                # What is longer than the service takes would otherwise be refused.
                plugin.overflow_mode = apprise.OverflowMode.TRUNCATE
        return bool(
            service.notify(
                title=title,
                body=body or title,
                notify_type=apprise.NotifyType(kind),
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
