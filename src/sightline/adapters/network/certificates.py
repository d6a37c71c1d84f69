"""Certificates that servers show, as PEM, to what is told of them."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sightline.domain.probes.outcome import Certificate

if TYPE_CHECKING:
    from cryptography import x509

_KEPT: Final = 4_096
"""Chains that are remembered: a server shows the same one every time, and reading it takes ten times as long as knowing it."""


class Certificates:
    """Reads chains, and remembers what it has read."""

    def __init__(self) -> None:
        self._read: OrderedDict[tuple[bytes, str, str], Certificate] = OrderedDict()

    def of_chain(self, chain: Sequence[str], version: str = "", cipher: str = "") -> Certificate | None:
        """What a chain says, the server's own certificate first; None of an empty one or one that cannot be read.

        chain: PEM. version, cipher: of the TLS session.
        """
        digest = hashlib.sha256()
        for each in chain:
            digest.update(each.encode())
        key = (digest.digest(), version, cipher)
        found = self._read.get(key)
        if found is not None:
            self._read.move_to_end(key)
            return found
        found = _read(chain, version, cipher)
        if found is not None:
            self._read[key] = found
            if len(self._read) > _KEPT:
                self._read.popitem(last=False)
        return found


def day(at: int) -> str:
    """The day of an instant, ms, as people read it."""
    return datetime.fromtimestamp(at / 1_000, UTC).date().isoformat()


def also_expired(shown: Certificate | None, now: int) -> str:
    """What is to be added where something else is wrong with a certificate and it has expired as well; empty otherwise. now: ms."""
    return f", and expired on {day(shown.expires_at)}" if shown is not None and shown.expires_at <= now else ""


def _read(chain: Sequence[str], version: str, cipher: str) -> Certificate | None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        read = [x509.load_pem_x509_certificate(each.encode()) for each in chain]
        if not read:
            return None
        own = read[0]
        return Certificate(
            subject=own.subject.rfc4514_string(),
            issuer=own.issuer.rfc4514_string(),
            expires_at=min(_ms(each.not_valid_after_utc) for each in read),
            starts_at=_ms(own.not_valid_before_utc),
            fingerprint=own.fingerprint(hashes.SHA256()).hex(),
            names=_names(own),
            chain=tuple(each.subject.rfc4514_string() for each in read),
            version=version,
            cipher=cipher,
        )
    except ValueError:  # broken ones are shown too; TLS says what is wrong with them
        return None


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


def _names(certificate: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = (str(each) for each in found.get_values_for_type(x509.IPAddress))
    return (*found.get_values_for_type(x509.DNSName), *addresses)
