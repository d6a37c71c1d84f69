"""Checks of Uptime Kuma, from the backup that it writes as JSON.

Source: https://github.com/louislam/uptime-kuma (the settings' page "Backup" of version 1).
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from sightline.adapters.wire.check import from_json
from sightline.adapters.wire.imported_checks import Imported, Importing
from sightline.adapters.wire.kuma_monitors import TYPES, Monitor, MonitorReading, key_of, number_of
from sightline.domain.errors import BadData
from sightline.domain.probes.check import room
from sightline.domain.timerange import SECOND

_MOST_RETRIES: Final = 10
_MOST_FAILURES: Final = 100
_SHOWN_ONLY: Final = frozenset(
    {
        *("id", "weight", "pathName", "path", "childrenIDs", "forceInactive", "includeSensitiveData", "screenshot"),
        *("dns_last_result", "maintenance", "user_id", "created_date", "tags", "notificationIDList", "parent"),
    }
)
_EVERY: Final = frozenset(
    {
        *("name", "type", "description", "active", "interval", "timeout", "maxretries", "retryInterval"),
        *("upsideDown", "resendInterval", "expiryNotification", "ignoreTls", "maxredirects", "accepted_statuscodes"),
        *("url", "method", "headers", "body", "httpBodyEncoding", "keyword", "invertKeyword", "proxyId", "packetSize"),
        *("jsonPath", "jsonPathOperator", "expectedValue", "authMethod", "basic_auth_user", "basic_auth_pass"),
        *("hostname", "port", "dns_resolve_type", "dns_resolve_server", "pushToken", "smtpSecurity", "ipFamily"),
        *("databaseConnectionString", "databaseQuery", "conditions", "cacheBust", "authWorkstation", "authDomain"),
    }
)
"""What monitors have whatever their type, since the form keeps it: what a type does not read says nothing of it."""
_OF_OTHERS: Final = (
    *("mqtt", "radius", "kafka", "grpc", "game", "docker", "oauth_", "snmp", "rabbitmq", "tls", "remote_", "ping_"),
    *("manual", "ws", "system", "nut", "sip"),
)
"""How fields begin that belong to some types alone."""
_INSTEAD: Final = {
    "docker": "containers are watched without a check: see the page of containers",
    "sqlserver": "there is no such type: a check of type tcp tells whether the port answers",
    "real-browser": "no browser is run: a check of type http with conditions comes nearest",
    "tailscale-ping": "there is no such type: a check of type icmp comes nearest",
    "manual": "it is set by hand: a heartbeat that a script pings comes nearest",
}


def read_kuma(text: bytes) -> Imported:
    """Read a backup.

    Raises:
        MalformedBody: no JSON.
        BadData: JSON that is no backup.
    """
    backup = from_json(text)
    monitors = backup.get("monitorList", backup.get("monitors")) if isinstance(backup, dict) else backup
    if isinstance(monitors, dict):  # as the API has them, by id
        monitors = list(monitors.values())
    if not isinstance(monitors, list) or not all(isinstance(one, dict) for one in monitors):
        raise BadData("monitorList is missing: this is no backup of Uptime Kuma")
    others = backup if isinstance(backup, dict) else {}
    return _Backup(monitors, others).read()


class _Backup:
    """Reads one."""

    def __init__(self, monitors: list[Monitor], others: Mapping[str, Any]) -> None:
        self._into = Importing()
        self._monitors = monitors
        self._others = others
        self._by_id = {key_of(one.get("id")): one for one in monitors}
        self._names: dict[int, str] = {}
        proxies = others.get("proxyList")
        self._proxies = (
            {key_of(one.get("id")): one for one in proxies if isinstance(one, dict)}
            if isinstance(proxies, list)
            else {}
        )

    def read(self) -> Imported:
        groups: list[tuple[int, Monitor]] = []
        for number, monitor in enumerate(self._monitors):
            if monitor.get("type") == "group":
                groups.append((number, monitor))
            else:
                self._monitor(number, monitor)
        # Those inside others come first, so that what is made of them is there.
        for number, monitor in sorted(groups, key=lambda one: -len(self._parents(one[1]))):
            self._group(number, monitor)
        notifications = self._others.get("notificationList")
        if notifications:
            told = "who is told has no place here: write routes and receivers, see the page of channels"
            self._into.tell(f"notificationList ({len(notifications)})", told)
        return self._into.result()

    def _path(self, number: int, monitor: Monitor) -> str:
        return f"monitorList[{number}] ({str(monitor.get('name', ''))[:60]})"

    def _parents(self, monitor: Monitor) -> list[str]:
        """The names of the groups that it lies in, outermost first."""
        found: list[str] = []
        parent = self._by_id.get(key_of(monitor.get("parent")))
        while parent is not None and len(found) < len(self._monitors):
            found.insert(0, str(parent.get("name", "")))
            parent = self._by_id.get(key_of(parent.get("parent")))
        return found

    def _monitor(self, number: int, monitor: Monitor) -> None:
        path, kind = self._path(number, monitor), str(monitor.get("type"))
        read = TYPES.get(kind)
        if read is None:
            self._into.tell(path, f"type {kind}: {_INSTEAD.get(kind, 'there is no such type here')}")
            return
        if monitor.get("upsideDown"):
            self._into.tell(path, "upside-down mode: there is none; write what must hold as a condition, with not")
            return
        reading = MonitorReading(monitor, path, self._into, self._proxies)
        found = read(reading)
        if found is None:
            return
        value = {**self._of_every(monitor, path), **found}
        others = frozenset(name for name in monitor if name.startswith(_OF_OTHERS))
        self._into.tell_others(monitor, _EVERY | _SHOWN_ONLY | others, path)
        if self._into.add(value, path):
            self._names[number] = value["name"]

    def _group(self, number: int, monitor: Monitor) -> None:
        path = self._path(number, monitor)
        inside = [
            self._names[place]
            for place, one in enumerate(self._monitors)
            if one.get("parent") == monitor.get("id") and place in self._names
        ]
        if not inside:
            self._into.tell(path, "a group without any check in it is nothing here")
            return
        value = {**self._of_every(monitor, path), "type": "composed", "checks": inside}
        value.pop("timeout")
        if self._into.add(value, path):
            self._names[number] = value["name"]

    def _of_every(self, monitor: Monitor, path: str) -> dict[str, Any]:
        parents = self._parents(monitor)
        name = str(monitor.get("name", ""))
        interval = max(1, number_of(monitor.get("interval"), 60))
        timeout = number_of(monitor.get("timeout"), 0) or 0.8 * interval
        if monitor.get("resendInterval"):
            self._into.tell(
                f"{path}.resendInterval", "how often people are reminded is said by routes: repeat_interval"
            )
        return {
            "name": self._into.name(name, " / ".join((*parents, name))),
            "description": str(monitor.get("description") or ""),
            "enabled": bool(monitor.get("active", True)),
            "interval": interval,
            "timeout": min(timeout, interval),
            **self._retries(monitor, path, interval),
            "group": " / ".join(parents)[:200].strip(),
            "tags": self._tags(monitor, path),
        }

    def _retries(self, monitor: Monitor, path: str, interval: float) -> dict[str, Any]:
        """Kuma's retries are probes of their own, here all are of one probe: what does not fit is so many probes in a row."""
        if monitor.get("type") in {"push", "group"}:  # nothing is asked, and of pings retries are a grace
            return {}
        retries, pause = int(number_of(monitor.get("maxretries"), 0)), number_of(monitor.get("retryInterval"), interval)
        if retries * pause * SECOND >= room(round(interval * SECOND)):
            failures = min(1 + math.ceil(retries * pause / interval), _MOST_FAILURES)
            reason = f"{retries} retries, each after {pause:g} s, do not fit into the interval: {failures} failures in a row do"
            self._into.tell(f"{path}.maxretries", reason)
            return {"failures": failures}
        if retries > _MOST_RETRIES:
            reason = f"{retries} retries: {_MOST_RETRIES} are taken, the most there may be"
            self._into.tell(f"{path}.maxretries", reason)
        return {"retries": min(retries, _MOST_RETRIES), "retry_interval": max(0, pause)}

    def _tags(self, monitor: Monitor, path: str) -> dict[str, str]:
        found: dict[str, str] = {}
        tags = monitor.get("tags")
        for one in tags if isinstance(tags, list) else ():
            if not isinstance(one, dict):
                continue
            name, value = self._into.label(str(one.get("name", "")), str(one.get("value") or ""), f"{path}.tags")
            if name in found:
                self._into.tell(f"{path}.tags", f"the tag {name!r} is there twice: {value!r} is left out")
            found.setdefault(name, value)
        return found
