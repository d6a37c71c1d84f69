"""Who may come in: the listener's own safety, the Host and Origin of a request, the token, the tenant."""

import base64
import binascii
import hmac
import ipaddress
import socket
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sightline.adapters.inbound.http.asgi import Scope, header
from sightline.adapters.inbound.http.healthchecks_paths import PREFIX as HEALTHCHECKS
from sightline.adapters.inbound.http.influx_paths import WITH_PASSWORD
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.webhook_paths import PREFIX as WEBHOOKS
from sightline.domain.errors import Forbidden, SettingsInvalid, Unauthenticated
from sightline.domain.tenancy import DEFAULT_TENANT, Principal, Role, tenant

SUBPROTOCOL: Final = "sightline.v1"
BEARER_SUBPROTOCOL: Final = "bearer."
MIN_TOKEN_LENGTH: Final = 16

_KNOWN_HOSTS: Final = 256  # verdicts remembered; nearly all requests come for the same host
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def is_loopback(host: str) -> bool:
    """Whether an address, or the name `localhost`, is reachable from this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_listener(host: str, token_file: Path | None, *, insecure: bool, setting: str = "--listen") -> None:
    """Refuse to listen where strangers could come in; `setting` names what says where.

    Raises:
        SettingsInvalid: the address is not loopback and there is neither a token nor the word that none is wanted.
    """
    if token_file is None and not insecure and not is_loopback(host):
        raise SettingsInvalid(
            f"{setting} {host} is open to other machines: give --token-file FILE so that callers must show a token, "
            "or --insecure to let everybody in",
        )


def read_token(path: Path) -> bytes:
    """The token in a file: one line of visible ASCII.

    Raises:
        SettingsInvalid: the file cannot be read, or holds no usable token.
    """
    try:
        token = path.read_bytes().strip()
    except OSError as error:
        raise SettingsInvalid(f"--token-file {path} cannot be read: {error.strerror}") from error
    if len(token) < MIN_TOKEN_LENGTH or not all(0x21 <= byte <= 0x7E for byte in token):
        raise SettingsInvalid(
            f"--token-file {path} must hold one token of at least {MIN_TOKEN_LENGTH} visible ASCII characters; "
            f"make one with: openssl rand -hex 32 > {path}",
        )
    return token


class Access:
    """Decides about every request before anything else looks at it."""

    def __init__(self, settings: DoorSettings) -> None:
        self._token = settings.token
        self._local = is_loopback(settings.host)
        machine = socket.gethostname().lower()
        own = {"localhost"} if self._local else {"localhost", machine, machine.partition(".")[0]}
        self._hosts = own | {host.lower() for host in settings.allowed_hosts}
        self._is_own = lru_cache(_KNOWN_HOSTS)(self._judge)
        self._origins = {origin.lower().rstrip("/") for origin in settings.allowed_origins}

    def is_ours(self, scope: Scope) -> bool:
        """Whether the Host of a request is a name of this server, by which everything is served."""
        return self._is_own(name_of(header(scope, b"host") or ""))

    def check_names(self, scope: Scope, *, is_known: bool = False) -> None:
        """Stop DNS rebinding and calls from foreign web pages. is_known: the Host is one for what is asked for, at least.

        Raises:
            Forbidden: the Host is not a name of ours, or the Origin is foreign where that matters.
        """
        host = header(scope, b"host") or ""
        if not is_known and not self.is_ours(scope):
            raise Forbidden(
                f"Host {host[:200]!r} is not a name of this server; add it to http.allowed_hosts if it should be",
            )
        origin = header(scope, b"origin")
        if origin is None or (scope["type"] == "http" and scope["method"] in _SAFE_METHODS):
            return
        if origin.lower() not in self._origins and not _same_authority(origin, host):
            raise Forbidden(
                f"Origin {origin[:200]!r} may not call this server; add it to http.allowed_origins if it should",
            )

    def foreign_origin(self, scope: Scope) -> str | None:
        """The Origin of a page that is not ours but may call and read us, because http.allowed_origins says so."""
        origin = header(scope, b"origin")
        return origin if origin is not None and origin.lower() in self._origins else None

    def principal(self, scope: Scope) -> Principal:
        """Who asks, and for which tenant (X-Scope-OrgID).

        Raises:
            Unauthenticated: a token is needed and was not shown, or a wrong one was.
            InvalidTenant: the tenant's name is not allowed.
        """
        if self._token is None:
            who = "local" if self._local else "anonymous"
        else:
            shown = _tokens(scope)
            if not shown:
                raise Unauthenticated("a token is needed: send Authorization: Bearer <token>")
            if not any(hmac.compare_digest(one, self._token) for one in shown):
                raise Unauthenticated("the token is not valid")
            who = "token"
        name = header(scope, b"x-scope-orgid")
        return Principal(who, DEFAULT_TENANT if name is None else tenant(name), Role.ADMIN)

    def _judge(self, name: str) -> bool:
        """Whether a name or an address is ours."""
        if name in self._hosts or "*" in self._hosts:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return any(f"*.{parent}" in self._hosts for parent in _parents(name))
        # A rebinding page comes by a name, so on an open listener a bare address is safe.
        return address.is_loopback or not self._local


def offered_subprotocols(scope: Scope) -> list[str]:
    """The WebSocket subprotocols that the client offers, in its order."""
    return list(scope.get("subprotocols") or ())


def _tokens(scope: Scope) -> list[bytes]:
    """The tokens a request shows: in its Authorization header or, where browsers send none, as a WebSocket subprotocol.

    Clients that know no bearers show one as InfluxDB has it (`Token`), as Healthchecks has it (`X-Api-Key`), or as a password,
    whoever they say to be; what calls a webhook may only know its address, and shows one as the parameter `token`.
    """
    scheme, _, value = (header(scope, b"authorization") or "").partition(" ")
    value = value.strip()
    found = []
    match scheme.lower():
        case "bearer":
            found = [value.encode("latin-1")]
        case "token":  # alone, or as name:token
            found = [value.encode("latin-1"), value.partition(":")[2].encode("latin-1")]
        case "basic":
            found = [pair.partition(b":")[2] for pair in _decoded([value])]
    if scope["path"] in WITH_PASSWORD:
        found += [one.encode() for one in Parameters.of(scope["query_string"]).every("p")]
    if scope["path"].startswith(HEALTHCHECKS):
        found += [key.encode("latin-1") for key in (header(scope, b"x-api-key"),) if key]
    if scope["path"].startswith(WEBHOOKS):
        found += [one.encode() for one in Parameters.of(scope["query_string"]).every("token")]
    if scope["type"] == "websocket":
        found += _decoded(
            one.removeprefix(BEARER_SUBPROTOCOL)
            for one in offered_subprotocols(scope)
            if one.startswith(BEARER_SUBPROTOCOL)
        )
    return found


def _decoded(texts: Iterable[str]) -> list[bytes]:
    found = []
    for text in texts:
        try:
            found.append(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError):
            continue
    return found


def _parents(name: str) -> Iterable[str]:
    while "." in name:
        name = name.partition(".")[2]
        yield name


def name_of(host: str) -> str:
    """The host without its port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _same_authority(origin: str, host: str) -> bool:
    """Whether a page's origin names the very host and port that it calls; a proxy may have taken the TLS away."""
    try:
        parts = urlsplit(origin)
        port = parts.port
        called = urlsplit(f"//{host}")
        called_port = called.port
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None or not parts.hostname:
        return False
    return (parts.hostname, port or default) == (called.hostname, called_port or default)
