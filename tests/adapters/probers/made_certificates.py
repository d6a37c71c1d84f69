"""Servers with a whole chain of certificates, whose ends are known."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from tests.adapters.probers.certificates import Authority


@dataclass
class Issued:
    """A server's certificate. ends: of it; authority_ends: of what signed it. ca_file: the authority, for those who trust it."""

    ends: datetime
    authority_ends: datetime
    ca_file: str
    server: ssl.SSLContext


def issue(folder: Path, days: float, *, name: str = "localhost", authority_days: float = 1_000) -> Issued:
    """A certificate that ends so many days from now; negative ones have ended. What signed it is shown beside it."""
    authority = Authority(folder, days=authority_days)
    certificate, key = authority.signed(days=days, name=name)
    shown = [Path(one).read_bytes() for one in (certificate, authority.ca_file)]
    Path(certificate).write_bytes(b"".join(shown))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    ends, authority_ends = (x509.load_pem_x509_certificate(one).not_valid_after_utc for one in shown)
    return Issued(ends, authority_ends, authority.ca_file, server)
