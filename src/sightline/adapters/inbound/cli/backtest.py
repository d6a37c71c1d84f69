"""`rules backtest`: what alert rules would have done over a past time, and who would have been told."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.asking import ASKING, Asking, decoded, post
from sightline.adapters.inbound.cli.printing import Column, show_json
from sightline.adapters.inbound.cli.program import Ended, Exit, say
from sightline.adapters.inbound.cli.rules import read_groups, rules

if TYPE_CHECKING:
    from sightline.domain.alerts.group import RuleGroup
    from sightline.domain.alerts.rule import AlertingRule

PATH: Final = "/api/v1/backtest/alert-rule"
UNNAMED: Final = "Backtest"
"""What the alerts of an expression are called."""
_FIRINGS: Final = (
    Column("Alert", folds=True),
    Column("From"),
    Column("To"),
    Column("Fired", right=True),
    Column("Told", folds=True),
)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule that is in no file yet."""

    expr: Annotated[
        str | None,
        Parameter(help="PromQL, in place of files: fires where it has an element.", allow_leading_hyphen=True),
    ] = None
    for_: Annotated[str, Parameter(name="--for", help="How long it must hold, with --expr.")] = ""
    keep_firing_for: Annotated[str, Parameter(help="How long alerts go on firing after that, with --expr.")] = ""
    label: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            consume_multiple=False,
            help="Label of its alerts, as severity=page, with --expr; may be repeated.",
        ),
    ] = ()


NOTHING_WANTED: Final = Wanted()


@rules.command(
    help_epilogue="""Examples:
  sightline rules backtest rules/shop.yml
  sightline rules backtest rules/shop.yml --rule TooManyErrors --since 30d
  sightline rules backtest --expr 'up == 0' --for 5m --since 7d --alertmanager-config alertmanager.yml
"""
)
def backtest(
    *files: Annotated[Path, Parameter(help="Rule files in Prometheus' format, whose alert rules are replayed.")],
    wanted: Wanted = NOTHING_WANTED,
    rule: Annotated[
        tuple[str, ...],
        Parameter(negative=(), consume_multiple=False, help="Only alerts of this name; may be repeated."),
    ] = (),
    since: Annotated[str, Parameter(help="How far back to go.")] = "7d",
    end: Annotated[
        str, Parameter(help="Until when: -1d, seconds since 1970 or RFC 3339.", allow_leading_hyphen=True)
    ] = "now",
    interval: Annotated[
        str | None, Parameter(help="Time between two evaluations [default: the group's interval, or 1m].")
    ] = None,
    alertmanager_config: Annotated[
        Path | None,
        Parameter(help="Alertmanager's configuration file, which says who is told [default: what the server goes by]."),
    ] = None,
    asking: Asking = ASKING,
) -> int:
    """Replay alert rules over what the server has stored: when they would have fired, and who would have been told.

    Nothing is stored and nobody is told. Silences of the server count as they were.
    """
    if (wanted.expr is None) == (not files):
        raise Ended(
            Exit.USAGE,
            "name rule files, or give an expression with --expr, as `sightline rules backtest --expr 'up == 0'`",
        )
    if wanted.expr is None and wanted != NOTHING_WANTED:
        raise Ended(Exit.USAGE, "--for, --keep-firing-for and --label go with --expr: files say them themselves")
    from sightline.adapters.inbound.cli import times

    shared = _range(since, end)
    if alertmanager_config is not None:
        shared["alertmanager_config"] = _text(alertmanager_config)
    if wanted.expr is not None:
        asked = [{"rule": _wanted(wanted), "interval": interval or "", **shared}]
    else:
        groups = read_groups(files, times.interval("--interval", interval))
        asked = [{**one, **shared} for one in _of_files(groups, rule)]
    found = []
    for one in asked:
        answer = post(asking, PATH, json.dumps(one).encode(), {"Content-Type": "application/json"})
        found.append(decoded(asking, answer))
        if not asking.as_json:
            _show(found[-1], is_one=len(asked) == 1)
    if asking.as_json:
        show_json(found[0] if len(found) == 1 else found)
    return Exit.DONE


def _range(since: str, end: str) -> dict[str, Any]:
    from sightline.adapters.inbound.cli import times

    last, length = times.instant("--end", end, time.time()), times.duration("--since", since)
    if length <= 0:
        raise Ended(Exit.USAGE, f"--since {since} must be longer than nothing")
    return {"start": round(last - length, 3), "end": round(last, 3)}


def _wanted(wanted: Wanted) -> dict[str, Any]:
    """The rule that flags describe, in Prometheus' words."""
    return {
        "alert": UNNAMED,
        "expr": wanted.expr,
        "for": wanted.for_,
        "keep_firing_for": wanted.keep_firing_for,
        "labels": _labels(wanted.label),
    }


