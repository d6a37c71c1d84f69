"""Transfers of libcurl on the event loop, without threads.

Source: https://curl.se/libcurl/c/libcurl-multi.html. pycurl's own AsyncCurlMulti lets go of a connection as soon as a transfer is
done, with which a WebSocket would be gone after its handshake, and takes 75 us an exchange where this takes 65.
"""

import asyncio
from pathlib import Path
from typing import Any, Final, NamedTuple

import pycurl

from sightline.adapters.network.trust import system_bundle
from sightline.domain.probes.options import TlsTrust

_READ: Final = 1
_WRITE: Final = 2
_FILES: Final = 32
"""Files of trusted certificates that are kept ready; transfers that trust further ones share, and wait for theirs to be read."""


class Ended(NamedTuple):
    """How a transfer ended. code: libcurl's, 0 when all is well. text: what libcurl says."""

    code: int
    text: str = ""


_WELL: Final = Ended(0)


class Transfers:
    """Runs transfers until it is closed; belongs to the loop in which the first one is begun."""

    def __init__(self) -> None:
        self._multi: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[Any, asyncio.Future[Ended]] = {}
        self._watched: dict[int, int] = {}
        self._timer: asyncio.Handle | None = None

    def begin(self, curl: Any) -> asyncio.Future[Ended]:
        """Start what a handle is set up for. Whatever comes of it, `end` must follow."""
        loop = asyncio.get_running_loop()
        if self._multi is None:
            self._loop = loop
            self._multi = pycurl.CurlMulti()
            self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
            self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        ended = self._running[curl] = loop.create_future()
        try:
            self._multi.add_handle(curl)
        except pycurl.error as error:
            ended.set_result(Ended(*error.args))
        return ended

    def end(self, curl: Any) -> None:
        """Let go of a handle: what is still open for it is closed at once."""
        if self._running.pop(curl, None) is not None:
            self._multi.remove_handle(curl)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._running

    def close(self) -> None:
        """Break off whatever is under way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for curl, ended in list(self._running.items()):
            self.end(curl)
            ended.cancel()
        if self._multi is not None:
            self._multi.close()
            self._multi = None
        for fd in list(self._watched):
            self._watch(fd, 0)

    def _on_socket(self, what: int, fd: int, _multi: Any, _data: Any) -> None:
        self._watch(fd, 0 if what == pycurl.POLL_REMOVE else what & (_READ | _WRITE))

    def _watch(self, fd: int, wanted: int) -> None:
        """Have the loop tell of what is wanted of a socket, and of nothing else."""
        loop, before = self._loop, self._watched.get(fd, 0)
        if loop is None or wanted == before:
            return
        changed = wanted ^ before
        if changed & _READ:
            if wanted & _READ:
                loop.add_reader(fd, self._drive, fd, pycurl.CSELECT_IN)
            else:
                loop.remove_reader(fd)
        if changed & _WRITE:
            if wanted & _WRITE:
                loop.add_writer(fd, self._drive, fd, pycurl.CSELECT_OUT)
            else:
                loop.remove_writer(fd)
        if wanted:
            self._watched[fd] = wanted
        else:
            del self._watched[fd]

    def _on_timer(self, ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop is None or ms < 0:
            return
        if ms:
            self._timer = self._loop.call_later(ms / 1_000, self._on_time)
        else:  # libcurl must not be called from within itself
            self._timer = self._loop.call_soon(self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        self._drive(pycurl.SOCKET_TIMEOUT, 0)

    def _drive(self, fd: int, ready: int) -> None:
        multi = self._multi
        if multi is None:
            return
        try:
            multi.socket_action(fd, ready)
        except pycurl.error as error:  # nothing more is to be heard of any of them
            for curl in self._running:
                self._tell(curl, Ended(*error.args))
            return
        _, done, failed = multi.info_read()
        for curl in done:
            self._tell(curl, _WELL)
        for curl, code, text in failed:
            self._tell(curl, Ended(code, text))

    def _tell(self, curl: Any, ended: Ended) -> None:
        told = self._running.get(curl)
        if told is not None and not told.done():
            told.set_result(ended)


class TrustedTransfers:
    """Transfers by the file of certificates that they trust.

    libcurl keeps one such file for all its transfers, takes 7 ms to read the system's, and looks at it again after a day: so each
    file has transfers of its own, and new ones when it changes.
    """

    def __init__(self) -> None:
        self._by_file: dict[str, tuple[int, Transfers]] = {"": (0, Transfers())}
        self._outdated: list[Transfers] = []

    def trusting(self, tls: TlsTrust | None) -> Transfers:
        """Those for who is trusted; None without TLS."""
        file = (tls.ca_file or system_bundle()) if tls is not None and tls.verify else ""
        known = self._by_file.get(file)
        if not file or (known is None and len(self._by_file) >= _FILES):
            return self._by_file[""][1]
        try:
            changed = Path(file).stat().st_mtime_ns
        except OSError:
            changed = 0
        if known is None or known[0] != changed:
            if known is not None:
                self._outdated.append(known[1])
            known = self._by_file[file] = (changed, Transfers())
            self._tidy()
        return known[1]

    def close(self) -> None:
        """Break off whatever is under way."""
        for transfers in (*(each for _, each in self._by_file.values()), *self._outdated):
            transfers.close()

    def _tidy(self) -> None:
        for transfers in [each for each in self._outdated if each.is_idle]:
            transfers.close()
            self._outdated.remove(transfers)
