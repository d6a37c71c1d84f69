"""Alerts as HTTP POSTs, in the shape of Alertmanager's webhook, version 4, so that its receivers work with us.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from typing_extensions import override

from sightline import __version__
from sightline.domain.alerts.notification import Notification, Status, fingerprint
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable
from sightline.ports.notifier import Notifier

NEVER: Final = "0001-01-01T00:00:00Z"
"""The end of what goes on."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN_BYTES: Final = 300
_OWN_HEADERS: Final = frozenset({"content-type", "content-length", "host", "transfer-encoding"})
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where notices go. timeout: seconds for the whole of one. headers: `Name: value`.

    token_file: read at every notice, so that a token can be changed under way; sent as `Authorization: Bearer`.
    """

    url: str = field(repr=False)  # an address may hold a password
    timeout: float = 10.0
    token_file: Path | None = None
    headers: tuple[str, ...] = field(default=(), repr=False)


class WebhookNotifier(Notifier):
    """Posts one body a notice, over a connection of its own: notices are rare, and nothing stays open between them.

    Any 2xx means taken. 429 and 5xx mean not now, as does no answer in time; any other answer means that it would be refused again.

    Raises:
        SettingsInvalid: on construction, when the address or a header cannot be used.
    """

    def __init__(self, settings: WebhookSettings, name: str = "webhook") -> None:
        self._settings = settings
        self._name = name
        self._host = checked_host(settings.url)
        self._headers = checked_headers(settings.headers)

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def notify(self, notification: Notification) -> None:
        body = msgspec.json.encode(message(notification))
        headers = {
            "User-Agent": f"sightline/{__version__}",
            **self._headers,
            **await self._authorization(),
            "Content-Type": "application/json",
            "X-Scope-OrgID": notification.tenant,
        }
        status, said = await self._post(body, headers)
        if 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls a success
            return
        text = f"channel {self._name}: {self._host} answered {status}{f' ({said})' if said else ''}"
        if status == _TOO_MANY or status >= 500:  # noqa: PLR2004 - what HTTP calls a failure of the server
            raise Unavailable(text)
        raise NoticeRefused(f"{text}; check webhook.url, webhook.token_file and webhook.headers")

    async def _authorization(self) -> dict[str, str]:
        file = self._settings.token_file
        if file is None:
            return {}
        try:
            token = (await asyncio.to_thread(file.read_text, encoding="ascii")).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
            raise Unavailable(f"channel {self._name}: webhook.token_file {file} cannot be read: {reason}") from None
        if not token or not token.isprintable():
            raise NoticeRefused(f"channel {self._name}: webhook.token_file {file} does not hold a token in one line")
        return {"Authorization": f"Bearer {token}"}

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Status and the beginning of what was said.

        Raises:
            Unavailable: no answer in time.
        """
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=self._settings.timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=not _is_local(self._host)) as session,
                # A redirected POST becomes a GET without its body, so it is the settings that must change.
                session.post(self._settings.url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                said = await response.content.read(_SHOWN_BYTES)
                return response.status, " ".join(said.decode("utf-8", "replace").split())
        except TimeoutError:
            wait = f"{self._settings.timeout:g} s (webhook.timeout)"
            raise Unavailable(f"channel {self._name}: {self._host} did not answer within {wait}") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = str(error).replace(self._settings.url, self._host) or type(error).__name__
            raise Unavailable(f"channel {self._name}: {self._host} cannot be reached: {reason}") from None


def message(notification: Notification) -> dict[str, Any]:
    """The body of a notification."""
    return {
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": 0,
        "status": "resolved" if notification.status is Status.RESOLVED else "firing",
        "receiver": notification.receiver,
        "groupLabels": dict(notification.group_labels),
        "commonLabels": dict(notification.common_labels),
        "commonAnnotations": dict(notification.common_annotations),
        "externalURL": notification.external_url,
        "alerts": [_alert(alert, notification.at) for alert in notification.alerts],
    }


def _alert(alert: PostedAlert, at: int) -> dict[str, Any]:
    has_ended = alert.has_ended(at)
    return {
        "status": "resolved" if has_ended else "firing",
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": _rfc3339(alert.starts_at),
        "endsAt": _rfc3339(alert.ends_at) if has_ended and alert.ends_at is not None else NEVER,
        "generatorURL": alert.generator_url,
        "fingerprint": fingerprint(alert.labels),
    }


def checked_host(url: str) -> str:
    """The host and port of an HTTP address, which may be shown, unlike the rest of it.

    Raises:
        SettingsInvalid: not an address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable() or " " in url:
        message = "webhook.url is not an address: write for example http://127.0.0.1:9094/alerts"
        raise SettingsInvalid(message, key="webhook.url")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host if port is None else f"{host}:{port}"


def checked_headers(lines: tuple[str, ...]) -> dict[str, str]:
    """Headers written as `Name: value`.

    Raises:
        SettingsInvalid: not a header, or one that is not the user's to set; the value is not shown.
    """
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        word = name.strip()
        if (
            not colon
            or not word.replace("-", "").replace("_", "").isalnum()
            or not word.isascii()
            or not line.isprintable()
        ):
            raise SettingsInvalid("webhook.headers: write each as Name: value", key="webhook.headers")
        if word.lower() in _OWN_HEADERS:
            raise SettingsInvalid(f"webhook.headers: {word} is set by Sightline itself", key="webhook.headers")
        found[word] = value.strip()
    return found


def _is_local(host: str) -> bool:
    """Whether the receiver is on this machine, to which no proxy leads."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _rfc3339(milliseconds: int) -> str:
    instant = _EPOCH + timedelta(milliseconds=milliseconds)
    return instant.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
