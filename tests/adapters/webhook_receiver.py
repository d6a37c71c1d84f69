"""A receiver of webhooks on loopback, in a thread of its own, so that it answers whatever the event loop does."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override


@dataclass
class Receiver:
    """What came, and what is answered: `status`, or nothing at all for as long as `silent` is set.

    first: status and body of the answers to the first requests. instead: called once in place of an answer. bodies: of what was
    taken, and forms of all. requests: headers of all requests, names in small letters. paths: method and path of all.
    """

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    first: list[tuple[int, bytes]] = field(default_factory=list)
    instead: Callable[[], object] | None = None
    silent: threading.Event | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None
    came: threading.Condition = field(default_factory=threading.Condition)

    def open(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on a free port, with TLS where a context is given."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """Keeps what is posted."""

            def do_POST(self) -> None:
                """Keep and answer."""
                content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if receiver.silent is not None:
                    receiver.silent.wait(30)
                    return
                status, body = receiver.first.pop(0) if receiver.first else (receiver.status, receiver.body)
                if "form" in self.headers.get("Content-Type", ""):
                    receiver.forms.append(content.decode())
                elif status < 300 and self.command != "GET":
                    receiver.bodies.append(json.loads(content))
                receiver.paths.append(f"{self.command} {self.path}")
                receiver.requests.append({name.lower(): text for name, text in self.headers.items()})
                instead, receiver.instead = receiver.instead, None
                if instead is not None:
                    instead()
                    return
                self.send_response_only(status)  # without a date of its own
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                with receiver.came:
                    receiver.came.notify_all()

            def do_GET(self) -> None:
                """Likewise, without anything to keep."""
                self.do_POST()

            def do_PUT(self) -> None:
                """Likewise."""
                self.do_POST()

            @override
            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.server.server_address[1]}/alerts"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def wait_for(self, requests: int, seconds: float = 30) -> bool:
        """Wait until so many requests were answered; false when the time was over before."""
        with self.came:
            return self.came.wait_for(lambda: len(self.requests) >= requests, seconds)

    def close(self) -> None:
        """Go away; again does nothing."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens until the end."""
    receiver = Receiver()
    receiver.open()
    try:
        yield receiver
    finally:
        if receiver.silent is not None:
            receiver.silent.set()
        receiver.close()
