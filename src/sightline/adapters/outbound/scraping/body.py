"""The body of an answer, bounded while it comes and while it is inflated."""

import zlib
from io import BytesIO

import aiohttp

from sightline.domain.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType
from sightline.domain.scrape.job import ScrapeJob

_GZIP = 16 + zlib.MAX_WBITS


async def read(response: aiohttp.ClientResponse, job: ScrapeJob) -> bytes:
    """The whole body, inflated.

    Raises:
        BodyTooLarge: longer than the job's body_size_limit; no more was read then.
        MalformedBody: gzip that is damaged or ends too early.
        UnsupportedMediaType: another encoding than gzip.
    """
    limit = job.body_size_limit
    whole = BytesIO()
    inflate = _inflating(response.headers.get("Content-Encoding", ""))
    async for piece in response.content.iter_any():
        if inflate is None:
            whole.write(piece)
        else:
            inflate.write(piece, whole, limit)
        if limit and whole.tell() > limit:
            message = f"the body has more than body_size_limit = {limit} bytes of job {job.job!r}"
            raise BodyTooLarge(message, limit=limit)
    if inflate is not None:
        inflate.end()
    return whole.getvalue()


def _inflating(encoding: str) -> "_Inflating | None":
    if encoding.strip().lower() in {"", "identity"}:
        return None
    if encoding.strip().lower() in {"gzip", "x-gzip"}:
        return _Inflating()
    raise UnsupportedMediaType(
        f"the target answers with Content-Encoding {encoding[:40]!r}: it was asked for gzip or none"
    )


class _Inflating:
    """Gzip, of one member or several, as it comes."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=_GZIP)

    def write(self, piece: bytes, into: BytesIO, limit: int) -> None:
        """Inflate a piece; at most one byte more than `limit` (0: none) comes to stand in `into`."""
        while piece:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=_GZIP)
            room = max(1, limit + 1 - into.tell()) if limit else 0
            try:
                into.write(self._member.decompress(piece, room))
            except zlib.error as error:
                raise MalformedBody(f"the gzip body is damaged: {error}") from None
            if limit and into.tell() > limit:
                return
            piece = self._member.unconsumed_tail or self._member.unused_data

    def end(self) -> None:
        """Nothing comes any more."""
        if not self._member.eof:
            raise MalformedBody("the gzip body ends too early")
