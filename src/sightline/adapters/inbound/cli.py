"""The command line: every command here is a client of the HTTP API; `serve` is added by the program itself.

Exit codes: 0 done, 1 the server said no, 2 the command line is wrong, 3 nobody answers.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, CycloptsError, Parameter

from sightline import __version__

DEFAULT_URL: Final = "http://127.0.0.1:8080"
TIMEOUT: Final = 150.0
"""Seconds to wait for an answer: longer than any query may run."""

_MAX_ERROR_BYTES: Final = 1 << 20


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3


app = App(
    name="sightline",
    help="Metrics, alerts and the state of your machines in one program.",
    version=__version__,
    default_parameter=Parameter(negative=()),
    result_action="return_value",
)

Url = Annotated[str, Parameter(help="Where Sightline listens.", env_var="SIGHTLINE_URL")]
TenantName = Annotated[str | None, Parameter(help="Whose data to ask for.", env_var="SIGHTLINE_TENANT")]
TokenFile = Annotated[Path | None, Parameter(help="File with the server's token.", env_var="SIGHTLINE_HTTP_TOKEN_FILE")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON, as a program wants it.")]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command, those of the process when none are given; returns the exit code."""
    try:
        ended = app(arguments, exit_on_error=False, print_error=True)
    except CycloptsError:
        return Exit.USAGE
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        return Exit.DONE
    return ended if isinstance(ended, int) else Exit.DONE


@app.command
def version(*, as_json: AsJson = False) -> int:
    """Print the version of this program."""
    import platform

    system = f"{platform.system()} {platform.machine()}"
    if as_json:
        import json

        print(json.dumps({"version": __version__, "python": platform.python_version(), "platform": system}))
    else:
        print(f"sightline {__version__} (Python {platform.python_version()}, {system})")
    return Exit.DONE


@app.command
def query(
    expression: Annotated[
        str, Parameter(help="PromQL, such as 'rate(node_cpu_seconds_total[5m])'.", allow_leading_hyphen=True)
    ],
    /,
    *,
    url: Url = DEFAULT_URL,
    tenant: TenantName = None,
    token_file: TokenFile = None,
    time: Annotated[str | None, Parameter(help="Instant, in seconds since 1970 or RFC 3339 [default: now].")] = None,
    as_json: AsJson = False,
) -> int:
    """Evaluate a PromQL expression at one instant."""
    parameters = {"query": expression} if time is None else {"query": expression, "time": time}
    try:
        status, body = _ask(url, "/api/v1/query", parameters, tenant, token_file)
        answer = _decoded(url, status, body)
    except _CannotAsk as error:
        print(f"sightline: {error}", file=sys.stderr)
        return error.code
    if as_json:
        print(body.decode())
    elif answer["status"] == "success":
        _show(answer["data"])
    for warning in answer.get("warnings", ()):
        print(f"sightline: warning: {warning}", file=sys.stderr)
    if answer["status"] == "success":
        return Exit.DONE
    if not as_json:
        print(f"sightline: {answer['error']} ({answer.get('code', answer.get('errorType'))})", file=sys.stderr)
    return Exit.REFUSED


class _CannotAsk(Exception):
    """There is no answer to show; the text says what to do."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code


def _ask(
    url: str, path: str, parameters: Mapping[str, str], tenant: str | None, token_file: Path | None
) -> tuple[int, bytes]:
    """POST a form; returns status and body whatever the status."""
    import urllib.error
    import urllib.parse
    import urllib.request

    headers = {"Accept": "application/json", "User-Agent": f"sightline/{__version__}"}
    if tenant is not None:
        headers["X-Scope-OrgID"] = tenant
    if token_file is not None:
        headers["Authorization"] = f"Bearer {_token(token_file)}"
    host = _host(url)
    form = urllib.parse.urlencode(parameters).encode()
    request = urllib.request.Request(f"{url.rstrip('/')}{path}", form, headers)  # noqa: S310 - http or https, as checked
    # A proxy of the environment leads away from this machine.
    local = [urllib.request.ProxyHandler({})] if _is_loopback(host) else []
    try:
        with urllib.request.build_opener(*local).open(request, timeout=TIMEOUT) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_MAX_ERROR_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise _CannotAsk(
            f"nobody answers at {url}: {reason}\n"
            "Is it running? Start it with `sightline serve`, or say where it is with --url or SIGHTLINE_URL.",
            Exit.UNREACHABLE,
        ) from None


def _token(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise _CannotAsk(f"--token-file {path} cannot be read: {reason}", Exit.USAGE) from None


def _host(url: str) -> str:
    """The host of an HTTP address."""
    from urllib.parse import urlsplit

    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname:
            return parts.hostname
    raise _CannotAsk(f"--url {url!r} is no address: write for example {DEFAULT_URL}", Exit.USAGE)


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _decoded(url: str, status: int, body: bytes) -> dict[str, Any]:
    """The envelope of an answer."""
    import json

    with suppress(ValueError):
        answer = json.loads(body)
        if isinstance(answer, dict) and (answer.get("status") == "success" or isinstance(answer.get("error"), str)):
            return answer
    raise _CannotAsk(f"something other than Sightline answers at {url} (HTTP {status})", Exit.REFUSED)


def _show(data: Mapping[str, Any]) -> None:
    """A table on a terminal, lines of tab-separated fields elsewhere."""
    rows = list(_rows(data))
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    if not rows:
        print("Nothing matches.")
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Series", overflow="fold")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Time", no_wrap=True)
    for series, value, time in rows:
        table.add_row(_plain(series), _plain(value), time)
    Console().print(table)


def _plain(text: str) -> Any:
    """Text whose brackets are no markup."""
    from rich.text import Text

    return Text(text)


def _rows(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Series, value and time of every sample of an answer."""
    kind, result = data["resultType"], data["result"]
    if kind in {"scalar", "string"}:
        yield kind, result[1], _time(result[0])
        return
    for one in result:
        samples: Iterable[Sequence[Any]] = one["values"] if kind == "matrix" else [one["value"]]
        for time, value in samples:
            yield _series(one["metric"]), value, _time(time)


def _series(metric: Mapping[str, str]) -> str:
    from sightline.domain.labels import Labels

    return str(Labels.of(metric))


def _time(seconds: float) -> str:
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):  # further away than a calendar reaches
        return str(seconds)
