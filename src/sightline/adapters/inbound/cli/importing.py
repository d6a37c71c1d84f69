"""`import`: history of other programs, years of it, to the server."""

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli.asking import ASKING, Asking, data, get
from sightline.adapters.inbound.cli.history.files import Files, Format
from sightline.adapters.inbound.cli.printing import show_json, time_text
from sightline.adapters.inbound.cli.program import Ended, Exit, app, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.adapters.inbound.cli.history.delivery import Bounds
    from sightline.adapters.inbound.cli.history.source import Mark, Source
    from sightline.adapters.inbound.cli.history.tally import Tally
    from sightline.domain.labels import Labels

_LONG: Final = 8 << 20
"""Bytes from which on it is worth to wait for machine code."""
_COMPILED_WITHIN: Final = 120.0

KERNELS: Final = (
    "sightline.adapters.wire.history_json",
    "sightline.adapters.wire.history_lines",
    "sightline.adapters.wire.history_numbers",
    "sightline.adapters.wire.remote_write_encode",
    "sightline.adapters.wire.remote_write_scan",
)
"""What this command alone has machine code for."""

imports = App(
    name="import",
    help="Bring history from Prometheus, VictoriaMetrics or files, as old as `retention` allows.",
    help_format="plaintext",
    help_epilogue="""Examples:
  promtool tsdb dump /var/lib/prometheus | sightline import -
  sightline import --dry-run backup/*.jsonl.gz
  sightline import prometheus http://127.0.0.1:9090 --start -1y

It may be stopped at any time; the same command goes on where it ended. Exit code 0: all of it is stored; 1: some was refused or
could not be read, or the server or the source said no; 2: the command line or a file's name is wrong; 3: nobody answers.
""",
)
app.command(imports)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Importing:
    """What every import may be told."""

    start: Annotated[
        str | None,
        Parameter(help="Only samples from here on: -1y, seconds since 1970 or RFC 3339.", allow_leading_hyphen=True),
    ] = None
    end: Annotated[
        str | None, Parameter(help="Only samples up to here, written likewise.", allow_leading_hyphen=True)
    ] = None
    skip_old: Annotated[bool, Parameter(help="Leave out what is older than the server keeps, instead of ending.")] = (
        False
    )
    dry_run: Annotated[bool, Parameter(help="Read and count everything, and send nothing.")] = False
    again: Annotated[bool, Parameter(help="Begin anew, wherever an earlier run ended.")] = False
    state: Annotated[
        Path | None,
        Parameter(help="Where to remember how far it came [default: ~/.local/state/sightline/imports/...]."),
    ] = None
    quiet: Annotated[bool, Parameter(help="No progress bar.")] = False


IMPORTING: Final = Importing()

Label = Annotated[
    tuple[str, ...],
    Parameter(help="name=value for every series, in place of a label of that name; may be repeated."),
]
KeepNan = Annotated[
    bool, Parameter(help="Keep NaN as a value. Text cannot tell it from the end of a series, which it mostly is.")
]


@imports.default
def import_files(
    *files: Annotated[Path, Parameter(help="Files, packed or not; - is standard input.")],
    kind: Annotated[Format, Parameter(name="--format", help="What stands in them.")] = Format.AUTO,
    label: Label = (),
    keep_nan: KeepNan = False,
    importing: Importing = IMPORTING,
    asking: Asking = ASKING,
) -> int:
    """Import files: `promtool tsdb dump`, OpenMetrics, the Prometheus text format with times, VictoriaMetrics' JSON lines.

    gzip, zstd, bzip2 and xz are unpacked on the way, and files of any size are read piece by piece.
    """
    if not files:
        raise Ended(Exit.USAGE, "name the files, or - for standard input: promtool tsdb dump DATA | sightline import -")
    return bring(asking, importing, Files(files, kind, added_labels(label), keep_nan=keep_nan))


def bring(asking: Asking, importing: Importing, source: "Source") -> int:
    """Import a source as the flags say; returns the exit code."""
    from sightline.adapters.inbound.cli.history.bookmark import Bookmark
    from sightline.adapters.inbound.cli.history.source import Mark
    from sightline.adapters.inbound.cli.history.tally import Tally

    compiling = _compiling()
    limits = bounds(asking, importing)
    if compiling is not None and (source.total is None or source.unit != "B" or source.total > _LONG):
        compiling.join(_COMPILED_WITHIN)
    if importing.dry_run:
        tally = Tally()
        tally.count_series()
        _bring(asking, importing, source, limits, tally, Mark(), lambda _: None)
        return Exit.DONE if tally.is_whole else Exit.REFUSED
    options = f"{importing.start} {importing.end} {importing.skip_old}"
    bookmark = Bookmark.of(f"{source.key}\n{asking.url} {asking.tenant}\n{options}", importing.state)
    if importing.again:
        bookmark.forget()
    since, before = bookmark.read()
    tally = Tally(before=before)
    reached = since
    if since != Mark():
        say(f"going on where an earlier run ended, after {before} samples; --again begins anew")

    def reach(mark: Mark) -> None:
        nonlocal reached
        reached = mark
        bookmark.write(mark, before + tally.stored)

    try:
        _bring(asking, importing, source, limits, tally, since, reach)
    except (Ended, KeyboardInterrupt) as end:
        if reached != Mark():
            bookmark.write(reached, before + tally.stored, now=True)
        if isinstance(end, Ended) and reached == Mark():
            raise
        code = end.code if isinstance(end, Ended) else Exit.REFUSED
        said = f"{end}\n" if str(end) else ""
        raise Ended(code, f"{said}What came before is stored; run the same again to go on there.") from None
    bookmark.forget()
    return Exit.DONE if tally.is_whole else Exit.REFUSED


