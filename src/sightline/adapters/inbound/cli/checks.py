"""`checks`: how they stand, what is wrong with files of them, and those of other programs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.asking import ASKING, Asking, decoded, get, post
from sightline.adapters.inbound.cli.declaring import read_files, sent
from sightline.adapters.inbound.cli.printing import Column, show_json
from sightline.adapters.inbound.cli.program import Exit, app, read_bytes, say

_COLUMNS: Final = (
    Column("State"),
    Column("Name", folds=True),
    Column("Type"),
    Column("Address", folds=True),
    Column("Latency", right=True),
    Column("Last probe"),
    Column("Message", folds=True),
)
_MAX_BYTES: Final = 32 << 20
_SAID: Final = "verdict"
"""The reason of a state that probes decided, which needs no further words."""

checks = App(
    name="checks",
    help="List checks and how they stand, judge files of them, or take those of other programs.",
    help_format="plaintext",
    help_epilogue="""Examples:
  sightline checks
  sightline checks list --state down --tag team:shop
  sightline checks validate uptime.yml
  sightline checks import --format kuma backup.json --dry-run
""",
)
app.command(checks)


@checks.default
@checks.command(name="list")
def list_checks(
    *,
    state: Annotated[tuple[str, ...], Parameter(help="Only in this state, such as down; may be repeated.")] = (),
    group: Annotated[tuple[str, ...], Parameter(help="Only of this group; may be repeated.")] = (),
    tag: Annotated[tuple[str, ...], Parameter(help="Only with this tag, as team:shop; may be repeated.")] = (),
    search: Annotated[str | None, Parameter(help="Only with this in name, address or group.")] = None,
    asking: Asking = ASKING,
) -> int:
    """List checks, and how each stands."""
    answer = get(asking, "/api/v1/checks", {"state": state, "group": group, "tag": tag, "search": search})
    found = decoded(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        empty = "No checks. Make one in the web UI, or with `sightline apply -f FILE`."
        printing.show(_COLUMNS, map(_row, found.get("checks", ())), empty)
    return Exit.DONE


@checks.command
def validate(
    *files: Annotated[Path, Parameter(help="Files as `sightline apply` takes them, or folders of such.")],
    asking: Asking = ASKING,
) -> int:
    """Have the server judge files of checks and whatever else is declared; nothing is changed.

    Exit code 1 when something in them cannot be, with the place of everything that is wrong.
    """
    texts = read_files(files)
    found = sent(asking, texts, dry_run=True, prune=False)
    if asking.as_json:
        show_json(found)
    else:
        counts = found["counts"]
        files_ = f"{len(texts)} file{'s' if len(texts) > 1 else ''}"
        print(f"ok: {files_}; {counts['add']} new, {counts['change']} changed")
    return Exit.DONE


@checks.command(name="import")
def import_(
    file: Annotated[Path, Parameter(help="The file.")],
    *,
    format_: Annotated[
        Literal["kuma", "gatus", "blackbox"],
        Parameter(name="--format", help="Uptime Kuma's backup, Gatus' configuration, or blackbox_exporter's modules."),
    ],
    targets: Annotated[
        Path | None,
        Parameter(help="A YAML file with `targets` by module or Prometheus' `scrape_configs`, for blackbox_exporter."),
    ] = None,
    dry_run: Annotated[bool, Parameter(help="Only print what would come of it, as YAML.")] = False,
    asking: Asking = ASKING,
) -> int:
    """Take checks from a file of another program; whatever has no place here is told."""
    from urllib.parse import urlencode

    text = read_bytes(file, _MAX_BYTES)
    if targets is not None:
        text += b"\n" + read_bytes(targets, _MAX_BYTES)
    query = urlencode({"format": format_, "dry_run": str(dry_run).lower()})
    kind = "application/json" if format_ == "kuma" else "application/yaml"
    found = decoded(asking, post(asking, f"/api/v1/checks/import?{query}", text, {"Content-Type": kind}))
    if asking.as_json:
        show_json(found)
        return Exit.DONE
    for one in found["left_out"]:
        say(f"left out: {one}")
    if dry_run:
        print(found["checks"], end="")
    else:
        print(f"{len(found['added'])} checks added, {len(found['skipped'])} were there")
    return Exit.DONE


def _row(check: Mapping[str, Any]) -> tuple[str, ...]:
    status = check["status"]
    reason = str(status.get("reason", ""))
    latency = status.get("latency_ms")
    return (
        str(status["state"]),
        str(check["name"]),
        str(check["type"]),
        str(check["url"]),
        "" if latency is None else f"{latency:.0f} ms",
        printing.moment_text(status.get("last_at")),
        str(status.get("message") or ("" if reason == _SAID else reason)),
    )
