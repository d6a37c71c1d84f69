"""Writing bodies over several connections."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest
from bench.process import Process
from bench.programs import SIGHTLINE
from bench.samples import Request
from bench.sending import send
from bench.server import Failed, Server
from tests.serving import serving
from typing_extensions import override


class Receiver(ThreadingHTTPServer):
    """Notes what is written to it.

    answers: the next ones it gives; 204 once there are none left. refused: how often a body is answered with 503 first.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.refused: dict[str, int] = {}
        self.taken: list[str] = []
        self.lock = threading.Lock()

    def take(self, body: bytes) -> int:
        """Note a body that is taken; gives the status to answer."""
        with self.lock:
            left = self.refused.get(body.decode(), 0)
            self.refused[body.decode()] = left - 1
            status = 503 if left > 0 else self.answers.pop() if self.answers else 204
            if status == 204:
                self.taken.append(body.decode())
            return status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(cast("Receiver", self.server).take(body))
        self.send_header("Content-Length", "0")
        self.send_header("Retry-After", "0.001")
        self.end_headers()

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that listens."""
    with serving(Receiver()) as one:
        yield one


def server(receiver: Receiver) -> Server:
    """The receiver as the programs are known to `send`, which asks for nothing but a connection."""
    return Server(SIGHTLINE, cast("Process", None), receiver.server_address[1], Path(), 0.0)


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_what_belongs_together_arrives_in_order(receiver: Receiver, parts: int) -> None:
    """However many connections there are, the requests of each part arrive in their order, and all of them."""
    requests = [Request(number % parts, 1, f"{number % parts} {number}".encode()) for number in range(60)]
    sent = send(server(receiver), requests)
    assert sent.samples == len(receiver.taken) == 60
    for part in range(parts):
        numbers = [int(one.split()[1]) for one in receiver.taken if one.split()[0] == str(part)]
        assert numbers == sorted(numbers)


def test_no_part_runs_ahead(receiver: Receiver) -> None:
    """While one part is refused again and again, the others wait for it after some requests."""
    receiver.refused["slow"] = 30
    send(
        server(receiver),
        [Request(1, 1, b"slow"), *(Request(0, 1, b"quick") for _ in range(60)), Request(1, 1, b"slow")],
    )
    assert receiver.taken.index("slow") <= 8
    assert len(receiver.taken) == 62


def test_what_is_refused_for_the_time_being_is_written_again(receiver: Receiver) -> None:
    """After 429 or 503 the same body is written again, and is not lost or doubled."""
    receiver.answers = [429, 503]
    sent = send(server(receiver), [Request(0, 5, b"one"), Request(0, 5, b"two")])
    assert receiver.taken == ["one", "two"]
    assert (sent.samples, sent.refused) == (10, 2)


def test_what_is_refused_for_good_ends_it(receiver: Receiver) -> None:
    """A write that no client would try again fails the measurement and says what was answered."""
    receiver.answers = [400]
    with pytest.raises(Failed, match="400"):
        send(server(receiver), [Request(number % 2, 1, b"one") for number in range(60)])


def test_a_rate_is_not_exceeded(receiver: Receiver) -> None:
    """At 10,000 samples a second the last of 20 requests of 10 samples is sent 19 ms after the first at the earliest."""
    sent = send(server(receiver), [Request(number % 4, 10, b"x") for number in range(20)], rate=10_000)
    assert sent.seconds >= 0.019
