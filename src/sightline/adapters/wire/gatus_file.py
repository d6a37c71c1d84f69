"""Checks of Gatus, from its configuration in YAML.

Source: https://github.com/TwiN/gatus#configuration.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sightline.adapters.wire.check_urls import Address, split
from sightline.adapters.wire.gatus_conditions import translated
from sightline.adapters.wire.imported_checks import Imported, Importing, flag
from sightline.adapters.wire.plain_yaml import read_plain
from sightline.domain.errors import BadData
from sightline.domain.timerange import parse_duration

_ENDPOINT: Final = frozenset(
    {
        *(
            "enabled",
            "name",
            "group",
            "url",
            "method",
            "body",
            "headers",
            "graphql",
            "interval",
            "conditions",
            "alerts",
        ),
        *("dns", "ssh", "client", "extra-labels"),
    }
)
_EXTERNAL: Final = frozenset({"enabled", "name", "group", "token", "alerts", "heartbeat"})
_CLIENT: Final = frozenset({"insecure", "ignore-redirect", "timeout", "tls", "proxy-url", "network"})
_ALERT: Final = frozenset(
    {"type", "enabled", "failure-threshold", "success-threshold", "description", "send-on-resolved"}
)
_READ: Final = frozenset({"endpoints", "external-endpoints", "alerting", "metrics", "debug"})
_INSTEAD: Final = {
    "ui": "how the page looks is said by status pages",
    "storage": "results are kept by the program itself",
    "maintenance": "write it as a maintenance window",
    "maintenance-windows": "write them as maintenance windows",
    "security": "who may come in is said by the settings http.*",
    "web": "where it listens is said by the settings",
    "connectivity": "the monitor's own connection is watched by the settings checks.*",
    "announcements": "write them as incidents of a status page",
    "suites": "checks that hand values to one another are not known here",
    "tunneling": "there are no tunnels",
    "remote": "other instances are not asked",
}
_ANY_STATUS: Final = ("100-599",)
_FAILURES, _SUCCESSES = 3, 2
_MOST: Final = 100
_STATUS_IS: Final = re.compile(r"\s*\[STATUS\]\s*==\s*(?:any\(([\d,\s]+)\)|(\d{3}))\s*")
_DURATION: Final = re.compile(r"(?:(\d+(?:\.\d+)?)(h|m|s|ms))+")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNITS: Final = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_ADDRESSED: Final = {"tcp": "tcp", "tls": "tls", "starttls": "tls", "ssh": "ssh", "grpc": "grpc", "grpcs": "grpc"}


def read_gatus(text: bytes) -> Imported:
    """Read a configuration.

    Raises:
        BadData: no YAML, or one that has no endpoints; place in front.
    """
    found = read_plain(text)
    if not isinstance(found, dict) or not (found.get("endpoints") or found.get("external-endpoints")):
        raise BadData("endpoints are missing: this is no configuration of Gatus")
    return _File(found).read()


class _File:
    """Reads one."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._into = Importing()
        self._found = found
        alerting = found.get("alerting")
        self._providers = alerting if isinstance(alerting, dict) else {}

    def read(self) -> Imported:
        self._into.tell_variables(
            {name: self._found.get(name) for name in ("endpoints", "external-endpoints")}, "the file"
        )
        for number, one in enumerate(_listed(self._found.get("endpoints"))):
            path = f"endpoints[{number}] ({str(one.get('name', ''))[:60]})"
            self._endpoint(one, path)
        for number, one in enumerate(_listed(self._found.get("external-endpoints"))):
            self._external(one, f"external-endpoints[{number}] ({str(one.get('name', ''))[:60]})")
        if self._providers:
            told = "who is told has no place here: write routes and receivers, see the page of channels"
            self._into.tell(f"alerting ({', '.join(map(str, self._providers))})", told)
        for name, value in self._found.items():
            if name not in _READ and value not in ({}, [], ""):
                self._into.tell(str(name), _INSTEAD.get(str(name), "it has no place here"))
        return self._into.result()

    def _endpoint(self, one: Mapping[str, Any], path: str) -> None:
        value = self._of_every(one, path)
        try:
            value |= self._kind(one, path)
        except BadData as error:
            self._into.tell(path, f"not imported: {error.message}")
            return
        self._others(one, _ENDPOINT, path)
        self._into.add(value, path)

    def _others(self, one: Mapping[str, Any], known: frozenset[str], path: str) -> None:
        for name in [name for name in one if name in _INSTEAD]:
            self._into.tell(f"{path}.{name}", _INSTEAD[name])
        self._into.tell_others(one, known | set(_INSTEAD), path)

    def _of_every(self, one: Mapping[str, Any], path: str) -> dict[str, Any]:
        name, group = str(one.get("name", "")), str(one.get("group") or "")
        labels = _pairs(one.get("extra-labels"))
        tags = [self._into.label(label, text, f"{path}.extra-labels") for label, text in labels.items()]
        return {
            "name": self._into.name(name, f"{group} / {name}" if group else ""),
            "group": group,
            "enabled": flag(one.get("enabled"), otherwise=True),
            "tags": dict(tags),
            **self._alerts(one, path),
        }

    def _alerts(self, one: Mapping[str, Any], path: str) -> dict[str, Any]:
        alerts = [alert for alert in _listed(one.get("alerts")) if flag(alert.get("enabled"), otherwise=True)]
        found: dict[str, Any] = {"notify": bool(alerts)}
        if not alerts:
            return found
        failures, successes, description = [], [], ""
        for number, alert in enumerate(alerts):
            provider = self._providers.get(alert.get("type"))
            usual = provider.get("default-alert") if isinstance(provider, dict) else None
            whole = {**(usual if isinstance(usual, dict) else {}), **alert}
            failures.append(_count(whole.get("failure-threshold"), _FAILURES))
            successes.append(_count(whole.get("success-threshold"), _SUCCESSES))
            description = description or str(whole.get("description") or "")
            self._into.tell_others(alert, _ALERT, f"{path}.alerts[{number}]")
        if len({*failures}) > 1 or len({*successes}) > 1:
            self._into.tell(f"{path}.alerts", "their thresholds differ: the smallest are taken for all")
        return {
            **found,
            "failures": min(*failures, _MOST),
            "successes": min(*successes, _MOST),
            "description": description,
        }

    def _kind(self, one: Mapping[str, Any], path: str) -> dict[str, Any]:
        """What kind of check it is, with its address, times and conditions."""
        client = one.get("client")
        client = client if isinstance(client, dict) else {}
        self._into.tell_others(client, _CLIENT, f"{path}.client")
        interval = _milliseconds(one.get("interval"), 60_000)
        times = {
            "interval": interval / 1000,
            "timeout": min(_milliseconds(client.get("timeout"), 10_000), interval) / 1000,
        }
        url = str(one.get("url") or "")
        if isinstance(one.get("dns"), dict):
            return {**times, **self._dns(one["dns"], url), "conditions": self._conditions(one, path, dns=True)}
        address = split(url)
        if address is None:
            raise BadData("its url cannot be read")
        network = {"ip4": "4", "ip6": "6"}.get(str(client.get("network")), "any")
        found = {**times, "ip_version": network, **self._by_scheme(one, client, address, url, path)}
        conditions = self._conditions(one, path)
        if found["type"] == "http":
            found["accepted"], conditions = _by_status(_texts(one.get("conditions")), conditions)
        return {**found, "conditions": conditions}

    def _by_scheme(
        self, one: Mapping[str, Any], client: Mapping[str, Any], address: Address, url: str, path: str
    ) -> dict[str, Any]:
        scheme = address.scheme
        tls = _trust(client)
        if scheme in {"http", "https"}:
            return self._http(one, client, url, tls)
        if scheme in {"ws", "wss"}:
            headers, sent = _pairs(one.get("headers")), str(one.get("body") or "")
            return {"type": "websocket", "url": url, "headers": headers, "send": sent, "tls": tls}
        if scheme == "icmp":
            return {"type": "icmp", "url": address.host}
        if scheme not in _ADDRESSED:
            raise BadData(f"{scheme or 'no scheme'}:// has no type of check here")
        host = f"[{address.host}]" if ":" in address.host else address.host
        found: dict[str, Any] = {"type": _ADDRESSED[scheme], "url": f"{host}:{address.port}" if address.port else host}
        if scheme in {"tls", "starttls"}:
            found |= {"tls": tls, "certificate_days": 0}
        if scheme == "starttls":
            found["starttls"] = {110: "pop3", 143: "imap", 5432: "postgres"}.get(address.port or 0, "smtp")
        if scheme == "grpcs":
            found["tls"] = tls
        if one.get("body") and scheme == "tcp":
            found["talk"] = [{"send": str(one["body"])}]
        elif one.get("body") and scheme != "tcp":
            self._into.tell(f"{path}.body", "nothing is sent there")
        if one.get("ssh"):
            self._into.tell(f"{path}.ssh", "the banner is checked; nobody signs in and nothing is run")
        return found

    def _http(
        self, one: Mapping[str, Any], client: Mapping[str, Any], url: str, tls: Mapping[str, Any]
    ) -> dict[str, Any]:
        headers, body = _pairs(one.get("headers")), str(one.get("body") or "")
        if flag(one.get("graphql")):
            body = msgspec.json.encode({"query": body}).decode()
            headers.setdefault("Content-Type", "application/json")
        return {
            "type": "http",
            "url": url,
            "method": str(one.get("method") or "GET"),
            "headers": headers,
            "body": body,
            "follow_redirects": not flag(client.get("ignore-redirect")),
            "tls": tls,
            "proxy": str(client.get("proxy-url") or ""),
            "certificate_days": 0,
        }

    def _dns(self, dns: Mapping[str, Any], url: str) -> dict[str, Any]:
        return {
            "type": "dns",
            "url": str(dns.get("query-name") or "").rstrip("."),
            "record_type": str(dns.get("query-type") or "A"),
            "resolver": url.removeprefix("dns://"),
            # Whether an answer is well is said by conditions alone.
            "accepted_rcodes": ["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"],
        }

    def _conditions(self, one: Mapping[str, Any], path: str, *, dns: bool = False) -> list[str]:
        found: list[str] = []
        for number, text in enumerate(_texts(one.get("conditions"))):
            try:
                ours = translated(text, dns=dns)
            except BadData as error:
                self._into.tell(f"{path}.conditions[{number}]", f"{text[:100]!r} is left out: {error.message}")
                continue
            if ours:
                found.append(ours)
        return found

    def _external(self, one: Mapping[str, Any], path: str) -> None:
        beat = one.get("heartbeat")
        period = _milliseconds(beat.get("interval") if isinstance(beat, dict) else None, 86_400_000)
        value = {
            **self._of_every(one, path),
            "type": "heartbeat",
            "period": max(period, 1_000) / 1000,
            "grace": 60,
            "token": str(one.get("token") or ""),
        }
        self._others(one, _EXTERNAL, path)
        if self._into.add(value, path):
            self._into.tell(path, "the address of its pings is another one here")


