"""Where something is asked over HTTP: a URL taken apart, its credentials apart from what may be shown.

Source: RFC 3986; RFC 9110, section 4.2.
"""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

WEB: Final[Mapping[str, int]] = MappingProxyType({"http": 80, "https": 443})
"""Schemes, and the ports that they mean."""
WEBSOCKET: Final[Mapping[str, int]] = MappingProxyType({"ws": 80, "wss": 443})
PROXY: Final[Mapping[str, int]] = MappingProxyType({**WEB, "socks4a": 1080, "socks5": 1080, "socks5h": 1080})
_SECURE: Final = frozenset({"https", "wss"})
_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.ASCII)
_AS_IT_IS: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>\\^`{|}')
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")


class BadPlace(ValueError):
    """A text is no address of the wanted kind; says what is wrong without repeating it, as it may hold a password."""


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """One address. host: in small letters, IPv6 without brackets. path: with the query. user, password: empty without any."""

    scheme: str
    host: str
    port: int
    path: str
    is_numeric: bool
    is_secure: bool
    is_usual_port: bool
    user: str = ""
    password: str = ""

    @property
    def authority(self) -> str:
        """Host and, where it is not the usual one, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.is_usual_port else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole of it but for credentials."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def shown(self) -> str:
        """As messages show it: queries often hold what nobody else should see."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"

    @property
    def authorization(self) -> str:
        """What the header Authorization says for the credentials; empty without any."""
        return basic(self.user, self.password) if self.user or self.password else ""

    def is_beside(self, first: "Place") -> bool:
        """Whether what was meant for another place may be sent here: the same server, or the same one made secure."""
        same = self.host == first.host
        made_secure = self.is_secure and not first.is_secure and self.is_usual_port and first.is_usual_port
        return same and (made_secure or (self.scheme == first.scheme and self.port == first.port))


def basic(user: str, password: str) -> str:
    """Basic authentication, RFC 7617."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def place_of(text: str, schemes: Mapping[str, int] = WEB) -> Place:
    """Take a URL apart.

    Raises:
        BadPlace: it is none, or its scheme is not among these.
    """
    if _CONTROL.search(text.strip()):
        text = _CONTROL.sub(lambda found: quote(found[0]), text.strip())
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise BadPlace("this is not a URL: its host or port cannot be read") from None
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    if parts.scheme not in schemes:
        said = f"{parts.scheme}: is not spoken here" if parts.scheme and parts.netloc else "this is not a URL"
        raise BadPlace(f"{said}: write {wanted} and a host")
    host, is_numeric = _host(parts)
    usual = schemes[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(
        scheme=parts.scheme,
        host=host,
        port=usual if port is None else port,
        path=quote(path, safe=_AS_IT_IS),
        is_numeric=is_numeric,
        is_secure=parts.scheme in _SECURE,
        is_usual_port=port in {None, usual},
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _host(parts: SplitResult) -> tuple[str, bool]:
    """The host of a URL, and whether that is an address in numbers."""
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise BadPlace(f"the host is missing: write {parts.scheme}://example.org")
    try:
        ipaddress.ip_address(unquote(host))
    except ValueError:
        pass
    else:
        return unquote(host), True
    if not host.isascii():
        from yarl import URL

        try:
            host = (URL.build(scheme="http", host=host).raw_host or "").rstrip(".")
        except ValueError:
            raise BadPlace("the host is not a name that can be looked up") from None
    if not _NAME.fullmatch(host):
        raise BadPlace("the host is neither a name nor an address")
    return host, False
