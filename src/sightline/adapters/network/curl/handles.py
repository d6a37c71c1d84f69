"""Handles of libcurl, set up once for each way of asking and used again and again, with a connection of its own each time."""

import os
import socket
from collections import OrderedDict
from contextlib import suppress
from typing import Any, Final, NamedTuple

import pycurl

from sightline.adapters.network.curl.places import Place
from sightline.adapters.network.guard import Guard, Policy
from sightline.adapters.network.trust import system_bundle
from sightline.domain.probes.options import TlsTrust

_KEPT: Final = 256
"""Handles that wait for their next use; each takes some 10 KB."""
_UNLIMITED: Final = 1 << 62
_INFO: Final = 0
_SESSION: Final = b"SSL connection using "
_VERSIONS: Final = {
    "1.1": pycurl.CURL_HTTP_VERSION_1_1,
    "auto": pycurl.CURL_HTTP_VERSION_2TLS,
}
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods of which a server expects a body, be it an empty one."""


class Setup(NamedTuple):
    """A way of asking, which a handle keeps. proxy: where it is, credentials included; None without one."""

    method: str = "GET"
    body: bytes = b""
    version: str = "auto"
    tls: TlsTrust = TlsTrust()
    proxy: Place | None = None
    is_secure: bool = False
    is_websocket: bool = False


class _Opened:
    """Hands a socket over: libcurl makes a copy of its number, and what was given goes as soon as it is forgotten."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def __del__(self) -> None:
        os.close(self._fd)