def _by_status(texts: list[str], conditions: list[str]) -> tuple[list[str], list[str]]:
    """Which codes are accepted, and the conditions without the one that says so; without such a one any are."""
    stated = [match for text in texts if (match := _STATUS_IS.fullmatch(text)) is not None]
    of_status = [one for one in conditions if one.startswith("status ")]
    if len(stated) != 1 or len(of_status) != 1:
        return list(_ANY_STATUS), conditions
    codes = str(stated[0][1] or stated[0][2]).split(",")
    return [code.strip() for code in codes], [one for one in conditions if one not in of_status]


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _pairs(value: Any) -> dict[str, str]:
    return {str(name): str(text) for name, text in value.items()} if isinstance(value, dict) else {}


def _count(value: Any, otherwise: int) -> int:
    return int(str(value)) if value and str(value).isdecimal() and int(str(value)) else otherwise


def _trust(client: Mapping[str, Any]) -> dict[str, Any]:
    tls = client.get("tls")
    tls = tls if isinstance(tls, dict) else {}
    return {
        "verify": not flag(client.get("insecure")),
        "cert_file": str(tls.get("certificate-file") or ""),
        "key_file": str(tls.get("private-key-file") or ""),
    }


def _milliseconds(value: Any, otherwise: int) -> int:
    """A duration as Go has it."""
    text = str(value or "")
    if not text:
        return otherwise
    if _DURATION.fullmatch(text):
        return round(sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(text)))
    return parse_duration(text)