def _labels(texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise Ended(Exit.USAGE, f"--label {text!a} is no label: write it as name=value")
        found[name] = value
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Ended(Exit.USAGE, f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Ended(Exit.USAGE, f"{file} is not UTF-8") from None


def _of_files(groups: Sequence["RuleGroup"], names: Sequence[str]) -> list[dict[str, Any]]:
    """What is asked for each alert rule of files that is meant."""
    from sightline.domain.alerts.rule import AlertingRule
    from sightline.domain.timerange import format_duration

    found: list[dict[str, Any]] = []
    for group in groups:
        for one in group.rules:
            if isinstance(one, AlertingRule) and (not names or one.name in names):
                about = {"interval": format_duration(group.interval), "limit": group.limit}
                found.append({"rule": _written(one), **about, "query_offset": format_duration(group.query_offset)})
    if not found:
        raise Ended(Exit.USAGE, "no alert rule is meant: look at the files and --rule")
    for name in sorted({name for group in groups for name in group.writes}):
        reading = [one["rule"]["alert"] for one in found if _reads(one["rule"]["expr"], name)]
        if reading:
            say(
                f"warning: {', '.join(reading)} may read {name}, which a recording rule of these files writes: what is stored of it"
                " counts; `sightline rules backfill` works out what is not"
            )
    return found


def _reads(expr: str, metric: str) -> bool:
    from sightline.domain.promql.inputs import inputs
    from sightline.domain.promql.parse import parse

    return inputs(parse(expr)).reads({metric})


def _written(one: "AlertingRule") -> dict[str, Any]:
    from sightline.domain.timerange import format_duration

    return {
        "alert": one.name,
        "expr": one.expr,
        "for": format_duration(one.for_ms),
        "keep_firing_for": format_duration(one.keep_firing_ms),
        "labels": dict(one.labels),
        "annotations": dict(one.annotations),
    }


def _show(found: Mapping[str, Any], *, is_one: bool) -> None:
    """A table of firings, and in a line who would have been told."""
    if not is_one and printing.on_terminal():
        print(found["rule"])
    rows = list(_firings(found))
    if rows or printing.on_terminal():
        printing.show(_FIRINGS, rows, "It would not have fired.")
    print(_summary(found) if is_one else f"{found['rule']}: {_summary(found)}")


def _firings(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    told: dict[str, list[Mapping[str, Any]]] = {}
    for one in found["notifications"]:
        for labels in one["firing"]:
            told.setdefault(_name(labels), []).append(one)
    firings = [
        (each["start"], each["end"], _name(alert["labels"]))
        for alert in found["alerts"]
        for each in alert["stretches"]
        if each["state"] == "firing"
    ]
    for start, end, name in sorted(firings, key=lambda one: (one[0], one[2])):
        its = [one for one in told.get(name, ()) if start <= one["at"] and (end is None or one["at"] < end)]
        who = dict.fromkeys(_who(one["receiver"], one["kinds"]) for one in its)
        lasted = _lasted(start, found["end"] if end is None else end)
        yield (name, _shown(start), "still firing" if end is None else _shown(end), lasted, ", ".join(who) or "nobody")


def _name(labels: Mapping[str, str]) -> str:
    from sightline.domain.labels import Labels

    return str(Labels.of(labels))


def _shown(at: str) -> str:
    return at[:19].replace("T", " ") + "Z"


def _lasted(start: str, end: str) -> str:
    from datetime import datetime

    from sightline.domain.timerange import format_duration

    return format_duration(round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()) * 1000)


def _who(receiver: str, kinds: Sequence[str]) -> str:
    return f"{receiver} ({', '.join(kinds)})"


def _summary(found: Mapping[str, Any]) -> str:
    from datetime import datetime

    from sightline.domain.timerange import DAY, format_duration

    start, end = datetime.fromisoformat(found["start"]), datetime.fromisoformat(found["end"])
    length = round((end - start).total_seconds()) * 1000
    days = length / DAY
    spent = f"{days:g} days" if days == int(days) and days > 1 else format_duration(length)
    reasons = Counter(str(one["reason"]).replace("_", " ") for one in found["held"])
    kept = f"; held back: {', '.join(f'{number} {reason}' for reason, number in reasons.items())}" if reasons else ""
    if not found["notificationCount"]:
        return f"would have notified nobody in {spent}{kept}"
    each = ", ".join(f"{one['notifications']} to {_who(one['receiver'], one['kinds'])}" for one in found["counts"])
    times = "once" if found["notificationCount"] == 1 else f"{found['notificationCount']} times"
    return f"would have notified {times} in {spent}: {each}{kept}"
