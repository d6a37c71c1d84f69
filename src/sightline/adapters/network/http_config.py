"""Alertmanager's `http_config`: who we say we are, whom we trust, and which way we go.

Source: https://prometheus.io/docs/alerting/latest/configuration/#http_config. HTTP is version 1.1, and redirections are not
followed, whatever `enable_http2` and `follow_redirects` say.
"""

import base64
import ipaddress
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from sightline.adapters.network.secret_files import parts_of_address, read_secret
from sightline.adapters.network.tls import tls_context
from sightline.domain.alerts.receiver import Option, Options, text_of
from sightline.domain.errors import NoticeRefused, SettingsInvalid

_OWN_HEADERS: Final = frozenset({"content-type", "content-length", "host", "transfer-encoding"})
_TELLING: Final = 4
"""Characters from which the value of a header may be a secret."""
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Way:
    """How one request goes. server_name: whose certificate is expected, None the host's. secrets: what must not be shown."""

    headers: Headers
    tls: ssl.SSLContext | bool
    server_name: str | None
    proxy: str | None
    proxy_headers: Headers
    secrets: tuple[str, ...]


class HttpConfig:
    """One `http_config`.

    where: what it is called in messages.

    Raises:
        SettingsInvalid: on construction, something cannot be used; values are not shown.
    """

    def __init__(self, options: Options, where: str) -> None:
        self._options = options
        self._where = where
        for name, one in _group(options, "http_headers").items():
            self._check_header(name, one)
        for name, values in _group(options, "proxy_connect_header").items():
            self._check_header(name, {"secrets": values})
        proxy = text_of(options.get("proxy_url"))
        if proxy and urlsplit(proxy).scheme not in {"http", "https"}:
            message = f"{where}.proxy_url: only proxies of http:// and https:// are supported"
            raise SettingsInvalid(message, key=f"{where}.proxy_url")

    def way(self, url: str) -> Way:
        """How a request to an address goes. Reads files.

        Raises:
            Unavailable: a file cannot be read, or does not hold what it should.
            NoticeRefused: likewise, so that trying again would not help.
        """
        further, authorization = self._further(), self._authorization(url)
        tls = _group(self._options, "tls_config")
        proxy = self._proxy(url)
        secrets = {value for _, value in further if len(value) >= _TELLING}
        secrets |= {part for _, value in authorization for part in (value, value.partition(" ")[2])}
        return Way(
            (*further, *authorization),
            tls_context(tls, f"{self._where}.tls_config") if tls and urlsplit(url).scheme == "https" else True,
            text_of(tls.get("server_name")) or None,
            proxy,
            tuple(
                (name, text_of(value))
                for name, values in _group(self._options, "proxy_connect_header").items()
                for value in _list(values)
            ),
            tuple(secrets | (parts_of_address(proxy) if proxy else set())),
        )

    def _check_header(self, name: str, given: Option) -> None:
        values = [text_of(one) for one in (*_list(_of(given, "values")), *_list(_of(given, "secrets")))]
        problem = header_problem(name, values)
        if problem:
            key = f"{self._where}.http_headers"
            raise SettingsInvalid(f"{key}: {problem}", key=key)

    def _further(self) -> Headers:
        return tuple(
            (name, value)
            for name, given in _group(self._options, "http_headers").items()
            for value in (
                *(text_of(one) for one in (*_list(_of(given, "values")), *_list(_of(given, "secrets")))),
                *(
                    read_secret(text_of(one), f"{self._where}.http_headers.{name}")
                    for one in _list(_of(given, "files"))
                ),
            )
        )

    def _authorization(self, url: str) -> Headers:
        basic, other = _group(self._options, "basic_auth"), _group(self._options, "authorization")
        if basic:
            pair = (secret_of(basic, name, f"{self._where}.basic_auth") for name in ("username", "password"))
            return (("Authorization", _basic(*pair)),)
        if other:
            kind, token = (
                text_of(other.get("type")).strip() or "Bearer",
                secret_of(other, "credentials", f"{self._where}.authorization"),
            )
        else:
            kind, token = "Bearer", secret_of(self._options, "bearer_token", self._where)
        if token:
            return (("Authorization", f"{kind} {token}"),)
        parts = urlsplit(url)
        if parts.username or parts.password:
            return (("Authorization", _basic(unquote(parts.username or ""), unquote(parts.password or ""))),)
        return ()

    def _proxy(self, url: str) -> str | None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        given = text_of(self._options.get("proxy_url"))
        if given:
            passed_by = _passes_by(host, parts.netloc.rpartition("@")[2], text_of(self._options.get("no_proxy")))
            return None if passed_by else given
        if not self._options.get("proxy_from_environment") or is_local(host):
            return None
        known = getproxies_environment()
        found = known.get(parts.scheme)
        if not found or _passes_by(host, parts.netloc.rpartition("@")[2], known.get("no", "")):
            return None
        found = found if "://" in found else f"http://{found}"
        if urlsplit(found).scheme not in {"http", "https"}:
            raise NoticeRefused(f"the proxy of the environment for {parts.scheme} is not one of http:// or https://")
        return found


def secret_of(options: Options, name: str, where: str) -> str:
    """A setting, or what the file holds that is named instead, as `name_file`. where: what the settings are called in messages.

    Raises:
        Unavailable: the file cannot be read.
        NoticeRefused: it does not hold a secret.
    """
    file = text_of(options.get(f"{name}_file"))
    return read_secret(file, f"{where}.{name}_file") if file else text_of(options.get(name))


def header_problem(name: str, values: Iterable[str]) -> str:
    """Why a header cannot be sent; empty where it can. Values are not shown."""
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        return f"{name[:40]!a} is not the name of a header"
    if name.lower() in _OWN_HEADERS:
        return f"{name} is set by Sightline itself"
    return "" if all(value.isprintable() for value in values) else f"a value of {name} has more than one line"


def is_local(host: str) -> bool:
    """Whether a host is this machine, to which no proxy of the environment leads."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _passes_by(host: str, place: str, no_proxy: str) -> bool:
    """Whether a host, or the place that is host and port, is reached without the proxy: by name, domain, address or network."""
    names = [part.strip().lower().removeprefix("*").removeprefix(".") for part in no_proxy.split(",")]
    if "*" in no_proxy.split(",") or any(name and f".{host}".endswith(f".{name}") for name in names) or place in names:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _networks(no_proxy))


def _networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for part in text.split(","):
        try:
            found.append(ipaddress.ip_network(part.strip(), strict=False))
        except ValueError:
            continue
    return found


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _group(options: Options, name: str) -> Options:
    found = options.get(name)
    return found if isinstance(found, Mapping) else {}


def _of(option: Option, name: str) -> Option | None:
    return option.get(name) if isinstance(option, Mapping) else None


def _list(option: Option | None) -> Sequence[Option]:
    return option if isinstance(option, Sequence) and not isinstance(option, str) else ()
