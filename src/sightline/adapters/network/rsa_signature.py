"""RSA signatures, verified with the key of an X.509 certificate."""

from typing import TYPE_CHECKING, Final

from sightline.domain.errors import BadData

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MIN_BITS: Final = 2_048
MAX_BITS: Final = 8_192
"""Of a key: shorter ones are not safe, and with longer ones a message would take long."""


def verifies(key: "RSAPublicKey", signature: bytes, message: bytes, digest: str) -> bool:
    """Whether a signature (RFC 8017, section 8.2.2: RSASSA-PKCS1-v1_5) is of this message. digest: sha1 or sha256."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    algorithm = hashes.SHA1() if digest == "sha1" else hashes.SHA256()  # noqa: S303 - what version 1 of SNS' signatures has
    try:
        key.verify(signature, message, PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def certificate_key(pem: bytes) -> "RSAPublicKey":
    """The key of a certificate in PEM, the first where there are several.

    Raises:
        BadData: it is no certificate, or its key is none of RSA or of a length that is not used.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        key = x509.load_pem_x509_certificate(pem).public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise BadData("no certificate in PEM, or a damaged one") from None
    if not isinstance(key, RSAPublicKey):
        raise BadData("the certificate's key is none of RSA")
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise BadData(f"the certificate's key has not between {MIN_BITS} and {MAX_BITS} bits")
    return key
