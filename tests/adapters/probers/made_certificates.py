"""Certificates for the name localhost, by an authority of their own, made for as long as a test wants."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class Issued:
    """A server's certificate. ends: of it; authority_ends: of what signed it. ca_file: the authority, for those who trust it."""

    ends: datetime
    authority_ends: datetime
    ca_file: str
    server: ssl.SSLContext


def issue(folder: Path, days: float, *, name: str = "localhost", authority_days: float = 1_000) -> Issued:
    """A certificate that ends so many days from now; negative ones have ended."""
    now = datetime.now(UTC).replace(microsecond=0)
    ends, authority_ends = now + timedelta(days=days), now + timedelta(days=authority_days)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("Tests' authority")
    authority = (
        _builder(issuer, issuer, authority_key, now - timedelta(days=2_000), authority_ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    own = (
        _builder(_name(name), issuer, key, now - timedelta(days=1_000), ends)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    ca_file, both = folder / f"{name}.ca.pem", folder / f"{name}.pem"
    ca_file.write_bytes(authority.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(own.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM) + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(both)
    return Issued(ends, authority_ends, str(ca_file), server)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, starts: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
    )
