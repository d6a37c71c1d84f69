"""Texts that only the program can have written: links in mails, and cookies. Nothing of them is kept anywhere."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Final

KEY_BYTES: Final = 32
_SHOWN: Final = 24
"""Bytes of a signature that a token carries."""


def seal(key: bytes, purpose: str, said: Sequence[str], until: int | None = None) -> str:
    """A token that says some texts, for one purpose, until an instant (ms) or for good."""
    body = json.dumps([*said, until], ensure_ascii=False, separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_signature(key, purpose, body))}"


def opened(key: bytes, purpose: str, token: str, now: int) -> list[str] | None:
    """What a token says; None where it is none of ours, was made for something else, or holds no longer."""
    body_text, _, signature = token.partition(".")
    try:
        body, shown = _bytes(body_text), _bytes(signature)
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(shown, _signature(key, purpose, body)):
        return None
    *said, until = json.loads(body)
    return said if until is None or now < until else None


def _signature(key: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + body, hashlib.sha256)[:_SHOWN]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
