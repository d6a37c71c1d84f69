"""Requests to the programs that history comes from."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from sightline import __version__
from sightline.adapters.inbound.cli.asking import opener
from sightline.adapters.inbound.cli.history.flags import Credentials
from sightline.adapters.inbound.cli.program import Ended, Exit

_TIMEOUT: Final = 600.0
_ERROR_BYTES: Final = 2_000


class Refused(Exception):
    """The source said no. status: of HTTP; the text is what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


@contextmanager
def fetched(
    url: str, credentials: Credentials, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """The answer of a source, to be read.

    Raises:
        Refused: it said no.
        Ended: nobody answers, or it breaks off.
    """
    parts = address(url)
    sent = {"User-Agent": f"sightline/{__version__}", **(headers or {})}
    if parts.username is not None:
        import base64

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        sent["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    if credentials.source_token_file is not None:
        sent["Authorization"] = f"Bearer {_token(credentials.source_token_file)}"
    if credentials.source_tenant is not None:
        sent["X-Scope-OrgID"] = credentials.source_tenant
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(plain, body, sent)  # noqa: S310 - http or https, as checked
    try:
        with opener(parts.hostname or "").open(request, timeout=_TIMEOUT) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(_ERROR_BYTES).decode(errors="replace").strip()
        raise Refused(error.code, said) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        reason = getattr(reason, "strerror", None) or reason or type(error).__name__
        raise Ended(Exit.UNREACHABLE, f"{_host(parts)} does not answer to the end: {reason}") from None


def shown(url: str) -> str:
    """An address without a password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def address(url: str) -> SplitResult:
    """The parts of an address.

    Raises:
        Ended: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Ended(Exit.USAGE, f"{url!r} is no address: write for example http://127.0.0.1:9090")
    return parts


def _host(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _token(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Ended(Exit.USAGE, f"--source-token-file {path} cannot be read: {error}") from None
