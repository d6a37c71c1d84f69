"""The program that a location probes for, asked over HTTP: only outbound, so that a location needs no open port."""

import gzip
import ssl
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self

import aiohttp
import msgspec
from typing_extensions import override

from sightline.adapters.network.lookups import ThreadedLookups
from sightline.adapters.wire.probe_exchange import (
    CONFIG,
    RESULTS,
    TIME,
    orders_from_json,
    receipt_from_json,
    sent_to_json,
)
from sightline.domain.errors import (
    BadData,
    Forbidden,
    MalformedBody,
    Overloaded,
    SettingsInvalid,
    SightlineError,
    Unauthenticated,
    Unavailable,
)
from sightline.domain.probes.parcel import Bearing, Packed, Receipt
from sightline.ports.center import Briefing, Center

_JSON: Final = {"Content-Type": "application/json"}
_TIMEOUT: Final = 30.0
"""Seconds for a call, beside what it waits for other orders."""
_MAX_ANSWER: Final = 64 << 20
_SHOWN: Final = 300
_SMALL: Final = 1_024
"""Bytes below which a body goes as it is."""
_NOT_NOW: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.NOT_FOUND})
"""Statuses that may end by themselves, as where a proxy has not found the server yet."""


class HttpCenter(Center):
    """Calls the server at `url` with the key of `location`. Use as an async context, whose exit closes what is open.

    Redirects are not followed: the key would go along. Proxies are taken from the environment, as everywhere.
    """

    def __init__(self, url: str, key: str, location: str, version: str, *, ca_file: Path | None = None) -> None:
        self._url = url.rstrip("/")
        self._location = location
        self._headers = {"Authorization": f"Bearer {key}", "User-Agent": f"Sightline/{version}"}
        self._ca_file = ca_file
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        try:
            trusted = ssl.create_default_context(cafile=self._ca_file)
        except OSError as error:  # SSLError is one
            raise SettingsInvalid(f"--ca-file {self._ca_file} cannot be used: {error.strerror or error}") from None
        connector = aiohttp.TCPConnector(ssl=trusted, resolver=ThreadedLookups())
        self._session = aiohttp.ClientSession(
            connector=connector, headers=self._headers, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    @override
    async def orders(self, known: str, wait: float) -> Briefing:
        headers = {"If-None-Match": f'"{known}"'} if known else {}
        answer = await self._ask("GET", CONFIG, headers, b"", {"wait": f"{wait:g}"}, _TIMEOUT + wait)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return Briefing(None, answer.now)
        orders, now = orders_from_json(answer.body)
        return Briefing(orders, now)

    @override
    async def push(self, parcels: Sequence[Packed], bearing: Bearing) -> Receipt:
        body, headers = sent_to_json(parcels, bearing), dict(_JSON)
        if len(body) >= _SMALL:
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        answer = await self._ask("POST", RESULTS, headers, body, {}, _TIMEOUT)
        return receipt_from_json(answer.body)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes, more: dict[str, str], within: float
    ) -> "_Answer":
        if self._session is None:
            raise RuntimeError("the center is not open")
        try:
            async with self._session.request(
                method,
                self._url + path,
                params={"location": self._location, **more},
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=within),
            ) as response:
                found = await response.content.read(_MAX_ANSWER + 1)
                while len(found) <= _MAX_ANSWER and (piece := await response.content.read(_MAX_ANSWER)):
                    found += piece
                said = response.headers
                answer = _Answer(response.status, found, said.get(TIME, ""), said.get("Retry-After", ""))
        except TimeoutError:
            raise Unavailable(f"{self._url} did not answer within {within:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(f"{self._url} cannot be reached: {str(error) or type(error).__name__}") from None
        if len(answer.body) > _MAX_ANSWER:
            raise MalformedBody(f"{self._url} answered with more than {_MAX_ANSWER} bytes")
        if answer.status not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
            raise answer.refusal(self._url)
        return answer


class _Answer:
    """What came back."""

    def __init__(self, status: int, body: bytes, now: str, retry_after: str) -> None:
        self.status = status
        self.body = body
        self.now = int(now) if now.isascii() and now.isdigit() else 0
        self._retry_after = retry_after

    def refusal(self, url: str) -> SightlineError:
        """What it means that this is no success."""
        said = self._said() or f"{url} answered with status {self.status}"
        match self.status:
            case HTTPStatus.UNAUTHORIZED:
                return Unauthenticated(said)
            case HTTPStatus.FORBIDDEN:
                return Forbidden(said)
            case HTTPStatus.TOO_MANY_REQUESTS:
                return Overloaded(said, retry_after=self._wait())
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _NOT_NOW:
                return Unavailable(said, retry_after=self._wait())
            case status if status < HTTPStatus.BAD_REQUEST:
                return Unavailable(f"{url} leads elsewhere (status {status}): give --server the address that answers")
        return BadData(said)

    def _wait(self) -> float:
        """Seconds that it asks to wait; 0 where it does not say."""
        return float(self._retry_after) if self._retry_after.isascii() and self._retry_after.isdigit() else 0.0

    def _said(self) -> str:
        """The error's own words."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return ""
        return str(found.get("error", ""))[:_SHOWN] if isinstance(found, dict) else ""
