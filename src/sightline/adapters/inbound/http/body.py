"""Request bodies, read within bounds of size and time."""

import asyncio
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Final

import cramjam
import numpy as np

from sightline.adapters.inbound.http.asgi import BODY, Receive, Scope, header
from sightline.domain.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType

SLOWEST: Final = 16 * 1024
"""Bytes a second below which a sender is taken for dead, once the read timeout has passed."""

_GZIP: Final = 16 + zlib.MAX_WBITS
# What follows a member is copied, so a body of many small ones must not be handed over whole.
_PIECE: Final = 64 * 1024


class ClientGone(Exception):
    """The client hung up in the middle of its request."""


class BodyStalled(Exception):
    """The body did not arrive in time."""


def announced(scope: Scope) -> int | None:
    """The Content-Length; None when there is none."""
    text = header(scope, b"content-length")
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


async def read(
    scope: Scope,
    receive: Receive,
    *,
    limit: int,
    setting: str,
    timeout: float,  # noqa: ASYNC109 - grows with what arrives, so a scope around the call would not do
    growing: Callable[[int], None] | None = None,
) -> bytes:
    """The whole body, at most `limit` bytes; `setting` names the limit.

    growing: hears how long the body is about to be, before each piece is kept; may raise.

    Raises:
        BodyTooLarge: announced or found longer; nothing more was read then.
        BodyStalled: slower than `timeout` seconds plus SLOWEST allow.
        ClientGone: hung up.
    """
    length = announced(scope)
    if length is not None and length > limit:
        raise _too_large(length, limit, setting)
    if (take := scope.get(BODY)) is not None:
        came: bytes = take()
        if len(came) > limit:
            raise _too_large(len(came), limit, setting)
        if growing is not None:
            growing(len(came))
        return came
    whole = BytesIO()  # hands its buffer over without the copy that joining pieces would make
    start = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(start + timeout) as deadline:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                piece: bytes = message.get("body", b"")
                size = whole.tell() + len(piece)
                if size > limit:
                    raise _too_large(size, limit, setting)
                if growing is not None:
                    growing(size)
                whole.write(piece)
                if not message.get("more_body", False):
                    return whole.getvalue()
                deadline.reschedule(start + timeout + size / SLOWEST)
    except TimeoutError:
        raise BodyStalled from None


def decoded(scope: Scope, body: bytes, limit: int, setting: str) -> bytes:
    """The body without its Content-Encoding, which may be absent, identity, gzip, deflate or zstd; at most `limit` bytes.

    Raises:
        BodyTooLarge, MalformedBody, UnsupportedMediaType.
    """
    encoding = (header(scope, b"content-encoding") or "identity").strip().lower()
    match encoding:
        case "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflated(body, limit, setting, _GZIP, "gzip")
        case "deflate" | "zlib":
            return _inflated(body, limit, setting, zlib.MAX_WBITS, "deflate")
        case "zstd":
            return _expanded(body, limit, setting)
    raise UnsupportedMediaType(
        f"Content-Encoding {encoding[:40]!r} is not read here: send gzip, deflate, zstd or none",
    )


def _inflated(body: bytes, limit: int, setting: str, window: int, name: str) -> bytes:
    """What zlib made of one member or of several, as gzip files that were joined have. window: zlib's word for the container."""
    whole = BytesIO()
    member = zlib.decompressobj(wbits=window)
    for start in range(0, len(body), _PIECE):
        piece = body[start : start + _PIECE]
        while piece:
            if member.eof:
                member = zlib.decompressobj(wbits=window)
            try:
                whole.write(member.decompress(piece, limit + 1 - whole.tell()))
            except zlib.error as error:
                raise MalformedBody(f"the {name} body is damaged: {error}") from None
            if whole.tell() > limit:
                raise _too_large(None, limit, setting)
            piece = member.unused_data
    if not member.eof:
        raise MalformedBody(f"the {name} body ends too early")
    return whole.getvalue()


def _expanded(body: bytes, limit: int, setting: str) -> bytes:
    """What zstd made. It is written into room of the limit's size, of which the system gives what is used."""
    room = np.empty(limit, np.uint8)
    try:
        size = cramjam.zstd.decompress_into(body, room.data)
    except cramjam.DecompressionError as error:
        if "whole buffer" in str(error):
            raise _too_large(None, limit, setting) from None
        raise MalformedBody(f"the zstd body is damaged: {error}") from None
    return room[:size].tobytes()


def _too_large(size: int | None, limit: int, setting: str) -> BodyTooLarge:
    found = "decompresses to more than that" if size is None else f"has {size} or more"
    return BodyTooLarge(f"a body may have {limit:d} bytes ({setting}); this one {found}", limit=limit)
