"""`alerts`: what a mapping makes of another program's webhook."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.printing import Column, show_json
from sightline.adapters.inbound.cli.program import AsJson, Ended, Exit, app, read_bytes

if TYPE_CHECKING:
    from sightline.adapters.wire.hooked import Hooked
    from sightline.adapters.wire.webhook_mapping import WebhookMapping
    from sightline.domain.alerts.posted import PostedAlert

MAX_BYTES: Final = 32 << 20
"""Of a file of mappings, or of a body."""

_COLUMNS: Final = (
    Column("Status"),
    Column("Labels", folds=True),
    Column("Annotations", folds=True),
    Column("Starts"),
    Column("Ends"),
)

alerts = App(
    name="alerts",
    help="Try how alerts of other programs come in.",
    help_format="plaintext",
    help_epilogue="""Examples:
  sightline alerts map --file webhooks.yml body.json
  sightline alerts map --file webhooks.yml --name uptime body.json --json
""",
)
app.command(alerts)


@alerts.command(name="map")
def map_(
    body: Annotated[Path, Parameter(help="A body as the program sends it, in JSON.")],
    *,
    file: Annotated[Path, Parameter(help="The file of mappings, as alerts.webhooks_file names it.")],
    name: Annotated[str, Parameter(help="Which mapping [default: the only one].")] = "",
    as_json: AsJson = False,
) -> int:
    """Show the alerts that a body would bring by a mapping; nothing is sent anywhere.

    Exit code 1 when the mapping cannot be used, or the body does not fit it, with the place of what is wrong.
    """
    mapping = _mapping(file, name)
    now = time.time_ns() // 1_000_000
    found = _mapped(body, mapping, now)
    if as_json:
        show_json({**found.counts(now), "alerts": [_as_json(one, now) for one in found.alerts]})
    else:
        printing.show(_COLUMNS, (_row(one, now) for one in found.alerts))
    return Exit.DONE


def _mapping(file: Path, name: str) -> "WebhookMapping":
    from sightline.adapters.wire.webhook_mapping import read_mappings

    read = read_mappings(read_bytes(file, MAX_BYTES))
    if read.problems:
        raise Ended(Exit.REFUSED, "\n".join(f"{file}:{problem}" for problem in read.problems))
    if not name and len(read.mappings) == 1:
        return next(iter(read.mappings.values()))
    known = ", ".join(read.mappings) or "none"
    if name not in read.mappings:
        raise Ended(Exit.USAGE, f"{file} has no mapping {name!a}: give --name one of {known}")
    return read.mappings[name]


def _mapped(body: Path, mapping: "WebhookMapping", now: int) -> "Hooked":
    from sightline.adapters.wire.hooked import Arrival
    from sightline.adapters.wire.webhook_mapping import read_mapped
    from sightline.domain.errors import BadData
    from sightline.domain.tenancy import DEFAULT_TENANT

    try:
        return read_mapped(read_bytes(body, MAX_BYTES), mapping, Arrival(DEFAULT_TENANT, now))
    except BadData as error:
        raise Ended(Exit.REFUSED, f"{body}: {error.message}") from None


def _status(alert: "PostedAlert", now: int) -> str:
    return "resolved" if alert.has_ended(now) else "firing"


def _row(alert: "PostedAlert", now: int) -> tuple[str, ...]:
    from sightline.adapters.wire.instants import instant_text

    pairs = (", ".join(f"{name}={text}" for name, text in texts) for texts in (alert.labels, alert.annotations))
    ends_at = "" if alert.timed or alert.ends_at is None else instant_text(alert.ends_at)
    return (_status(alert, now), *pairs, instant_text(alert.starts_at), ends_at)


def _as_json(alert: "PostedAlert", now: int) -> dict[str, Any]:
    from sightline.adapters.wire.instants import instant_text

    return {
        "status": _status(alert, now),
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": instant_text(alert.starts_at),
        "endsAt": None if alert.timed or alert.ends_at is None else instant_text(alert.ends_at),
        "generatorURL": alert.generator_url,
    }
