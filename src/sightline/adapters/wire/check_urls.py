"""What each kind of check writes as its url, and the parts of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sightline.domain.errors import BadData

DEFAULT_PORTS: Final[Mapping[str, int | None]] = {
    "tcp": None,
    "grpc": None,
    "tls": 443,
    "mail": 25,
    "postgres": 5432,
    "mysql": 3306,
    "redis": 6379,
    "mongodb": 27017,
    "ntp": 123,
    "ssh": 22,
}
"""Kinds that ask a host at a port, and the port where none is written; None where one must be."""
MAIL_PORTS: Final = {
    ("smtp", "none"): 25,
    ("smtp", "starttls"): 587,
    ("smtp", "tls"): 465,
    ("imap", "none"): 143,
    ("imap", "starttls"): 143,
    ("imap", "tls"): 993,
    ("pop3", "none"): 110,
    ("pop3", "starttls"): 110,
    ("pop3", "tls"): 995,
}
NOBODY: Final = frozenset({"heartbeat", "promql", "composed"})
"""Kinds that ask nobody at an address."""
_SCHEMES: Final = {"http": ("http", "https"), "websocket": ("ws", "wss")}
_MAX: Final = 2000
_WHOLE: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:(?P<user>[^/?#]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[\w.]+)?\]|[^/?#@:\[\]\s]*)(?::(?P<port>[0-9]{0,5}))?(?P<rest>[/?#].*)?",
    re.DOTALL,
)
_HOST: Final = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?")
_IPV6: Final = re.compile(r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.[0-9.]+)?(?:%[\w.]+)?")


@dataclass(frozen=True, slots=True)
class Address:
    """An address in parts. host: without brackets. user: what stands before @. rest: path, query and fragment."""

    scheme: str
    user: str
    host: str
    port: int | None
    rest: str


def split(url: str) -> Address | None:
    """The parts of an address; None where it has none. What is before the host need not be there."""
    found = _WHOLE.fullmatch(url)
    if found is None or len(url) > _MAX or not url.isprintable() or " " in url:
        return None
    port = int(found["port"]) if found["port"] else None
    return Address(
        (found["scheme"] or "").lower(), found["user"] or "", found["host"].strip("[]"), port, found["rest"] or ""
    )


def canonical(kind: str, url: str, mail: tuple[str, str] = ("smtp", "none")) -> str:
    """The url of a check as probers take it, with its port where there is one; messages show nothing of credentials.

    mail: protocol and security, which decide on the port.

    Raises:
        BadData: the kind wants another form.
    """
    url = url.strip()
    if kind in NOBODY:
        if url:
            raise BadData(f"a check of type {kind} asks nobody at an address: leave it out")
        return ""
    if not url:
        raise BadData(f"is missing: a check of type {kind} wants {_WANTED[kind]}")
    if kind in _SCHEMES:
        return _with_scheme(kind, url)
    if kind in DEFAULT_PORTS:
        return _host_and_port(kind, url, MAIL_PORTS.get(mail) if kind == "mail" else DEFAULT_PORTS[kind])
    return _host(kind, url)


_WANTED: Final = {
    "http": "an address such as https://example.org/health",
    "websocket": "an address such as wss://example.org/socket",
    **dict.fromkeys(DEFAULT_PORTS, "host:port, such as db.example.org:5432"),
    "dns": "the name that is asked for, such as example.org",
    "icmp": "a host or an IP address",
    "domain": "a registered domain, such as example.org",
}


def _with_scheme(kind: str, url: str) -> str:
    parts = split(url)
    if parts is None or not _is_host(parts.host) or not _is_port(parts.port):
        raise BadData(f"is no address: write {_WANTED[kind].removeprefix('an address such as ')}")
    if parts.scheme not in _SCHEMES[kind]:
        schemes = " or ".join(f"{scheme}://" for scheme in _SCHEMES[kind])
        given = f"{parts.scheme}://" if parts.scheme else "no scheme"
        raise BadData(f"has {given}, and a check of type {kind} wants {schemes}")
    return url


def _host_and_port(kind: str, url: str, default: int | None) -> str:
    if _IPV6.fullmatch(url):
        url = f"[{url}]"
    parts = split(url)
    if parts is None or not _is_host(parts.host) or not _is_port(parts.port) or parts.rest.strip("/"):
        raise BadData(f"is no {kind} address: write {_WANTED[kind]}")
    if parts.user:
        raise BadData("has credentials in it: write them as username and password")
    port = parts.port or default
    if port is None:
        raise BadData(f"has no port: write {_WANTED[kind]}")
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return f"{host}:{port}"


def _host(kind: str, url: str) -> str:
    host = url.strip("[]") if kind == "icmp" else url
    if "://" in url or "/" in url or not _is_host(host) or (":" in host and kind != "icmp"):
        raise BadData(f"is no host: a check of type {kind} wants {_WANTED[kind]}")
    if kind == "domain" and "." not in host.rstrip("."):
        raise BadData("is no registered domain: write it with its end, such as example.org")
    return host


def _is_host(host: str) -> bool:
    return len(host) <= 253 and (_HOST.fullmatch(host) is not None or _IPV6.fullmatch(host) is not None)


def _is_port(port: int | None) -> bool:
    return port is None or 1 <= port <= 65535
