"""`push`: samples in the text format, from files or a pipe, to the server."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from sightline.adapters.inbound.cli.asking import ASKING, Asking, post, succeed
from sightline.adapters.inbound.cli.printing import show_json
from sightline.adapters.inbound.cli.program import Ended, Exit, app, no_flags, say

PATH: Final = "/api/v1/import/prometheus"
WRITTEN: Final = "x-prometheus-remote-write-samples-written"
_COMPRESSED_FROM: Final = 64 * 1024
"""Bytes of a body that is compressed."""
_WHOLE: Final = 4 << 20
"""Bytes of one that is; a longer one is sent, and read by the server, a piece at a time, which only plain text can be."""
_PIECE: Final = 1 << 20
_TOO_LARGE: Final = 413


@app.command(
    help_epilogue="""Examples:
  echo 'backup_size_bytes 5.2e9' | sightline push --label job=backup
  sightline push metrics.prom more.prom
  curl -s http://127.0.0.1:9100/metrics | sightline push --label job=node
"""
)
def push(
    *files: Annotated[
        Path,
        Parameter(
            help="Files in the Prometheus text format; - or none reads standard input.", allow_leading_hyphen=True
        ),
    ],
    label: Annotated[
        tuple[str, ...],
        Parameter(help="name=value for every series, in place of a label of that name; may be repeated."),
    ] = (),
    asking: Asking = ASKING,
) -> int:
    """Send samples in the Prometheus text format to the server.

    What of a file can be read is stored; where lines cannot, they are named, and later files are not sent. Samples without a time
    get the time at which they arrive. For history there is `sightline import`.
    """
    from urllib.parse import urlencode

    query = urlencode({"extra_label": [_label(one) for one in label]}, doseq=True)
    no_flags(files)
    stored = 0
    for file in files or (Path("-"),):
        stored += _push(asking, file, f"{PATH}?{query}" if query else PATH)
    if asking.as_json:
        show_json({"samples": stored})
    else:
        say(f"{stored} sample{'s' if stored != 1 else ''} stored")
    return Exit.DONE


def _push(asking: Asking, file: Path, path: str) -> int:
    """Send one file; returns how many samples the server stored."""
    pieces = _pieces(file)
    body = next(pieces, b"")
    headers = {"Content-Type": "text/plain; version=0.0.4"}
    if len(body) == _WHOLE:
        answer = post(asking, path, chain([body], pieces), headers)
    else:
        if len(body) >= _COMPRESSED_FROM:
            import gzip

            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        answer = post(asking, path, body, headers)
    try:
        succeed(asking, answer)
    except Ended as end:
        if str(end):
            hint = "\nFor history there is `sightline import`." if answer.status == _TOO_LARGE else ""
            raise Ended(end.code, f"{_name(file)}: {end}{hint}") from None
        raise
    written = answer.headers.get(WRITTEN, "0")
    return int(written) if written.isascii() and written.isdigit() else 0


def _pieces(file: Path) -> Iterator[bytes]:
    """What the file has; more than the first piece only where that is as long as a body may be that is sent whole."""
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as stream:
            yield (first := stream.read(_WHOLE))
            while len(first) == _WHOLE and (piece := stream.read(_PIECE)):
                yield piece
    except OSError as error:
        raise Ended(Exit.USAGE, f"{_name(file)} cannot be read: {error.strerror}") from None


def _name(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


def _label(text: str) -> str:
    name, equals, _ = text.partition("=")
    if not equals or not name:
        raise Ended(Exit.USAGE, f"--label {text}: write --label name=value")
    return text
