"""A server with one canned answer, for what is a client of the HTTP API."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.serving import serving
from typing_extensions import override

VECTOR = {
    "status": "success",
    "data": {
        "resultType": "vector",
        "result": [
            {"metric": {"__name__": "up", "job": "a[x]"}, "value": [1763700000.123, "1"]},
            {"metric": {"__name__": "up", "job": "longer"}, "value": [1763700000.123, "12345.5"]},
        ],
    },
}


class Asked(NamedTuple):
    """One request: its path without the query, headers in lower case, and query and form together."""

    path: str
    headers: dict[str, str]
    fields: dict[str, list[str]]


class Answering(ThreadingHTTPServer):
    """Answers every request alike, and remembers what it was asked. by_path: answers of their own."""

    status = 200
    body: bytes = json.dumps(VECTOR).encode()
    headers: dict[str, str]
    by_path: dict[str, bytes]
    asked: list[Asked]
    bodies: list[bytes]
    methods: list[str]

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: what breaks off is what a test is about."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers GET, POST and DELETE alike."""

    server: Answering

    def do_POST(self) -> None:
        """Remember and answer."""
        is_chunked = self.headers.get("Transfer-Encoding") == "chunked"
        body = self._chunks() if is_chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): text for name, text in self.headers.items()}
        parts = urlsplit(self.path)
        fields = parse_qs(parts.query)
        if headers.get("content-type") == "application/x-www-form-urlencoded":
            fields |= parse_qs(body.decode())
        self.server.asked.append(Asked(parts.path, headers, fields))
        self.server.methods.append(self.command)
        self.server.bodies.append(body)
        answer = self.server.by_path.get(parts.path, self.server.body)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        """Likewise."""
        self.do_POST()

    def do_DELETE(self) -> None:
        """Likewise."""
        self.do_POST()

    def _chunks(self) -> bytes:
        pieces = []
        while size := int(self.rfile.readline() or b"0", 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[Answering]:
    """A server that answers until the end."""
    found = Answering(("127.0.0.1", 0), Handler)
    found.asked, found.bodies, found.methods, found.headers, found.by_path = [], [], [], {}, {}
    with serving(found):
        yield found
