"""RSA signatures, verified with the key of an X.509 certificate. Nothing here is secret, and nothing is signed.

Sources: RFC 8017, section 8.2.2 (RSASSA-PKCS1-v1_5: what the signature opens to is compared as a whole, so that nothing of it is
ever parsed); RFC 5280, section 4.1 (certificates); X.690 (DER).
"""

import binascii
import hashlib
import ssl
from dataclasses import dataclass
from typing import Final, NamedTuple

from sightline.domain.errors import BadData

MIN_BITS: Final = 2_048
MAX_BITS: Final = 8_192
"""Of a key: shorter ones are not safe, and with longer ones a message would take long."""
MAX_EXPONENT: Final = 1 << 32

_RSA: Final = bytes.fromhex("2a864886f70d010101")
_PREFIXES: Final = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}
"""What stands before a digest (RFC 8017, section 9.2, note 1)."""
_INTEGER, _BITS, _OID, _SEQUENCE, _VERSION = 0x02, 0x03, 0x06, 0x30, 0xA0


@dataclass(frozen=True, slots=True)
class RsaKey:
    """The public half of a key."""

    modulus: int
    exponent: int


def verifies(key: RsaKey, signature: bytes, message: bytes, digest: str) -> bool:
    """Whether a signature is of this message. digest: sha1 or sha256."""
    length = (key.modulus.bit_length() + 7) // 8
    value = int.from_bytes(signature)
    if len(signature) != length or value >= key.modulus:
        return False
    opened = pow(value, key.exponent, key.modulus).to_bytes(length)
    ending = _PREFIXES[digest] + hashlib.new(digest, message, usedforsecurity=False).digest()
    return opened == b"\x00\x01" + b"\xff" * (length - len(ending) - 3) + b"\x00" + ending


def certificate_key(pem: bytes) -> RsaKey:
    """The key of a certificate in PEM, the first where there are several.

    Raises:
        BadData: it is no certificate, or its key is none of RSA or of a length that is not used.
    """
    start, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    at, until = pem.find(start), pem.find(end)
    if at < 0 or until < at:
        raise BadData("no certificate in PEM")
    try:
        der = ssl.PEM_cert_to_DER_cert((pem[at:until] + end).decode())
    except (ValueError, binascii.Error):
        raise BadData("the certificate is damaged") from None
    certificate = _Der(_Der(der).of(_SEQUENCE)).of(_SEQUENCE)
    fields = _Der(certificate)
    if fields.tag == _VERSION:
        fields.next()
    fields.of(_INTEGER)
    for _ in ("signature", "issuer", "validity", "subject"):
        fields.of(_SEQUENCE)
    return _key(_Der(fields.of(_SEQUENCE)))


def _key(info: "_Der") -> RsaKey:
    """Of a SubjectPublicKeyInfo."""
    if _Der(info.of(_SEQUENCE)).of(_OID) != _RSA:
        raise BadData("the certificate's key is none of RSA")
    bits = info.of(_BITS)
    if bits[:1] != b"\x00":
        raise BadData("the certificate is damaged")
    numbers = _Der(_Der(bits[1:]).of(_SEQUENCE))
    key = RsaKey(int.from_bytes(numbers.of(_INTEGER)), int.from_bytes(numbers.of(_INTEGER)))
    if (
        not MIN_BITS <= key.modulus.bit_length() <= MAX_BITS
        or not 2 < key.exponent < MAX_EXPONENT
        or not key.exponent % 2
    ):
        raise BadData(f"the certificate's key has not between {MIN_BITS} and {MAX_BITS} bits, or a strange exponent")
    return key


class _Element(NamedTuple):
    tag: int
    content: bytes


class _Der:
    """Elements of DER, one after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def tag(self) -> int:
        """Of the next element; -1 where there is none."""
        return self._data[self._at] if self._at < len(self._data) else -1

    def of(self, tag: int) -> bytes:
        """What the next element holds, which is of that kind."""
        found = self.next()
        if found.tag != tag:
            raise BadData("the certificate is damaged")
        return found.content

    def next(self) -> _Element:
        """The next element."""
        head = self._data[self._at : self._at + 2]
        if len(head) < 2:
            raise BadData("the certificate ends too early")
        start, length = self._at + 2, head[1]
        if length & 0x80:
            more = length & 0x7F
            if not 0 < more <= 4:
                raise BadData("the certificate is damaged")
            length = int.from_bytes(self._data[start : start + more])
            start += more
        if start + length > len(self._data):
            raise BadData("the certificate ends too early")
        self._at = start + length
        return _Element(head[0], self._data[start : self._at])
