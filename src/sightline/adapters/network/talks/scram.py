"""SCRAM-SHA-256 as a client has it, without channel binding (RFC 5802 and 7677)."""

import base64
import binascii
import hashlib
import hmac
import secrets
import unicodedata
from typing import Final

from sightline.domain.errors import BadData

MAX_ITERATIONS: Final = 1_000_000
"""That a server may ask for: half a second of one processor. PostgreSQL's own are 4,096."""


class ScramClient:
    """One authentication: `first`, then `final`, which takes a moment and belongs into a thread, then `confirm`."""

    def __init__(self, password: str, nonce: str = "") -> None:
        # What RFC 4013 does with all but the rarest passwords.
        self._password = unicodedata.normalize("NFKC", password).encode()
        self._nonce = nonce or secrets.token_urlsafe(18)
        self._signature = b""

    @property
    def first(self) -> bytes:
        """The first message. Who we are is said elsewhere."""
        return f"n,,n=,r={self._nonce}".encode()

    def final(self, server_first: bytes) -> bytes:
        """The answer to the server's first message.

        Raises:
            BadData: it is none, or asks for too much work.
        """
        fields = _fields(server_first)
        nonce, salt, iterations = fields.get("r", ""), _decoded(fields.get("s", "")), fields.get("i", "")
        if not nonce.startswith(self._nonce) or not iterations.isdecimal() or not iterations.isascii():
            raise BadData("the server's message is not one of SCRAM")
        if not 1 <= int(iterations[:9]) <= MAX_ITERATIONS:
            raise BadData(f"the server asks for {iterations[:20]} iterations, more than {MAX_ITERATIONS}")
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, int(iterations))
        key = _hmac(salted, b"Client Key")
        bare = f"c=biws,r={nonce}".encode()
        message = b",".join((f"n=,r={self._nonce}".encode(), server_first, bare))
        mask = _hmac(hashlib.sha256(key).digest(), message)
        proof = bytes(a ^ b for a, b in zip(key, mask, strict=True))
        self._signature = _hmac(_hmac(salted, b"Server Key"), message)
        return bare + b",p=" + base64.b64encode(proof)

    def confirm(self, server_final: bytes) -> bool:
        """Whether the server knows the password too."""
        try:
            said = _decoded(_fields(server_final).get("v", ""))
        except BadData:
            return False
        return hmac.compare_digest(said, self._signature)


def _fields(message: bytes) -> dict[str, str]:
    pairs = (part.partition("=") for part in message.decode(errors="replace").split(","))
    return {name: value for name, _, value in pairs}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadData("the server's message is not one of SCRAM") from None


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
