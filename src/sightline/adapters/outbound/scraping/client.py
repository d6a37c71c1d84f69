"""Scraping over HTTP, as Prometheus' own client does it."""

import asyncio
import ssl
from typing import Final, Protocol, Self

import aiohttp
from typing_extensions import override

from sightline.adapters.outbound.scraping import body, failures
from sightline.adapters.outbound.scraping.credentials import Contexts, authorization, needs_files
from sightline.adapters.outbound.scraping.resolver import Lookup, ThreadedLookups
from sightline.domain.scrape.job import Tls
from sightline.domain.scrape.scraped import Scraped
from sightline.domain.scrape.target import Target
from sightline.domain.timerange import SECOND
from sightline.ports.scraper import Page, Scraper

ACCEPT: Final = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
)
"""What we read, best first."""

# Longer than common intervals, so that connections are used again.
_KEEP_ALIVE: Final = 150.0
_LOOKUP_KEPT: Final = 30
# Decoding 256 kB takes some milliseconds, which is when a thread begins to pay.
_DECODE_ON_LOOP: Final = 256 << 10


class Decoder(Protocol):
    """Turns a body into samples; thread-safe. Errors as `Scraper.scrape` has them for bodies."""

    def decode(self, body: bytes, media_type: str | None, *, last: Scraped | None = None) -> Scraped:
        """The samples of a body of this Content-Type."""
        ...


class HttpScraper(Scraper):
    """Keeps connections to targets open from scrape to scrape. Use as an async context, whose exit closes them.

    version: of the program, for the User-Agent. lookup: how host names are resolved; the system's resolver unless given.
    """

    def __init__(self, decoder: Decoder, version: str, *, lookup: Lookup | None = None) -> None:
        self._decoder = decoder
        self._headers = {"Accept": ACCEPT, "Accept-Encoding": "gzip", "User-Agent": f"Sightline/{version}"}
        self._contexts = Contexts()
        self._lookup = lookup
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        resolver = ThreadedLookups() if self._lookup is None else ThreadedLookups(self._lookup)
        connector = aiohttp.TCPConnector(
            limit=0, resolver=resolver, ttl_dns_cache=_LOOKUP_KEPT, keepalive_timeout=_KEEP_ALIVE
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),  # the whole fetch has one of its own
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    @override
    async def scrape(self, target: Target, last: Scraped | None = None) -> Page:
        try:
            async with asyncio.timeout(target.timeout / SECOND):
                text, media_type = await self._fetch(target)
        except TimeoutError:
            raise failures.timed_out(target) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise failures.failed(error, target) from None
        if len(text) <= _DECODE_ON_LOOP:
            scraped = self._decoder.decode(text, media_type, last=last)
        else:
            scraped = await asyncio.to_thread(self._decoder.decode, text, media_type, last=last)
        return Page(scraped, len(text))

    async def _fetch(self, target: Target) -> tuple[bytes, str | None]:
        if self._session is None:
            raise RuntimeError("the scraper is not open")
        job = target.job
        async with self._session.get(
            target.url,
            headers=await self._said(target),
            ssl=await self._context(target),
            server_hostname=job.tls.server_name or None if target.url.startswith("https:") else None,
            max_redirects=failures.MAX_REDIRECTS,
        ) as response:
            if response.status != 200:  # noqa: PLR2004 - Prometheus takes no other
                raise failures.refused_status(response)
            return await body.read(response, job), response.headers.get("Content-Type")

    async def _said(self, target: Target) -> dict[str, str]:
        job = target.job
        credentials = await asyncio.to_thread(authorization, job) if needs_files(job) else authorization(job)
        timeout = f"{target.timeout / SECOND:.3f}".rstrip("0").rstrip(".")
        return {**self._headers, "X-Prometheus-Scrape-Timeout-Seconds": timeout, **job.headers, **credentials}

    async def _context(self, target: Target) -> ssl.SSLContext | bool:
        if target.job.tls == Tls() and target.url.startswith("http:"):
            return True  # a redirect to https is judged as browsers judge it
        return await asyncio.to_thread(self._contexts.of, target.job.tls)
