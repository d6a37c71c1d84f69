"""What the monitors of Uptime Kuma become, type by type.

Source: https://github.com/louislam/uptime-kuma (monitors as its API has them).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sightline.adapters.wire.check_urls import Address, split
from sightline.adapters.wire.imported_checks import Importing, json_path, loose
from sightline.domain.probes.quantity import quoted

Monitor = Mapping[str, Any]
"""A monitor as a backup has it."""

_EXPIRY_DAYS: Final = 14
_MIN_PAYLOAD, _MAX_PAYLOAD = 8, 1472
_HOW_ENCODED: Final = {
    "json": "application/json",
    "xml": "text/xml; charset=utf-8",
    "form": "application/x-www-form-urlencoded",
}


class MonitorReading:
    """One monitor of a backup, and what is told of what has no place here."""

    def __init__(self, monitor: Monitor, path: str, into: Importing, proxies: Mapping[Any, Monitor]) -> None:
        self._monitor = monitor
        self.path = path
        self.into = into
        self._proxies = proxies

    def get(self, name: str) -> Any:
        """A field; None where it is missing."""
        return self._monitor.get(name)

    def text(self, name: str) -> str:
        """A field as a text; empty where it is missing."""
        value = self.get(name)
        return "" if value is None else str(value)

    def host_and_port(self) -> str:
        """Where it asks."""
        host, port = self.text("hostname"), self.text("port")
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{host}:{port}" if port else host

    def tell(self, field: str, reason: str) -> None:
        """Note what of a field is left out."""
        self.into.tell(f"{self.path}.{field}", reason)

    def proxy(self) -> str:
        """The address of the proxy that it goes by; empty without one."""
        proxy = self._proxies.get(key_of(self.get("proxyId")))
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


def key_of(value: Any) -> str:
    """An id, whatever it is made of."""
    return "" if value is None else str(value)


def number_of(value: Any, otherwise: float) -> float:
    """A field as a number; `otherwise` where it is none."""
    try:
        return float(value) if value is not None and not isinstance(value, bool) else otherwise
    except (TypeError, ValueError):
        return otherwise


def _http(monitor: MonitorReading) -> dict[str, Any]:
    conditions = []
    if monitor.get("type") == "keyword":
        word = monitor.text("keyword")
        conditions.append(f"{'not ' if monitor.get('invertKeyword') else ''}body contains {quoted(word)}")
    if monitor.get("type") == "json-query":
        conditions += _json_query(monitor)
    redirects = int(number_of(monitor.get("maxredirects"), 10))
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


def _headers(monitor: MonitorReading) -> dict[str, str]:
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


def _auth(monitor: MonitorReading) -> dict[str, Any]:
    method = monitor.text("authMethod")
    name, password = monitor.text("basic_auth_user"), monitor.text("basic_auth_pass")
    if method == "basic" or (name and not method):
        return {"auth": {"type": "basic", "username": name, "password": password}}
    if method:
        monitor.tell("authMethod", f"{method} is not known here: basic credentials and headers are")
    return {}


def _json_query(monitor: MonitorReading) -> list[str]:
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


def _port(monitor: MonitorReading) -> dict[str, Any]:
    return {"type": "tcp", "url": monitor.host_and_port()}


def _ping(monitor: MonitorReading) -> dict[str, Any]:
    size = int(number_of(monitor.get("packetSize"), 56))
    return {"type": "icmp", "url": monitor.text("hostname"), "payload": min(max(size, _MIN_PAYLOAD), _MAX_PAYLOAD)}


def _dns(monitor: MonitorReading) -> dict[str, Any]:
    servers = [one.strip() for one in monitor.text("dns_resolve_server").split(",") if one.strip()]
    if len(servers) > 1:
        monitor.tell("dns_resolve_server", f"{servers[0]} is asked alone: a check asks one resolver")
    port = monitor.text("port")
    server = servers[0] if servers else ""
    if server and port and port != "53":
        server = f"[{server}]:{port}" if ":" in server else f"{server}:{port}"
    kind = monitor.text("dns_resolve_type") or "A"
    return {"type": "dns", "url": monitor.text("hostname"), "record_type": kind, "resolver": server}


def _push(monitor: MonitorReading) -> dict[str, Any]:
    period = max(1, number_of(monitor.get("interval"), 60))
    late = number_of(monitor.get("maxretries"), 0) * number_of(monitor.get("retryInterval"), period)
    return {
        "type": "heartbeat",
        "period": period,
        "grace": max(1, late),
        "token": monitor.text("pushToken"),
    }


def _postgres(monitor: MonitorReading) -> dict[str, Any] | None:
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


def _mysql(monitor: MonitorReading) -> dict[str, Any] | None:
    address = monitor.server()
    if address is None:
        return None
    if monitor.text("databaseQuery") or address.user:
        monitor.tell("databaseQuery", "the server's greeting is checked; nobody signs in and no query is sent")
    return {"type": "mysql", "url": _place(address)}


def _redis(monitor: MonitorReading) -> dict[str, Any] | None:
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


def _mongodb(monitor: MonitorReading) -> dict[str, Any] | None:
    address = monitor.server()
    if address is None:
        return None
    if address.user or monitor.text("databaseQuery"):
        monitor.tell("databaseConnectionString", "hello is asked; nobody signs in and no command is sent")
    return {"type": "mongodb", "url": _place(address)}


def _grpc(monitor: MonitorReading) -> dict[str, Any] | None:
    service = monitor.text("grpcServiceName")
    if not service.endswith("Health"):
        monitor.tell("grpcServiceName", "only grpc.health.v1.Health is asked: not imported")
        return None
    return {"type": "grpc", "url": monitor.text("grpcUrl"), "tls": {} if monitor.get("grpcEnableTls") else None}


def _smtp(monitor: MonitorReading) -> dict[str, Any]:
    security = {"secure": "tls", "starttls": "starttls"}.get(monitor.text("smtpSecurity"), "none")
    return {"type": "mail", "url": monitor.host_and_port(), "protocol": "smtp", "security": security}


TYPES: Final[Mapping[str, Callable[[MonitorReading], dict[str, Any] | None]]] = {
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
"""By the word that `type` has for them; None: nothing is made of it, and that is told."""


def _place(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}" if address.port else host


def _decoded(text: str) -> str:
    """With what percent signs stand for."""
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
