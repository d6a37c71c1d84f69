"""Passwords of status pages as they are kept, so that nobody can read them, and as they are compared. Source: RFC 7914."""

import base64
import binascii
import hashlib
import hmac
from typing import Final

SALT_BYTES: Final = 16
_PREFIX: Final = "scrypt$"
_COST: Final = 1 << 14
_BLOCK: Final = 8
_ROUNDS: Final = 1
_MEMORY: Final = 64 << 20


def is_hashed(text: str) -> bool:
    """Whether a text is one that `hashed` makes."""
    return text.startswith(_PREFIX) and len(text.split("$")) == len(_PREFIX.split("$")) + 1


def hashed(password: str, salt: bytes) -> str:
    """What is kept of a password: takes some 50 ms and 16 MiB, with the interpreter free for others meanwhile."""
    return "$".join((_PREFIX.rstrip("$"), _text(salt), _text(_digest(password, salt))))


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one of which that was kept; takes as long as `hashed`."""
    try:
        _, salt, digest = (one.encode() for one in kept.split("$"))
        return hmac.compare_digest(_digest(password, base64.b64decode(salt)), base64.b64decode(digest))
    except (ValueError, binascii.Error):
        return False


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=_COST, r=_BLOCK, p=_ROUNDS, maxmem=_MEMORY
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
