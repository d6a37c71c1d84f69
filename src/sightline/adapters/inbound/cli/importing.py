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
from sightline.adapters.inbound.cli.history.fetching import NOBODY, Credentials, shown
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
_GRACE: Final = 60_000
"""How much later than the oldest that is kept an import begins, ms, so that what it brings is not too old on arrival."""

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
Match = Annotated[
    tuple[str, ...],
    Parameter(help="Only series that a selector finds, as 'up{job=\"node\"}' [default: all]; may be repeated."),
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


@imports.command
def prometheus(
    url: Annotated[str, Parameter(help="Where it listens, as http://127.0.0.1:9090.")],
    *,
    match: Match = (),
    credentials: Credentials = NOBODY,
    importing: Importing = IMPORTING,
    asking: Asking = ASKING,
) -> int:
    """Import what a running Prometheus holds, by remote read: the exact samples, native histograms and ends of series too.

    Without --start all that it holds and this server keeps; without --end up to now.
    """
    from sightline.adapters.inbound.cli.history.delivery import too_old
    from sightline.adapters.inbound.cli.history.remote_read import RemoteRead
    from sightline.domain.errors import BadData
    from sightline.domain.labels import Matcher, MatchOp
    from sightline.domain.promql.parse import parse_selector

    try:
        selectors = [parse_selector(text) for text in match] or [(Matcher("__name__", MatchOp.NOT_EQUAL, ""),)]
    except BadData as error:
        raise Ended(Exit.USAGE, f"--match: {error.message}") from None
    limits, start, end = _stretch(asking, importing)
    source = RemoteRead(url, credentials, selectors, start, end)
    if _is_cut(importing, limits) and 0 < source.lowest < start:
        raise too_old(limits, source.lowest, shown(url))
    return bring(asking, importing, source, limits)


@imports.command
def victoriametrics(
    url: Annotated[str, Parameter(help="Where it listens, as http://127.0.0.1:8428.")],
    *,
    match: Match = (),
    label: Label = (),
    credentials: Credentials = NOBODY,
    importing: Importing = IMPORTING,
    asking: Asking = ASKING,
) -> int:
    """Import what a running VictoriaMetrics holds, by its export.

    Without --start all that it holds and this server keeps; without --end up to now.
    """
    from sightline.adapters.inbound.cli.history.delivery import too_old
    from sightline.adapters.inbound.cli.history.export import Export

    limits, start, end = _stretch(asking, importing)
    source = Export(url, credentials, match, start, end, added_labels(label))
    if _is_cut(importing, limits) and source.has_before(start):
        raise too_old(limits, start - 1, shown(url))
    return bring(asking, importing, source, limits)


@imports.command
def tsdb(
    folder: Annotated[Path, Parameter(help="The one with the blocks and `wal`, as /var/lib/prometheus/metrics2.")],
    *,
    match: Match = (),
    label: Label = (),
    keep_nan: KeepNan = False,
    importing: Importing = IMPORTING,
    asking: Asking = ASKING,
) -> int:
    """Import a data folder of Prometheus, which promtool reads; Prometheus may run meanwhile."""
    from sightline.adapters.inbound.cli.history.tsdb import TsdbFolder

    limits = bounds(asking, importing)
    start = limits.start if limits.oldest is None or not limits.skip_old else max(limits.start, limits.oldest)
    source = TsdbFolder(folder, match, start, limits.end, added_labels(label), keep_nan=keep_nan)
    return bring(asking, importing, source, limits)


def _stretch(asking: Asking, importing: Importing) -> tuple["Bounds", int, int]:
    """What to ask a running program for, ms: what is wanted and kept, up to now.

    Raises:
        Ended: it is wanted from before what is kept.
    """
    from sightline.adapters.inbound.cli.history.delivery import too_old

    limits = bounds(asking, importing)
    start = limits.start
    if limits.oldest is not None and start < limits.oldest:
        if importing.start is not None and not limits.skip_old:
            raise too_old(limits, start, f"--start {importing.start}")
        start = limits.oldest + _GRACE
    return limits, start, min(limits.end, round(1000 * time.time()))


def _is_cut(importing: Importing, limits: "Bounds") -> bool:
    """Whether the beginning is where the server's memory begins, without anybody having said that this is well."""
    return importing.start is None and limits.oldest is not None and not limits.skip_old


def bring(asking: Asking, importing: Importing, source: "Source", limits: "Bounds | None" = None) -> int:
    """Import a source as the flags say; returns the exit code."""
    from sightline.adapters.inbound.cli.history.bookmark import Bookmark
    from sightline.adapters.inbound.cli.history.source import Mark
    from sightline.adapters.inbound.cli.history.tally import Tally

    compiling = _compiling()
    limits = limits or bounds(asking, importing)
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