def _compiling() -> threading.Thread | None:
    """Get machine code for what this command needs, in a thread; None where it is not wanted."""
    from sightline.domain.kernels.compiled import JIT, compile_all

    if os.environ.get(JIT, "").lower() == "off":
        return None

    def get_it() -> None:
        with suppress(Exception):  # without it everything is slower, and the same
            for _ in compile_all(KERNELS):
                pass

    thread = threading.Thread(target=get_it, name="kernels", daemon=True)
    thread.start()
    return thread


def _bring(
    asking: Asking,
    importing: Importing,
    source: "Source",
    limits: "Bounds",
    tally: "Tally",
    since: "Mark",
    reach: "Callable[[Mark], None]",
) -> None:
    """Bring what comes after a mark, and tell of it while it lasts and once it has ended, in whatever way."""
    from sightline.adapters.inbound.cli.history.delivery import Delivery
    from sightline.adapters.inbound.cli.history.telling import telling

    began = time.monotonic()
    try:
        with telling(source, tally, quiet=importing.quiet) as tell:

            def reached(mark: "Mark", position: int) -> None:
                tell(position)
                reach(mark)

            Delivery(asking, limits, tally, reached, dry=importing.dry_run).run(source, since)
    finally:
        _tell(asking, importing, tally, time.monotonic() - began)


def bounds(asking: Asking, importing: Importing) -> "Bounds":
    """Which samples are wanted, and which the server keeps."""
    from sightline.adapters.inbound.cli import times
    from sightline.adapters.inbound.cli.history.delivery import Bounds
    from sightline.domain.errors import BadData
    from sightline.domain.timerange import MAX_TIME, MIN_TIME, parse_duration

    now = time.time()
    start, end = (
        usual if text is None else round(1000 * times.instant(flag, text, now))
        for flag, text, usual in (("--start", importing.start, MIN_TIME), ("--end", importing.end, MAX_TIME))
    )
    if end < start:
        raise Ended(Exit.USAGE, f"--end {importing.end} lies before --start {importing.start}")
    answer = get(asking, "/api/v1/status/runtimeinfo")
    if importing.dry_run and answer.status >= 300:  # noqa: PLR2004 - what is not a success
        return Bounds(start, end, None)
    kept = str(data(asking, answer).get("storageRetention", "")).partition(" ")[0]
    try:
        oldest = round(1000 * now) - parse_duration(kept)
    except BadData:
        return Bounds(start, end, None)
    return Bounds(start, end, oldest, kept, importing.skip_old)


def added_labels(given: tuple[str, ...]) -> "Labels":
    """The labels that --label adds."""
    from sightline.domain.labels import Labels

    added = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Ended(Exit.USAGE, f"--label {text}: write --label name=value")
        added[name] = value
    return Labels.of(added)


def _tell(asking: Asking, importing: Importing, tally: "Tally", seconds: float) -> None:
    """What became of it."""
    counts = tally.read if importing.dry_run else tally.stored
    if asking.as_json:
        show_json(
            {
                "samples": counts,
                "before": tally.before,
                "series": tally.series,
                "first": None if tally.first is None else tally.first / 1000,
                "last": None if tally.last is None else tally.last / 1000,
                "seconds": round(seconds, 3),
                "refused": {
                    code: {"samples": one.samples, "error": one.message} for code, one in tally.refused.items()
                },
                "unread": tally.wrong,
                "histograms": tally.histograms,
                "skipped_old": tally.too_old,
                "outside": tally.outside,
                "problems": [{"where": where, "line": one.line, "error": one.message} for where, one in tally.unread],
            }
        )
        return
    for text in tally.shown:
        say(f"first series: {text}")
    for where, one in tally.unread:
        say(f"{where}, line {one.line}: {one.message}")
    if tally.wrong:
        say(f"{tally.wrong} {'lines' if tally.wrong != 1 else 'line'} could not be read and were left out")
    if tally.histograms:
        say(
            f"{tally.histograms} native histograms were left out, which a dump does not hold whole: "
            "bring them with `sightline import prometheus URL`"
        )
    for code, refused in tally.refused.items():
        say(f"{refused.samples} samples refused ({code}), the first: {refused.message}")
    if tally.too_old:
        say(f"{tally.too_old} samples older than the server keeps were skipped")
    if tally.outside:
        say(f"{tally.outside} samples outside --start and --end were skipped")
    span = ""
    if tally.first is not None and tally.last is not None:
        span = f", {time_text(tally.first / 1000)} to {time_text(tally.last / 1000)}"
    if importing.dry_run:
        print(f"{counts} samples of {tally.series} series would be sent{span}")
    else:
        rate = f" ({counts / seconds:,.0f} a second)" if counts and seconds > 1 else ""
        print(f"{counts} samples stored in {seconds:.1f} s{rate}{span}")
