"""How a target is asked for what it shows."""

from dataclasses import dataclass
from typing import Protocol

from sightline.domain.scrape.scraped import Scraped
from sightline.domain.scrape.target import Target


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """What a target answered. scraped: its samples. size: bytes of the body, uncompressed."""

    scraped: Scraped
    size: int


class Scraper(Protocol):
    """Fetches and decodes the page of a target.

    Targets do not disturb one another, and scrapes of different targets may be under way at once; of one target there is one
    at a time. The fetch, from the first packet to the last byte of the body, takes at most `target.timeout`; the body has at
    most `target.job.body_size_limit` bytes. Cancellation leaves nothing open. What fails has a message that names the cause
    in words a person can act on, and never a password or a token.
    """

    async def scrape(self, target: Target, last: Scraped | None = None) -> Page:
        """The page as it is now. `last` is what the last scrape gave: series that stayed are the same objects then.

        Raises:
            Unavailable: no answer that can be used; `detail["reason"]` is a ScrapeReason.
            BodyTooLarge: the body is longer than body_size_limit, or has more samples than can be decoded.
            UnsupportedMediaType: the answer says it is something else, or not what it is.
            MalformedBody: the body is not what its type says; the message names the line.
        """
        ...
