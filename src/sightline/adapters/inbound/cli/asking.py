"""Ask a running server by its HTTP API, and tell apart: it answered, it said no, nobody is there."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter
from typing_extensions import override

from sightline import __version__
from sightline.adapters.inbound.cli.program import AsJson, Ended, Exit, say
from sightline.adapters.network.statuses import is_success

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

DEFAULT_URL: Final = "http://127.0.0.1:8080"
TIMEOUT: Final = 150.0
"""Seconds to wait for an answer: longer than any query may run."""

_MAX_ERROR_BYTES: Final = 1 << 20
Fields = Mapping[str, str | Iterable[str] | None]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask, as whom, and how to print: the flags that every command has."""

    url: Annotated[str, Parameter(help="Where Sightline listens.", env_var="SIGHTLINE_URL")] = DEFAULT_URL
    tenant: Annotated[str | None, Parameter(help="Whose data to ask for.", env_var="SIGHTLINE_TENANT")] = None
    token_file: Annotated[
        Path | None, Parameter(help="File with the server's token.", env_var="SIGHTLINE_HTTP_TOKEN_FILE")
    ] = None
    as_json: AsJson = False


ASKING: Final = Asking()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever the status. headers: by name in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def get(asking: Asking, path: str, fields: Fields | None = None, *, timeout: float = TIMEOUT) -> Answer:
    """A GET with parameters; those that are None are left out."""
    query = _encoded(fields or {})
    return _ask(asking, f"{path}?{query}" if query else path, None, {}, timeout)


def post_form(asking: Asking, path: str, fields: Fields) -> Answer:
    """A POST of a form, whose fields may be longer than an address."""
    return _ask(asking, path, _encoded(fields).encode(), {}, TIMEOUT)


def post(asking: Asking, path: str, body: bytes | Iterable[bytes], headers: Mapping[str, str]) -> Answer:
    """A POST of a body as it is; one in pieces is sent as they come."""
    return _ask(asking, path, body, headers, TIMEOUT)


def delete(asking: Asking, path: str) -> Answer:
    """A DELETE."""
    return _ask(asking, path, None, {}, TIMEOUT, HTTPMethod.DELETE)


def decoded(asking: Asking, answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer that says yes. Its warnings are told beside.

    Raises:
        Ended: the server said no, or what answers is not Sightline.
    """
    found = _object(answer.body)
    refused = found is not None and isinstance(found.get("error"), str) and "errorType" in found
    failed = not is_success(answer.status) or (found is not None and found.get("status") == "error")
    if found is None or (failed and not refused):
        raise Ended(Exit.REFUSED, f"something other than Sightline answers at {asking.url} (HTTP {answer.status})")
    for warning in found.get("warnings", ()):
        say(f"warning: {warning}")
    if refused:
        if asking.as_json:
            print(answer.body.decode())
            raise Ended(Exit.REFUSED)
        raise Ended(Exit.REFUSED, _refusal(answer.status, found))
    return found


def succeed(asking: Asking, answer: Answer) -> None:
    """Check an answer whose body says nothing; errors as `decoded`."""
    if not is_success(answer.status):
        decoded(asking, answer)


def data(asking: Asking, answer: Answer) -> Any:
    """What Prometheus' envelope holds; errors as `decoded`."""
    found = decoded(asking, answer)
    if found.get("status") != "success" or "data" not in found:
        raise Ended(Exit.REFUSED, f"something other than Sightline answers at {asking.url} (HTTP {answer.status})")
    return found["data"]


def _refusal(status: int, found: Mapping[str, Any]) -> str:
    hint = ""
    if status == HTTPStatus.UNAUTHORIZED:
        hint = "\nGive --token-file FILE, or name the file in SIGHTLINE_HTTP_TOKEN_FILE."
    return f"{found['error']} ({found.get('code', found['errorType'])}){hint}"


def _object(body: bytes) -> dict[str, Any] | None:
    import json

    with suppress(ValueError, RecursionError):
        found = json.loads(body)
        if isinstance(found, dict):
            return found
    return None


def _encoded(fields: Fields) -> str:
    from urllib.parse import urlencode

    given = {
        name: value if isinstance(value, str) else list(value) for name, value in fields.items() if value is not None
    }
    return urlencode(given, doseq=True)


def _ask(
    asking: Asking,
    path: str,
    body: bytes | Iterable[bytes] | None,
    headers: Mapping[str, str],
    timeout: float,
    method: HTTPMethod | None = None,
) -> Answer:
    """One request, a GET or with a body a POST unless told otherwise; returns the answer whatever its status.

    Raises:
        Ended: the address or the token file cannot be used, or nobody answers.
    """
    import http.client
    import urllib.error
    import urllib.request

    url = asking.url
    sent = {"Accept": "application/json", "User-Agent": f"sightline/{__version__}", **headers}
    if asking.tenant is not None:
        sent["X-Scope-OrgID"] = _visible("--tenant", asking.tenant)
    if asking.token_file is not None:
        sent["Authorization"] = f"Bearer {_token(asking.token_file)}"
    host = _host(url)
    request = urllib.request.Request(f"{url.rstrip('/')}{path}", body, sent, method=method)  # noqa: S310 - `_host` lets http and https alone pass
    try:
        with opener(host).open(request, timeout=timeout) as response:
            return Answer(response.status, _lower(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers), error.read(_MAX_ERROR_BYTES))
    except http.client.HTTPException as error:
        message = f"something other than Sightline answers at {url} ({type(error).__name__})"
        raise Ended(Exit.REFUSED, message) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        reason = getattr(reason, "strerror", None) or reason  # without the number
        raise Ended(
            Exit.UNREACHABLE,
            f"nobody answers at {url}: {reason}\n"
            "Is it running? Start it with `sightline serve`, or say where it is with --url or SIGHTLINE_URL.",
        ) from None


def opener(host: str) -> "OpenerDirector":
    """What opens addresses of a host: without a proxy on this machine, from which it would lead away, and without redirects."""
    import urllib.request

    local = [urllib.request.ProxyHandler({})] if _is_loopback(host) else []
    return urllib.request.build_opener(*local, _stays())


def _stays() -> Any:
    """Follows no redirect: it might lead elsewhere, and the token would go along."""
    import urllib.request

    class Stays(urllib.request.HTTPRedirectHandler):
        @override
        def redirect_request(self, *_: Any) -> None:
            return None

    return Stays()


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _visible(flag: str, text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise Ended(Exit.USAGE, f"{flag} {text!r} has characters that cannot be sent")
    return text


def _token(path: Path) -> str:
    try:
        return _visible("--token-file: the token", path.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise Ended(Exit.USAGE, f"--token-file {path} cannot be read: {reason}") from None


def _host(url: str) -> str:
    """The host of an HTTP address."""
    from urllib.parse import urlsplit

    with suppress(ValueError):
        parts = urlsplit(url)
        if (
            parts.scheme in {"http", "https"}
            and parts.hostname
            and url.isascii()
            and url.isprintable()
            and " " not in url
        ):
            return parts.hostname
    raise Ended(Exit.USAGE, f"--url {url!r} is no address: write for example {DEFAULT_URL}")


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