class Handle:
    """One handle of libcurl, and what its transfer under way has brought.

    headers: lines as they came, all answers' of the transfer. chunks, size: of the body, decompressed, no more than `limit` bytes.
    is_too_much: whether there was more. session: what was said of the TLS session. errno: why no socket could be
    made, 0 where one could. guard: of the addresses of this transfer.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._timeout_ms = -1
        self._has_addresses = False
        self._has_cookies = False
        self._says_goodbye = False
        self.curl = pycurl.Curl()
        self.setup: Setup | None = None
        self.headers: list[bytes] = []
        self.chunks: list[bytes] = []
        self.size = 0
        self.limit = _UNLIMITED
        self.is_too_much = False
        self.session = b""
        self.errno = 0
        self.guard = Guard(policy=policy)
        self._sockets: list[socket.socket] = []

    def set_up(self, setup: Setup) -> None:
        """Make it ask in this way.

        Raises:
            pycurl.error: libcurl does not take it.
        """
        if self.setup is not None:
            self.curl.reset()
        self.setup = setup
        self._timeout_ms, self._has_addresses = -1, False
        self._says_goodbye = (
            setup.is_secure or setup.version == "2" or (setup.proxy is not None and setup.proxy.is_secure)
        )
        self._set_up_always()
        self._set_up_request(setup)
        if setup.is_secure:
            self._set_up_tls(setup.tls)
        if setup.proxy is not None:
            self._set_up_proxy(setup.proxy)

    def aim(self, url: str, lines: list[bytes], timeout: float, addresses: str) -> None:
        """What differs from one transfer to the next. addresses: as RESOLVE has them; empty where the URL is in numbers."""
        curl = self.curl
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.HTTPHEADER, lines)
        timeout_ms = max(1, int(timeout * 1_000))  # 0 would be for ever
        if timeout_ms != self._timeout_ms:
            curl.setopt(pycurl.TIMEOUT_MS, timeout_ms)
            self._timeout_ms = timeout_ms
        if addresses or self._has_addresses:
            curl.setopt(pycurl.RESOLVE, [addresses] if addresses else [])
            self._has_addresses = bool(addresses)

    def cookies(self) -> list[str]:
        """What servers asked to be sent back, here and earlier, as `remember` takes it."""
        if not self._has_cookies and not any(line[:11].lower() == b"set-cookie:" for line in self.headers):
            return []
        self._has_cookies = True
        return list(self.curl.getinfo(pycurl.INFO_COOKIELIST))

    def remember(self, cookies: list[str]) -> None:
        """Send back what earlier answers of the same exchange asked for."""
        for cookie in cookies:
            self._has_cookies = True
            self.curl.setopt(pycurl.COOKIELIST, cookie)

    def hang_up(self) -> None:
        """Close what is still open of a transfer that is over.

        libcurl says goodbye over TLS and HTTP/2, and then waits for an answer, if need be for ever; of plain text nothing is left.
        """
        for each in self._sockets:
            with suppress(OSError):  # the far end may have been quicker
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._sockets.clear()

    def forget(self) -> None:
        """Make room for the next transfer."""
        if self._has_cookies or any(line[:11].lower() == b"set-cookie:" for line in self.headers):
            self.curl.setopt(pycurl.COOKIELIST, "ALL")
            self._has_cookies = False
        self.headers.clear()
        self.chunks.clear()
        self.size = 0
        self.is_too_much = False
        self.session = b""
        self.errno = 0
        if self.guard.refused:
            self.guard = Guard(policy=self._policy)
        self.guard.passed = False

    def _set_up_always(self) -> None:
        curl = self.curl
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.FRESH_CONNECT, 1),
            (pycurl.DNS_CACHE_TIMEOUT, 1),  # a second: given addresses stay until they are looked at, and no longer
            (pycurl.ACCEPT_ENCODING, ""),
            (pycurl.COOKIEFILE, ""),  # cookies are kept from one redirect to the next, in memory
            (pycurl.NOPROXY, ""),
            (pycurl.PROXY, ""),  # none, whatever the environment says
            (pycurl.PATH_AS_IS, 1),
            (pycurl.HEADERFUNCTION, self.headers.append),
            (pycurl.WRITEFUNCTION, self._on_body),
            (pycurl.OPENSOCKETFUNCTION, self._on_open),
        ):
            curl.setopt(option, value)

    def _set_up_request(self, setup: Setup) -> None:
        curl, method = self.curl, setup.method
        if setup.is_websocket:
            curl.setopt(pycurl.CONNECT_ONLY, 2)
            return
        curl.setopt(pycurl.FORBID_REUSE, 1)
        if setup.version == "2":
            prior = pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
            curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS if setup.is_secure else prior)
        else:
            curl.setopt(pycurl.HTTP_VERSION, _VERSIONS[setup.version])
        if method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        elif setup.body or method in _WITH_BODY:
            curl.setopt(pycurl.POSTFIELDS, setup.body)
        if method not in {"GET", "HEAD", "POST"} or (method == "GET" and setup.body):
            curl.setopt(pycurl.CUSTOMREQUEST, method)

    def _set_up_tls(self, tls: TlsTrust) -> None:
        curl = self.curl
        curl.setopt(pycurl.SSL_VERIFYPEER, int(tls.verify))
        curl.setopt(pycurl.SSL_VERIFYHOST, 2 if tls.verify else 0)
        if tls.verify and (bundle := tls.ca_file or system_bundle()):
            curl.setopt(pycurl.CAINFO, bundle)
        if tls.cert_file:
            curl.setopt(pycurl.SSLCERT, tls.cert_file)
            curl.setopt(pycurl.SSLKEY, tls.key_file or tls.cert_file)
        curl.setopt(pycurl.OPT_CERTINFO, 1)
        curl.setopt(pycurl.SSL_SESSIONID_CACHE, 0)  # a resumed session shows no certificate
        # Which version and cipher were agreed on is told nowhere else.
        curl.setopt(pycurl.DEBUGFUNCTION, self._on_debug)
        curl.setopt(pycurl.VERBOSE, 1)

    def _set_up_proxy(self, proxy: Place) -> None:
        curl = self.curl
        # Whatever is asked for is looked up by the proxy.
        scheme = {"socks5": "socks5h"}.get(proxy.scheme, proxy.scheme)
        host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
        curl.setopt(pycurl.PROXY, f"{scheme}://{host}:{proxy.port}")
        if proxy.user or proxy.password:
            curl.setopt(pycurl.PROXYUSERNAME, proxy.user.encode())
            curl.setopt(pycurl.PROXYPASSWORD, proxy.password.encode())
        if proxy.is_secure and (bundle := system_bundle()):
            curl.setopt(pycurl.PROXY_CAINFO, bundle)

    def _on_body(self, chunk: bytes) -> int | None:
        self.size += len(chunk)
        if self.size > self.limit:
            room = self.limit - (self.size - len(chunk))
            self.chunks.append(chunk[:room])
            self.size = self.limit
            self.is_too_much = True
            return 0  # fewer than there were: ends the transfer
        self.chunks.append(chunk)
        return None

    def _on_open(self, _purpose: int, address: Any) -> Any:
        try:
            self.guard.check(address.addr[0])
            self.guard.passed = True
            made = socket.socket(address.family, address.socktype, address.protocol)
        except OSError as error:
            self.errno = error.errno or 0
            return pycurl.SOCKET_BAD
        if self._says_goodbye:
            self._sockets.append(made)
            return made
        return _Opened(made.detach())

    def _on_debug(self, kind: int, said: bytes) -> None:
        if kind == _INFO and said.startswith(_SESSION):
            self.session = said[len(_SESSION) :]


class Handles:
    """Handles that wait for use, by what they are set up for; the one that waits longest goes when there are too many."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._idle: OrderedDict[Setup, list[Handle]] = OrderedDict()
        self._count = 0

    def take(self, setup: Setup) -> Handle:
        """One that is set up so.

        Raises:
            pycurl.error: libcurl does not take the setup.
        """
        if waiting := self._idle.get(setup):
            return self._pop(setup, waiting)
        handle = self._oldest() if self._count >= _KEPT else Handle(self._policy)
        try:
            handle.set_up(setup)
        except BaseException:
            handle.curl.close()
            raise
        return handle

    def give_back(self, handle: Handle) -> None:
        """It waits for its next use."""
        handle.forget()
        if handle.setup is None or self._count >= _KEPT:
            handle.curl.close()
            return
        self._idle.setdefault(handle.setup, []).append(handle)
        self._idle.move_to_end(handle.setup)
        self._count += 1

    def close(self) -> None:
        """None waits any longer."""
        for waiting in self._idle.values():
            for handle in waiting:
                handle.curl.close()
        self._idle.clear()
        self._count = 0

    def _oldest(self) -> Handle:
        return self._pop(*next(iter(self._idle.items())))

    def _pop(self, setup: Setup, waiting: list[Handle]) -> Handle:
        handle = waiting.pop()
        if not waiting:
            del self._idle[setup]
        self._count -= 1
        return handle
