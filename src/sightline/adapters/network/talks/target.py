"""Whom a check is about, as people write it: `host`, `host:port`, `[::1]:port`, or a URL of the protocol."""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from sightline.adapters.network.failure import Failure
from sightline.domain.probes.outcome import Reason

MAX_HOST: Final = 253
_MAX_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Target:
    """Where a check leads. host: a name in ASCII or an address in numbers, without brackets. port: 0 where none is written.

    scheme, username, password, path: of a URL; empty where they are not. path: without its first slash.
    """

    host: str
    port: int = 0
    scheme: str = ""
    username: str = ""
    password: str = ""
    path: str = ""

    def where(self, port: int) -> str:
        """The place, as messages name it."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"


def parse_target(url: str, schemes: tuple[str, ...] = ()) -> Target:
    """Read what is probed. schemes: those of URLs that the kind takes.

    Raises:
        Failure: BAD_TARGET, with words that repeat nothing that could be secret.
    """
    scheme, separator, rest = url.strip().partition("://")
    if not separator:
        scheme, rest = "", scheme
    elif scheme.lower() not in schemes:
        known = ", ".join(f"{one}://" for one in schemes) or "none"
        raise _bad(f"{_word(scheme)}:// is not a scheme of this kind of check (known: {known}): write host:port")
    authority, _, path = rest.partition("/")
    authority, path = authority.partition("?")[0], path.partition("?")[0].partition("#")[0]
    credentials, _, place = authority.rpartition("@")
    if credentials and not scheme:
        raise _bad("a user name in front of the host needs a scheme; write host:port, and the user into the options")
    username, _, password = credentials.partition(":")
    host, port = _host_and_port(place)
    return Target(host, port, scheme.lower(), unquote(username), unquote(password), unquote(path))


def _host_and_port(place: str) -> tuple[str, int]:
    if _is_six(place):
        return place, 0
    if place.startswith("["):
        host, bracket, port = place[1:].partition("]")
        if not bracket or not _is_six(host) or (port and not port.startswith(":")):
            raise _bad("an address of IPv6 with a port is written as [::1]:443")
        return host, _port(port[1:]) if port else 0
    host, colon, port = place.partition(":")
    return _host(host), _port(port) if colon else 0


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(_MAX_PORT)) or not 1 <= int(text) <= _MAX_PORT:
        raise _bad(f"the port must be a number from 1 to {_MAX_PORT}")
    return int(text)


def _host(text: str) -> str:
    if not text:
        raise _bad("there is no host: write host or host:port")
    try:
        host = text if text.isascii() else text.encode("idna").decode()
    except UnicodeError:
        raise _bad("the host cannot be written as a name of the DNS") from None
    if len(host) > MAX_HOST or not all(one.isalnum() or one in "-._" for one in host):
        raise _bad("the host may have letters, digits, hyphens and dots, and at most 253 of them")
    return host


def _is_six(text: str) -> bool:
    try:
        return isinstance(ipaddress.ip_address(text), ipaddress.IPv6Address)
    except ValueError:
        return False


def _word(text: str) -> str:
    return text if text.isascii() and text.replace("+", "").isalnum() and len(text) <= MAX_HOST else "that"


def _bad(message: str) -> Failure:
    return Failure(Reason.BAD_TARGET, message)
