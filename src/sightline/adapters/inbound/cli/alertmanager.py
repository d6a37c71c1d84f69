"""`alertmanager`: whether configuration files of Alertmanager can be used, where alerts go by them, what templates make."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.notice_templates import read_files, rendered
from sightline.adapters.inbound.cli.printing import Column, show_json
from sightline.adapters.inbound.cli.program import AsJson, Ended, Exit, app

if TYPE_CHECKING:
    from sightline.domain.alerts.alertmanager import AlertmanagerConfig
    from sightline.domain.alerts.route import Route, RouteDecision
    from sightline.domain.labels import Labels

_ROUTES: Final = (
    Column("Route", folds=True),
    Column("Receiver", folds=True),
    Column("Group by", folds=True),
    Column("Wait", right=True),
    Column("Interval", right=True),
    Column("Repeat", right=True),
    Column("Continue"),
)
_DECISIONS: Final = (
    Column("Route", folds=True),
    Column("Receiver", folds=True),
    Column("Reason", folds=True),
    Column("Not satisfied", folds=True),
)

alertmanager = App(
    name="alertmanager",
    help="Check configuration files of Alertmanager, see where alerts go by them, and try templates.",
    help_format="plaintext",
    help_epilogue="""Examples:
  sightline alertmanager check alertmanager.yml
  sightline alertmanager routes alertmanager.yml
  sightline alertmanager routes alertmanager.yml alertname=DiskFull severity=critical team=db
  sightline alertmanager render --template.glob 'templates/*.tmpl' --template.text '{{ template "slack.default.title" . }}'
""",
)
app.command(alertmanager)


@alertmanager.command
def check(*files: Annotated[Path, Parameter(help="Configuration files of Alertmanager.")]) -> int:
    """Check configuration files of Alertmanager, and the templates that they name, without asking a server.

    Exit code 0 when all can be used, else 1 with every problem, where it stands and how to mend it.
    """
    if not files:
        raise Ended(Exit.USAGE, "name the files, as `sightline alertmanager check alertmanager.yml`")
    for file, config in _read(files):
        print(
            f"ok: {file}: {sum(1 for _ in config.route.walk())} routes, {len(config.receivers)} receivers,"
            f" {len(config.inhibit_rules)} inhibition rules, {len(config.time_intervals)} time intervals"
        )
    return Exit.DONE


@alertmanager.command
def render(
    *,
    text: Annotated[str, Parameter(name="--template.text", help="The template.", allow_leading_hyphen=True)],
    globs: Annotated[
        tuple[str, ...],
        Parameter(
            name="--template.glob",
            negative=(),
            consume_multiple=False,
            help="Files with definitions, or a pattern of such in quotes; may be repeated.",
        ),
    ] = (),
    kind: Annotated[Literal["text", "html"], Parameter(name="--template.type", help="What it writes.")] = "text",
    data: Annotated[
        Path | None,
        Parameter(
            name="--template.data", help="Data of a notification in JSON, as Alertmanager has it [default: a sample]."
        ),
    ] = None,
) -> int:
    """Fill a template of notices, as `amtool template render` does; the templates of the program itself are there too.

    Exit code 1 when a file cannot be used or the template cannot be filled, with what is wrong and where.
    """
    sys.stdout.write(rendered(globs, text, data=data, as_html=kind == "html"))
    return Exit.DONE


@alertmanager.command
def routes(
    file: Annotated[Path, Parameter(help="A configuration file of Alertmanager.")],
    *labels: Annotated[str, Parameter(help="The labels of an alert, as name=value.")],
    as_json: AsJson = False,
) -> int:
    """List the routes of a file or, for the labels of an alert, what becomes of it at each, and why.

    It is told by the routes that are `taken`, in this order. Silences, inhibition and times do not count here.
    """
    alert = _alert(labels)
    ((_, config),) = _read((file,))
    if not alert:
        _show_routes(config.route, as_json=as_json)
        return Exit.DONE
    decisions = tuple(config.route.decide(alert))
    if as_json:
        receivers = [route.receiver for route in config.route.taken(alert)]
        keys = ("route", "receiver", "reason", "not_satisfied")
        found = [dict(zip(keys, _decision(one), strict=True)) for one in decisions]
        show_json({"receivers": receivers, "routes": found})
    else:
        printing.show(_DECISIONS, map(_decision, decisions))
    return Exit.DONE


def _read(files: Sequence[Path]) -> list[tuple[Path, "AlertmanagerConfig"]]:
    """What files say, all of which can be used."""
    from sightline.adapters.wire.alertmanager_file import read_alertmanager

    found: list[tuple[Path, AlertmanagerConfig]] = []
    problems: list[str] = []
    for file in files:
        try:
            read = read_alertmanager(file.read_bytes())
        except OSError as error:
            raise Ended(Exit.USAGE, f"{file} cannot be read: {error.strerror}") from None
        problems += (f"{file}:{problem}" for problem in read.problems)
        if read.config is not None:
            problems += read_files(read.config.templates, file.parent).problems
            found.append((file, read.config))
    if problems:
        raise Ended(Exit.REFUSED, "\n".join(problems))
    return found


def _alert(texts: Sequence[str]) -> "Labels":
    """The labels that are written."""
    from sightline.domain.labels import Labels

    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise Ended(Exit.USAGE, f"{text!a} is no label: write it as name=value")
        if name in found:
            raise Ended(Exit.USAGE, f"the label {name!a} is given twice")
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise Ended(Exit.USAGE, f"{text!a} is no UTF-8")
        found[name] = value
    return Labels.of(found)


def _show_routes(root: "Route", *, as_json: bool) -> None:
    if as_json:
        show_json([_as_json(route) for route in root.walk()])
    else:
        printing.show(_ROUTES, map(_row, root.walk()))


def _row(route: "Route") -> tuple[str, ...]:
    from sightline.domain.timerange import format_duration

    return (
        route.id,
        route.receiver,
        ", ".join(route.group_by),
        *map(format_duration, (route.group_wait, route.group_interval, route.repeat_interval)),
        "yes" if route.continues else "",
    )


def _as_json(route: "Route") -> dict[str, Any]:
    return {
        "route": route.id,
        "receiver": route.receiver,
        "group_by": list(route.group_by),
        "group_wait_ms": route.group_wait,
        "group_interval_ms": route.group_interval,
        "repeat_interval_ms": route.repeat_interval,
        "continue": route.continues,
        "mute_time_intervals": list(route.mute_time_intervals),
        "active_time_intervals": list(route.active_time_intervals),
    }


def _decision(one: "RouteDecision") -> tuple[str, ...]:
    from sightline.domain.alerts.matchers import matcher_text

    failed = "" if one.failed is None else matcher_text(one.failed)
    return (one.route.id, one.route.receiver, one.reason, failed)
