"""Who we say we are: user and password, a token, a certificate; files are read when they are used, so that they may change."""

import base64
import ssl
from pathlib import Path
from typing import Final

from sightline.domain.errors import Unavailable
from sightline.domain.scrape.job import ScrapeJob, Tls
from sightline.domain.scrape.target import ScrapeReason

_MAX_SECRET: Final = 1 << 20


def needs_files(job: ScrapeJob) -> bool:
    """Whether the credentials of a job are read from the disk."""
    return bool(job.bearer_token_file or (job.basic_auth and job.basic_auth.password_file))


def authorization(job: ScrapeJob) -> dict[str, str]:
    """The Authorization header of a job, or nothing. Reads files.

    Raises:
        Unavailable: a file cannot be read, or holds what no header may.
    """
    if job.basic_auth is not None:
        auth = job.basic_auth
        password = _secret(auth.password_file, "password_file") if auth.password_file else auth.password
        text = base64.b64encode(f"{auth.username}:{password}".encode()).decode()
        return {"Authorization": f"Basic {text}"}
    token = _secret(job.bearer_token_file, "bearer_token_file") if job.bearer_token_file else job.bearer_token
    return {"Authorization": f"Bearer {token}"} if token else {}


class Contexts:
    """TLS contexts, made once for each way of judging certificates and again when one of its files changes."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], tuple[tuple[float, ...], ssl.SSLContext]] = {}

    def of(self, tls: Tls) -> ssl.SSLContext:
        """The context. Reads files.

        Raises:
            Unavailable: a file cannot be read or is no certificate or key.
        """
        files = (tls.ca_file, tls.cert_file, tls.key_file)
        key = (*files, str(tls.insecure_skip_verify))
        try:
            changed = tuple(Path(file).stat().st_mtime for file in files if file)
            known = self._made.get(key)
            if known is None or known[0] != changed:
                known = self._made[key] = (changed, _context(tls))
        except (OSError, ValueError) as error:  # SSLError is an OSError
            named = ", ".join(file for file in files if file)
            message = f"the TLS files {named} cannot be used: {_said(error)}"
            raise Unavailable(message, reason=ScrapeReason.CREDENTIALS) from None
        return known[1]


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_file or None)
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file or None)
    return context


def _secret(path: str, setting: str) -> str:
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_MAX_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{setting} {path} cannot be read: {_said(error)}", reason=ScrapeReason.CREDENTIALS) from None
    if any(char in text for char in "\r\n\0"):
        raise Unavailable(f"{setting} {path} has more than one line", reason=ScrapeReason.CREDENTIALS)
    return text


def _said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
