"""RSA signatures, with openssl as the oracle."""

import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.sns_topic import Topic

from sightline.adapters.network.rsa_signature import certificate_key, verifies
from sightline.domain.errors import BadData

_KEY = RSAPublicNumbers(65_537, (1 << 2047) + 12_345).public_key()
"""Only its length counts."""


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_what_openssl_signs_verifies(digest: str, require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """A signature that openssl made is of its message alone, and of no other digest or key."""
    topic = Topic.make(require_binary("openssl", "openssl"), tmp_path)
    key = certificate_key(b"Certificate of a topic\n" + topic.certificate + topic.certificate)
    signature = topic.signature(b"message", digest)
    assert verifies(key, signature, b"message", digest)
    assert not verifies(key, signature, b"messagf", digest)
    assert not verifies(key, signature, b"message", "sha256" if digest == "sha1" else "sha1")
    assert not verifies(_KEY, signature, b"message", digest)
    for at in range(0, len(signature), 17):
        changed = bytes((*signature[:at], signature[at] ^ 1, *signature[at + 1 :]))
        assert not verifies(key, changed, b"message", digest)
    assert not verifies(key, b"\x00" + signature, b"message", digest)
    larger = (int.from_bytes(signature) + key.public_numbers().n).to_bytes(257)
    assert not verifies(key, larger[-256:], b"message", digest)


@pytest.mark.parametrize("key", [("rsa:1024",), ("ed25519",), ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")])
def test_other_keys_are_refused(
    key: tuple[str, ...], require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """A certificate with a short key, or one of another kind, is not used."""
    topic = Topic.make(require_binary("openssl", "openssl"), tmp_path, *key)
    with pytest.raises(BadData, match="key"):
        certificate_key(topic.certificate)


def test_a_damaged_certificate_is_refused(require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """However a certificate is cut or changed, it gives a key or an error of ours."""
    topic = Topic.make(require_binary("openssl", "openssl"), tmp_path)
    der = ssl.PEM_cert_to_DER_cert(topic.certificate.decode())

    def pem(data: bytes) -> bytes:
        return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(data) + b"-----END CERTIFICATE-----"

    for length in range(0, len(der) - 300, 13):
        with pytest.raises(BadData):
            certificate_key(pem(der[:length]))
    for at in range(len(der)):
        try:
            certificate_key(pem(bytes((*der[:at], der[at] ^ 0x55, *der[at + 1 :]))))
        except BadData:
            continue


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Any bytes are no certificate, or one in PEM that is damaged."""
    with pytest.raises(BadData):
        certificate_key(data)
    with pytest.raises(BadData):
        certificate_key(b"-----BEGIN CERTIFICATE-----" + data + b"-----END CERTIFICATE-----")


@given(st.binary(max_size=300), st.binary(max_size=20))
def test_no_signature_breaks_the_check(signature: bytes, message: bytes) -> None:
    """Bytes that nobody signed with are no signature."""
    assert not verifies(_KEY, signature, message, "sha256")
