"""Certificates that tests make for themselves."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates. ca_file: its own, in a folder of the test, which ends so many days from now."""

    def __init__(self, folder: Path, name: str = "Tests", days: float = 3_650) -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._count = 0
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        own = (
            self._begun(self._name, days)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = str(folder / f"{name}.pem")
        Path(self.ca_file).write_bytes(own.public_bytes(Encoding.PEM))

    def server(
        self, *, days: float = 90, began: float = 100, name: str = "localhost", address: str = "127.0.0.1"
    ) -> ssl.SSLContext:
        """What a server shows whose certificate ends so many days from now, and began so many days ago."""
        certificate, key = self.signed(days=days, began=began, name=name, address=address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    def signed(
        self, *, days: float = 90, began: float = 100, name: str = "localhost", address: str = "127.0.0.1"
    ) -> tuple[str, str]:
        """The files of a certificate and its key."""
        self._count += 1
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if address:
            names.append(x509.IPAddress(ip_address(address)))
        found = (
            self._begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), days, began)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        files = [self._folder / f"server{self._count}.{kind}" for kind in ("pem", "key")]
        files[0].write_bytes(found.public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(files[0]), str(files[1])

    def _begun(self, subject: x509.Name, days: float, began: float = 100) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=began))
            .not_valid_after(now + timedelta(days=days))
        )
