"""Servers of the standard library that answer a test from a thread."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

_LOOK_S: Final = 0.01
"""Seconds between looks whether to stop: half a second, which is usual, is what every test would wait for in the end."""

_Server = TypeVar("_Server", bound=socketserver.TCPServer)


@contextmanager
def serving(server: _Server) -> Iterator[_Server]:
    """The server, answering until the end, when it is closed."""
    thread = threading.Thread(target=server.serve_forever, args=(_LOOK_S,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
