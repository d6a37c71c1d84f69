"""Scraping over HTTP, as Prometheus' own client does it."""

import asyncio
import ssl
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Final, Protocol, Self

import aiohttp
from typing_extensions import override

from sightline.adapters.network.lookups import Lookup, ThreadedLookups
from sightline.adapters.outbound.scraping import body, failures
from sightline.adapters.outbound.scraping.credentials import Contexts, authorization, needs_files
from sightline.domain.scrape.job import PROTOCOLS, ScrapeJob, Tls
from sightline.domain.scrape.scraped import Scraped
from sightline.domain.scrape.target import Target
from sightline.domain.timerange import SECOND
from sightline.ports.scraper import Page, Scraper

_PROTOBUF_TYPE: Final = "application/vnd.google.protobuf"
_BEST: Final = 7  # tenths of the first protocol's weight

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


class FamilyDecoder(Protocol):
    """Likewise of protobuf."""

    def decode(self, body: bytes, *, native: bool, classic: bool, last: Scraped | None = None) -> Scraped:
        """The samples of a body. native: with native histograms. classic: with classic buckets also of these."""
        ...


class HttpScraper(Scraper):
    """Keeps connections to targets open from scrape to scrape. Use as an async context, whose exit closes them.

    families: what reads protobuf; None does not. version: of the program, for the User-Agent. lookup: how host names are
    resolved; the system's resolver unless given.
    """

    def __init__(
        self, decoder: Decoder, version: str, *, families: FamilyDecoder | None = None, lookup: Lookup | None = None
    ) -> None:
        self._decoder = decoder
        self._families = families
        self._headers = {"Accept-Encoding": "gzip", "User-Agent": f"Sightline/{version}"}
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
        decode = partial(self._decode, target.job, text, media_type, last)
        return Page(decode() if len(text) <= _DECODE_ON_LOOP else await asyncio.to_thread(decode), len(text))

    def _decode(self, job: ScrapeJob, text: bytes, media_type: str | None, last: Scraped | None) -> Scraped:
        if self._families is None or not is_families(media_type):
            return self._decoder.decode(text, media_type, last=last)
        native, classic = job.scrape_native_histograms, job.always_scrape_classic_histograms
        return self._families.decode(text, native=native, classic=classic, last=last)

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
            if response.status != HTTPStatus.OK:  # Prometheus takes no other
                raise failures.refused_status(response)
            return await body.read(response, job), response.headers.get("Content-Type")

    async def _said(self, target: Target) -> dict[str, str]:
        job = target.job
        credentials = await asyncio.to_thread(authorization, job) if needs_files(job) else authorization(job)
        timeout = f"{target.timeout / SECOND:.3f}".rstrip("0").rstrip(".")
        return {
            **self._headers,
            "Accept": accepted(job.protocols),
            "X-Prometheus-Scrape-Timeout-Seconds": timeout,
            **job.headers,
            **credentials,
        }

    async def _context(self, target: Target) -> ssl.SSLContext | bool:
        if target.job.tls == Tls() and target.url.startswith("http:"):
            return True  # a redirect to https is judged as browsers judge it
        return await asyncio.to_thread(self._contexts.of, target.job.tls)


@lru_cache(64)
def accepted(protocols: tuple[str, ...]) -> str:
    """The Accept header that asks for these formats, best first."""
    asked = [f"{PROTOCOLS[name]};q=0.{_BEST - place}" for place, name in enumerate(protocols)]
    return ",".join([*asked, "*/*;q=0.1"])


def is_families(media_type: str | None) -> bool:
    """Whether a Content-Type says that the body is of protobuf: families behind their lengths."""
    kind, *rest = (part.strip() for part in (media_type or "").lower().split(";"))
    said = dict(part.partition("=")[::2] for part in rest)
    return (
        kind == _PROTOBUF_TYPE
        and said.get("proto", "").strip('"') == "io.prometheus.client.metricfamily"
        and said.get("encoding", "").strip('"') == "delimited"
    )
