"""One HTTP connection to a server on loopback, kept open."""

import http.client
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from bench.doors import REMOTE_WRITE, Door

_TIMEOUT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. retry_after: seconds that it asked to wait, 0 when it did not."""

    status: int
    body: bytes
    retry_after: float

    def json(self) -> Any:
        """The decoded body."""
        return msgspec.json.decode(self.body)


class Connection:
    """Asks one thing after the other; not for several threads at once."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        """Connects with the first question."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, object] | None = None) -> Answer:
        """Ask and read the whole answer."""
        return self._ask("GET", f"{path}?{urllib.parse.urlencode(parameters)}" if parameters else path, None, {})

    def write(self, body: bytes, door: Door = REMOTE_WRITE) -> Answer:
        """Write an encoded body."""
        return self._ask("POST", door.path, body, door.headers)

    def post(self, path: str, body: bytes, media_type: str) -> Answer:
        """Send a body of some media type."""
        return self._ask("POST", path, body, {"Content-Type": media_type})

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        self._http.request(method, path, body, dict(headers))
        response = self._http.getresponse()
        data = response.read()
        return Answer(response.status, data, float(response.getheader("Retry-After") or 0))
