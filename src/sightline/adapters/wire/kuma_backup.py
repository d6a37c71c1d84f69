"""Checks of Uptime Kuma, from the backup that it writes as JSON.

Source: https://github.com/louislam/uptime-kuma (the settings' page "Backup" of version 1, and monitors as its API has them).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sightline.adapters.wire.check import from_json
from sightline.adapters.wire.check_urls import Address, split
from sightline.adapters.wire.imported_checks import Imported, Importing, json_path, loose
from sightline.domain.errors import BadData
from sightline.domain.probes.check import room
from sightline.domain.probes.quantity import quoted
from sightline.domain.timerange import SECOND

Monitor = Mapping[str, Any]

_MOST_RETRIES: Final = 10
_MOST_FAILURES: Final = 100
_EXPIRY_DAYS: Final = 14
_MIN_PAYLOAD, _MAX_PAYLOAD = 8, 1472
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
_HOW_ENCODED: Final = {
    "json": "application/json",
    "xml": "text/xml; charset=utf-8",
    "form": "application/x-www-form-urlencoded",
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
        self._by_id = {_key(one.get("id")): one for one in monitors}
        self._names: dict[int, str] = {}
        proxies = others.get("proxyList")
        self._proxies = (
            {_key(one.get("id")): one for one in proxies if isinstance(one, dict)} if isinstance(proxies, list) else {}
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
        parent = self._by_id.get(_key(monitor.get("parent")))
        while parent is not None and len(found) < len(self._monitors):
            found.insert(0, str(parent.get("name", "")))
            parent = self._by_id.get(_key(parent.get("parent")))
        return found

    def _monitor(self, number: int, monitor: Monitor) -> None:
        path, kind = self._path(number, monitor), str(monitor.get("type"))
        read = _TYPES.get(kind)
        if read is None:
            self._into.tell(path, f"type {kind}: {_INSTEAD.get(kind, 'there is no such type here')}")
            return
        if monitor.get("upsideDown"):
            self._into.tell(path, "upside-down mode: there is none; write what must hold as a condition, with not")
            return
        reading = _Reading(monitor, path, self._into, self._proxies)
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
        interval = max(1, _number(monitor.get("interval"), 60))
        timeout = _number(monitor.get("timeout"), 0) or 0.8 * interval
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
        retries, pause = int(_number(monitor.get("maxretries"), 0)), _number(monitor.get("retryInterval"), interval)
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


class _Reading:
    """One monitor."""

    def __init__(self, monitor: Monitor, path: str, into: Importing, proxies: Mapping[Any, Monitor]) -> None:
        self._monitor = monitor
        self.path = path
        self.into = into
        self._proxies = proxies

    def get(self, name: str) -> Any:
        return self._monitor.get(name)

    def text(self, name: str) -> str:
        value = self.get(name)
        return "" if value is None else str(value)

    def host_and_port(self) -> str:
        host, port = self.text("hostname"), self.text("port")
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{host}:{port}" if port else host

    def tell(self, field: str, reason: str) -> None:
        self.into.tell(f"{self.path}.{field}", reason)

    def proxy(self) -> str:
        proxy = self._proxies.get(_key(self.get("proxyId")))
        if not self.get("proxyId"):
            return ""
        if proxy is None or str(proxy.get("protocol")) not in {"http", "https"}:
            self.tell("proxyId", "only proxies of HTTP are used; this one is left out")
            return ""
        who = f"{proxy.get('username')}:{proxy.get('password')}@" if proxy.get("auth") else ""
        return f"{proxy['protocol']}://{who}{proxy.get('host')}:{proxy.get('port')}"

    def server(self) -> Address | None:
        """What a connection string says; None, and that is told, where it cannot be read."""
        address = split(self.text("databaseConnectionString"))
        if address is None or "," in address.host or "+" in address.scheme:
            self.tell("databaseConnectionString", "cannot be read: not imported")
            return None
        return address


def _http(monitor: _Reading) -> dict[str, Any]:
    conditions = []
    if monitor.get("type") == "keyword":
        word = monitor.text("keyword")
        conditions.append(f"{'not ' if monitor.get('invertKeyword') else ''}body contains {quoted(word)}")
    if monitor.get("type") == "json-query":
        conditions += _json_query(monitor)
    redirects = int(_number(monitor.get("maxredirects"), 10))
    headers = _headers(monitor)
    found: dict[str, Any] = {
        "type": "http",
        "url": monitor.text("url"),
        "method": monitor.text("method") or "GET",
        "headers": headers,
        "body": monitor.text("body"),
        "follow_redirects": redirects > 0,
        "max_redirects": min(max(redirects, 0), 50),
        "accepted": monitor.get("accepted_statuscodes") or ["200-299"],
        "tls": {"verify": not monitor.get("ignoreTls")},
        "certificate_days": _EXPIRY_DAYS if monitor.get("expiryNotification") else 0,
        "proxy": monitor.proxy(),
        "conditions": conditions,
    }
    return {**found, **_auth(monitor)}


def _headers(monitor: _Reading) -> dict[str, str]:
    text, found = monitor.text("headers"), {}
    if text.strip():
        try:
            found = {str(name): str(value) for name, value in msgspec.json.decode(text, type=dict).items()}
        except (msgspec.DecodeError, RecursionError):
            monitor.tell("headers", "they are no object of JSON: left out")
    encoding = str(monitor.get("httpBodyEncoding") or "json")
    if monitor.text("body") and encoding in _HOW_ENCODED and not any(one.lower() == "content-type" for one in found):
        found["Content-Type"] = _HOW_ENCODED[encoding]
    return found


def _auth(monitor: _Reading) -> dict[str, Any]:
    method = monitor.text("authMethod")
    name, password = monitor.text("basic_auth_user"), monitor.text("basic_auth_pass")
    if method == "basic" or (name and not method):
        return {"auth": {"type": "basic", "username": name, "password": password}}
    if method:
        monitor.tell("authMethod", f"{method} is not known here: basic credentials and headers are")
    return {}


def _json_query(monitor: _Reading) -> list[str]:
    text, wanted = monitor.text("jsonPath"), monitor.text("expectedValue")
    path, op = json_path(text), str(monitor.get("jsonPathOperator") or "==")
    if path is None:
        monitor.tell("jsonPath", f"{text[:80]!r} is an expression: only paths of names and indexes are taken; left out")
        return []
    value = f"json({quoted(path)})"
    if op == "==":
        return [f"{value} {loose(wanted)}"]
    if op == "!=":
        return [f"not {value} {loose(wanted)}"]
    return [f"{value} {op} {quoted(wanted) if op == 'contains' else wanted}"]


def _port(monitor: _Reading) -> dict[str, Any]:
    return {"type": "tcp", "url": monitor.host_and_port()}


def _ping(monitor: _Reading) -> dict[str, Any]:
    size = int(_number(monitor.get("packetSize"), 56))
    return {"type": "icmp", "url": monitor.text("hostname"), "payload": min(max(size, _MIN_PAYLOAD), _MAX_PAYLOAD)}


def _dns(monitor: _Reading) -> dict[str, Any]:
    servers = [one.strip() for one in monitor.text("dns_resolve_server").split(",") if one.strip()]
    if len(servers) > 1:
        monitor.tell("dns_resolve_server", f"{servers[0]} is asked alone: a check asks one resolver")
    port = monitor.text("port")
    server = servers[0] if servers else ""
    if server and port and port != "53":
        server = f"[{server}]:{port}" if ":" in server else f"{server}:{port}"
    kind = monitor.text("dns_resolve_type") or "A"
    return {"type": "dns", "url": monitor.text("hostname"), "record_type": kind, "resolver": server}


def _push(monitor: _Reading) -> dict[str, Any]:
    period = max(1, _number(monitor.get("interval"), 60))
    late = _number(monitor.get("maxretries"), 0) * _number(monitor.get("retryInterval"), period)
    return {
        "type": "heartbeat",
        "period": period,
        "grace": max(1, late),
        "token": monitor.text("pushToken"),
    }


def _postgres(monitor: _Reading) -> dict[str, Any] | None:
    address = monitor.server()
    if address is None:
        return None
    name, _, password = address.user.partition(":")
    database = address.rest.partition("?")[0].strip("/")
    found: dict[str, Any] = {"username": _decoded(name), "password": _decoded(password), "database": _decoded(database)}
    if "sslmode=" in address.rest and "sslmode=disable" not in address.rest:
        found["tls"] = {"verify": "sslmode=verify" in address.rest}
    query = monitor.text("databaseQuery") if name else ""
    return {"type": "postgres", "url": _place(address), "query": query, **found}


def _mysql(monitor: _Reading) -> dict[str, Any] | None:
    address = monitor.server()
    if address is None:
        return None
    if monitor.text("databaseQuery") or address.user:
        monitor.tell("databaseQuery", "the server's greeting is checked; nobody signs in and no query is sent")
    return {"type": "mysql", "url": _place(address)}


def _redis(monitor: _Reading) -> dict[str, Any] | None:
    address = monitor.server()
    if address is None:
        return None
    name, _, password = address.user.partition(":")
    tls = {"verify": not monitor.get("ignoreTls")} if address.scheme == "rediss" else None
    return {
        "type": "redis",
        "url": _place(address),
        "username": _decoded(name),
        "password": _decoded(password),
        "tls": tls,
    }


def _mongodb(monitor: _Reading) -> dict[str, Any] | None:
    address = monitor.server()
    if address is None:
        return None
    if address.user or monitor.text("databaseQuery"):
        monitor.tell("databaseConnectionString", "hello is asked; nobody signs in and no command is sent")
    return {"type": "mongodb", "url": _place(address)}


def _grpc(monitor: _Reading) -> dict[str, Any] | None:
    service = monitor.text("grpcServiceName")
    if not service.endswith("Health"):
        monitor.tell("grpcServiceName", "only grpc.health.v1.Health is asked: not imported")
        return None
    return {"type": "grpc", "url": monitor.text("grpcUrl"), "tls": {} if monitor.get("grpcEnableTls") else None}


def _smtp(monitor: _Reading) -> dict[str, Any]:
    security = {"secure": "tls", "starttls": "starttls"}.get(monitor.text("smtpSecurity"), "none")
    return {"type": "mail", "url": monitor.host_and_port(), "protocol": "smtp", "security": security}


_TYPES: Final[Mapping[str, Callable[[_Reading], dict[str, Any] | None]]] = {
    "http": _http,
    "keyword": _http,
    "json-query": _http,
    "port": _port,
    "ping": _ping,
    "dns": _dns,
    "push": _push,
    "postgres": _postgres,
    "mysql": _mysql,
    "redis": _redis,
    "mongodb": _mongodb,
    "grpc-keyword": _grpc,
    "smtp": _smtp,
}


def _key(value: Any) -> str:
    """An id, whatever it is made of."""
    return "" if value is None else str(value)


def _place(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}" if address.port else host


def _number(value: Any, otherwise: float) -> float:
    try:
        return float(value) if value is not None and not isinstance(value, bool) else otherwise
    except (TypeError, ValueError):
        return otherwise


def _decoded(text: str) -> str:
    """Without percent signs."""
    raw, found, at = text.encode(), bytearray(), 0
    while at < len(raw):
        code = raw[at + 1 : at + 3]
        if raw[at : at + 1] == b"%" and len(code) == 2 and all(one in b"0123456789abcdefABCDEF" for one in code):
            found.append(int(code, 16))
            at += 3
        else:
            found.append(raw[at])
            at += 1
    return found.decode(errors="replace")
