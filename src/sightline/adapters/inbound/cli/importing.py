"""`import`: history of other programs, years of it, to the server."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli.asking import ASKING, Asking, data, get
from sightline.adapters.inbound.cli.history.flags import (
    COLUMNS,
    IMPORTING,
    NOBODY,
    Columns,
    Credentials,
    FileNames,
    Format,
    Importing,
    KeepNan,
    Label,
    Match,
)
from sightline.adapters.inbound.cli.program import Ended, Exit, app, no_flags, say
from sightline.adapters.network.statuses import is_success

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.adapters.inbound.cli.history.delivery import Bounds
    from sightline.adapters.inbound.cli.history.source import Mark, Source
    from sightline.adapters.inbound.cli.history.tally import Tally
    from sightline.domain.labels import Labels

_LONG: Final = 8 << 20
"""Bytes from which on it is worth to wait for machine code."""
_TOLD_AFTER: Final = 4.0
_COMPILED_WITHIN: Final = 120.0
_GRACE: Final = 60_000
"""How much later than the oldest that is kept an import begins, ms, so that what it brings is not too old on arrival."""

KERNELS: Final = (
    "sightline.adapters.wire.history_json",
    "sightline.adapters.wire.history_lines",
    "sightline.adapters.wire.history_numbers",
    "sightline.adapters.wire.remote_write_encode",
    "sightline.adapters.wire.remote_write_scan",
    "sightline.domain.kernels.spans",
)
"""What this command needs machine code for."""

imports = App(
    name="import",
    help="Bring history from Prometheus, VictoriaMetrics or files, as old as `retention` allows.",
    help_format="plaintext",
    help_epilogue="""Examples:
  promtool tsdb dump /var/lib/prometheus | sightline import
  sightline import --dry-run backup/*.jsonl.gz
  sightline import prometheus http://127.0.0.1:9090 --start -1y

It may be stopped at any time; the same command goes on where it ended. Exit code 0: all of it is stored; 1: some was refused or
could not be read, or the server or the source said no; 2: the command line or a file's name is wrong; 3: nobody answers.
""",
)
app.command(imports)


@imports.default
def import_files(
    *files: FileNames,
    kind: Annotated[Format, Parameter(name="--format", help="What stands in them.")] = Format.AUTO,
    label: Label = (),
    keep_nan: KeepNan = False,
    importing: Importing = IMPORTING,
    asking: Asking = ASKING,
) -> int:
    """Import files: `promtool tsdb dump`, OpenMetrics, the Prometheus text format with times, VictoriaMetrics' JSON lines.

    gzip, zstd, bzip2 and xz are unpacked on the way, and files of any size are read piece by piece.
    """
    from sightline.adapters.inbound.cli.history.files import Files

    return bring(asking, importing, Files(_named(files), kind, added_labels(label), keep_nan=keep_nan))


@imports.command
def prometheus(
    url: Annotated[str, Parameter(help="Where it listens, as http://127.0.0.1:9090.")],
    /,
    *,
    match: Match = (),
    label: Label = (),
    credentials: Credentials = NOBODY,
    importing: Importing = IMPORTING,
    asking: Asking = ASKING,
) -> int:
    """Import what a running Prometheus holds, by remote read: the exact samples, native histograms and ends of series too.

    Without --start all that it holds and this server keeps; without --end up to now.
    """
    from sightline.adapters.inbound.cli.history.delivery import too_old
    from sightline.adapters.inbound.cli.history.fetching import shown
    from sightline.adapters.inbound.cli.history.remote_read import RemoteRead
    from sightline.domain.errors import BadData
    from sightline.domain.labels import Matcher, MatchOp
    from sightline.domain.promql.parse import parse_selector

    try:
        selectors = [parse_selector(text) for text in match] or [(Matcher("__name__", MatchOp.NOT_EQUAL, ""),)]
    except BadData as error:
        raise Ended(Exit.USAGE, f"--match: {error.message}") from None
    limits, start, end = _stretch(asking, importing)
    source = RemoteRead(url, credentials, selectors, start, end, added_labels(label))
    if _is_cut(importing, limits) and 0 < source.lowest < start:
        raise too_old(limits, source.lowest, shown(url))
    return bring(asking, importing, source, limits)


@imports.command
def victoriametrics(
    url: Annotated[str, Parameter(help="Where it listens, as http://127.0.0.1:8428.")],
    /,
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
    from sightline.adapters.inbound.cli.history.fetching import shown

    limits, start, end = _stretch(asking, importing)
    source = Export(url, credentials, match, start, end, added_labels(label))
    if _is_cut(importing, limits) and source.has_before(start):
        raise too_old(limits, start, shown(url), before=True)
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


@imports.command(
    name="csv",
    help_epilogue="""Examples:
  sightline import csv --dry-run rooms.csv
  sightline import csv --time-column when --time-format '%d.%m.%Y %H:%M' --time-zone Europe/Berlin \\
      --metric room_temperature_celsius --value-column temp --label-column room rooms.csv
""",
)
def import_csv(
    *files: FileNames,
    columns: Columns = COLUMNS,
    label: Label = (),
    importing: Importing = IMPORTING,
    asking: Asking = ASKING,
) -> int:
    """Import CSV: a column of times, some of values, labels in the others. --dry-run shows the first series."""
    from sightline.adapters.inbound.cli.history.table import Tables, wishes

    return bring(asking, importing, Tables(_named(files), wishes(columns), added_labels(label)))


def _named(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files that were said; standard input when none were and something comes from there.

    Raises:
        Ended: none of that, or a flag that is none.
    """
    no_flags(files)
    if not files and (sys.stdin is None or sys.stdin.isatty()):
        raise Ended(Exit.USAGE, "name the files, or let them come: promtool tsdb dump DATA | sightline import")
    return files or (Path("-"),)


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
    from sightline.adapters.inbound.cli.history.account import some
    from sightline.adapters.inbound.cli.history.blocks import Changed
    from sightline.adapters.inbound.cli.history.bookmark import Bookmark
    from sightline.adapters.inbound.cli.history.source import Mark
    from sightline.adapters.inbound.cli.history.tally import Tally

    compiling = _compiling()
    limits = limits or bounds(asking, importing)
    if compiling is not None and (source.total is None or source.unit != "B" or source.total > _LONG):
        compiling.join(_TOLD_AFTER)
        if compiling.is_alive():
            say("making machine code for this processor, once, which takes up to a minute")
            compiling.join(_COMPILED_WITHIN)
    if importing.dry_run:
        tally = Tally()
        tally.count_series()
        try:
            _bring(asking, importing, source, limits, tally, Mark(), lambda _: None)
        except KeyboardInterrupt:
            raise Ended(Exit.REFUSED, "stopped") from None
        return Exit.DONE if tally.is_whole else Exit.REFUSED
    options = f"{importing.start} {importing.end} {importing.skip_old}"
    bookmark = Bookmark.of(f"{source.key}\n{asking.url} {asking.tenant}\n{options}", importing.state)
    if importing.again:
        bookmark.forget()
    since, before = bookmark.read()
    tally = Tally(before=before)
    reached = since
    if since != Mark():
        say(f"going on where an earlier run ended, after {some(before, 'sample')}; --again begins anew")

    def reach(mark: Mark) -> None:
        nonlocal reached
        reached = mark
        bookmark.write(mark, before + tally.stored)

    try:
        _bring(asking, importing, source, limits, tally, since, reach)
    except (Ended, KeyboardInterrupt) as end:
        if reached != Mark():
            bookmark.write(reached, before + tally.stored, now=True)
        if isinstance(end, Changed) or (isinstance(end, Ended) and reached == Mark()):
            raise
        code, said = (end.code, str(end)) if isinstance(end, Ended) else (Exit.REFUSED, "stopped")
        raise Ended(code, f"{said}\nWhat came before is stored; run the same again to go on there.") from None
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
    from sightline.adapters.inbound.cli.history.account import tell_account
    from sightline.adapters.inbound.cli.history.delivery import Delivery
    from sightline.adapters.inbound.cli.history.telling import telling

    began, is_over = time.monotonic(), False
    try:
        with telling(source, tally, quiet=importing.quiet) as tell:

            def reached(mark: "Mark", position: int) -> None:
                tell(position)
                reach(mark)

            Delivery(asking, limits, tally, reached, dry=importing.dry_run).run(source, since)
        is_over = True
    finally:
        seconds = time.monotonic() - began
        tell_account(tally, seconds, dry=importing.dry_run, as_json=asking.as_json, is_over=is_over)


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
    if importing.dry_run and not is_success(answer.status):
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
