"""`rules`: what is recorded and watched for, and the history of recording rules."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.asking import ASKING, Asking, data, get
from sightline.adapters.inbound.cli.printing import Column, show_json, time_text
from sightline.adapters.inbound.cli.program import Ended, Exit, app, say
from sightline.adapters.network.statuses import is_success

if TYPE_CHECKING:
    from sightline.adapters.inbound.cli.backfill import Backfill, Progress, Stretch
    from sightline.domain.alerts.group import RuleGroup

_RULES: Final = (
    Column("Group", folds=True),
    Column("Rule", folds=True),
    Column("Kind"),
    Column("Health"),
    Column("State"),
    Column("Last evaluation"),
    Column("Took", right=True),
    Column("Error", folds=True),
)
_FOUND: Final = (
    Column("Group", folds=True),
    Column("Rule", folds=True),
    Column("Found"),
    Column("What", folds=True),
)
_PLAN: Final = (
    Column("Group", folds=True),
    Column("Rule", folds=True),
    Column("From"),
    Column("To"),
    Column("Instants", right=True),
)
_DONE: Final = (
    Column("Group", folds=True),
    Column("Rule", folds=True),
    Column("Samples", right=True),
    Column("Ends", right=True),
    Column("Failed", right=True),
    Column("Error", folds=True),
)
TOLD_AFTER: Final = 2.0
TOLD_EVERY: Final = 10.0
TOLD_EVERY_ON_TERMINAL: Final = 0.5

rules = App(
    name="rules",
    help="List rules and how they are doing, check, test and replay them, find those that watch nothing, or fill in their history.",
    help_format="plaintext",
    help_epilogue="""Examples:
  sightline rules
  sightline rules check rules/*.yml
  sightline rules test tests/*.yml
  sightline rules backtest rules/shop.yml --since 7d
  sightline rules radar
  sightline rules backfill rules/shop.yml --start -30d
""",
)
app.command(rules)

Files = Annotated[Path, Parameter(help="Rule files in Prometheus' format.")]


@rules.default
def list_rules(*, asking: Asking = ASKING) -> int:
    """List the rules of files and of the program itself, and how they are doing."""
    answer = get(asking, "/api/v1/rules", {"exclude_alerts": "true"})
    found = data(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        rows = (_rule(group, rule) for group in found.get("groups", ()) for rule in group.get("rules", ()))
        printing.show(_RULES, rows, "No rules. Give files with `sightline serve --rules 'rules/*.yml'`.")
    return Exit.DONE


@rules.command
def check(*files: Files) -> int:
    """Check rule files as the server would read them, without asking it.

    Exit code 0 when they can be used, else 1 with every problem, where it stands and how to mend it. Templates that cannot be
    filled are warnings, for alerts are told all the same.
    """
    groups = read_groups(files, None)
    for warning in template_warnings(groups):
        say(f"warning: {warning}")
    print(f"ok: {len(groups)} groups, {sum(len(group.rules) for group in groups)} rules")
    return Exit.DONE


@rules.command(
    help_epilogue="""Examples:
  sightline rules radar
  sightline rules radar --window 14d
  sightline rules radar | awk -F'\\t' '$3 == "selector_matches_nothing"'
"""
)
def radar(
    *,
    window: Annotated[
        str | None, Parameter(help="The time in which firing is looked at [default: rules.radar_window].")
    ] = None,
    asking: Asking = ASKING,
) -> int:
    """List rules that watch nothing, because their series are not there, and those that never fired, always fired or flap.

    Exit code 0 whatever is found.
    """
    answer = get(asking, "/api/v1/radar", {"window": window})
    found = data(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        rows = (row for rule in found.get("found", ()) for row in _findings(rule))
        printing.show(_FOUND, rows, f"Nothing was found of {found.get('looked', 0)} rules.")
    return Exit.DONE


def _findings(rule: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    group, name = str(rule.get("group", "")), str(rule.get("name", ""))
    if problem := str(rule.get("problem", "")):
        yield group, name, "not looked at", problem
    for finding in rule.get("findings", ()):
        yield group, name, str(finding.get("reason", "")), str(finding.get("message", ""))


@rules.command(
    help_epilogue="""Examples:
  sightline rules backfill rules/shop.yml --start -30d
  sightline rules backfill rules/*.yml --start 2026-01-01T00:00:00Z --end 2026-02-01T00:00:00Z --dry-run
  sightline rules backfill rules/shop.yml --start -1y --rule job:http_requests:rate5m --step 5m
"""
)
def backfill(
    *files: Files,
    start: Annotated[str, Parameter(help="Begin: -30d, seconds since 1970 or RFC 3339.", allow_leading_hyphen=True)],
    end: Annotated[str, Parameter(help="End, written likewise.", allow_leading_hyphen=True)] = "now",
    step: Annotated[
        str | None, Parameter(help="Time between two samples [default: the group's interval, or 1m].")
    ] = None,
    group: Annotated[tuple[str, ...], Parameter(help="Only groups of this name; may be repeated.")] = (),
    rule: Annotated[tuple[str, ...], Parameter(help="Only rules that record this metric; may be repeated.")] = (),
    dry_run: Annotated[bool, Parameter(help="Say what would be done, and do nothing.")] = False,
    asking: Asking = ASKING,
) -> int:
    """Work out recording rules over history and store what they would have recorded, the ends of series too.

    It may be stopped at any time, and run again: the result is the same. Groups are taken in the order in which they need each
    other.
    """
    from sightline.adapters.inbound.cli import times
    from sightline.adapters.inbound.cli.backfill import Backfill, stretches

    now = time.time()
    begin, until = (round(1000 * times.instant(flag, text, now)) for flag, text in (("--start", start), ("--end", end)))
    if until < begin:
        raise Ended(Exit.USAGE, f"--end {end} lies before --start {start}")
    groups = [one for one in read_groups(files, times.interval("--step", step)) if not group or one.name in group]
    planned = list(stretches(_ordered(groups, rule), begin, min(until, round(1000 * now))))
    if not planned:
        raise Ended(Exit.USAGE, "no recording rule is meant: look at the files, --group and --rule")
    if dry_run:
        _show_plan(asking, planned)
        return Exit.DONE
    _require_kept(asking, min(one.first for one in planned), now)
    work = Backfill(asking, _Telling(planned), time.sleep)
    try:
        for one in planned:
            work.run(one)
    except KeyboardInterrupt:
        say("stopped; run the same again to go on, the result is the same")
        return Exit.REFUSED
    _show_done(asking, work)
    return Exit.DONE


class _Telling:
    """Tells on standard error how far it is, from two seconds after the beginning."""

    def __init__(self, planned: Sequence["Stretch"]) -> None:
        self._all = sum(one.count for one in planned)
        self._done = 0
        self._stretch: Stretch | None = None
        self._began = time.monotonic()
        self._told = -TOLD_EVERY
        self._every = TOLD_EVERY_ON_TERMINAL if printing.on_terminal() else TOLD_EVERY

    def __call__(self, stretch: "Stretch", reached: int) -> None:
        if self._stretch is not None and self._stretch is not stretch:
            self._done += self._stretch.count
        self._stretch = stretch
        now = time.monotonic()
        since = now - self._began
        if since < TOLD_AFTER or since - self._told < self._every:
            return
        self._told = since
        done = self._done + (reached - stretch.first) // stretch.group.interval + 1
        say(f"{100 * done // max(1, self._all)} %: group {stretch.group.name!r} up to {time_text(reached / 1000)}")


def read_groups(files: Sequence[Path], step: float | None) -> list["RuleGroup"]:
    """The groups of files, all of which can be used. step: seconds between two evaluations, None as the groups say.

    Raises:
        Ended: one of them cannot; with every problem.
    """
    from sightline.adapters.wire.rule_file import read_rules
    from sightline.domain.alerts.group import Defaults

    if not files:
        raise Ended(Exit.USAGE, "name the rule files, as `sightline rules backfill rules/*.yml`")
    found: list[RuleGroup] = []
    problems: list[str] = []
    for file in files:
        try:
            read = read_rules(file.read_bytes(), str(file), Defaults())
        except OSError as error:
            raise Ended(Exit.USAGE, f"{file} cannot be read: {error.strerror}") from None
        problems += (f"{file}:{problem}" for problem in read.problems)
        found += read.groups
    if problems:
        raise Ended(Exit.REFUSED, "\n".join(problems))
    return [replace(one, interval=round(1000 * step)) for one in found] if step else found


def template_warnings(groups: Iterable["RuleGroup"]) -> Iterator[str]:
    """What is wrong with the templates of alerting rules, by file and rule."""
    from sightline.domain.alerts.rule import AlertingRule

    for group in groups:
        for rule in group.rules:
            if isinstance(rule, AlertingRule):
                yield from (f"{group.file}: alert {rule.name}: {warning}" for warning in rule.warnings())


def _ordered(groups: Sequence["RuleGroup"], names: Sequence[str]) -> list["RuleGroup"]:
    """The groups with the rules that are meant, in an order in which the history of each follows from those before.

    Raises:
        Ended: there is no such order, because a rule reads what itself or a later one wrote.
    """
    from sightline.domain.alerts.group import in_order
    from sightline.domain.errors import BadData
    from sightline.domain.promql.recording import RecordingRule

    meant = []
    for group in groups:
        rules = [one for one in group.rules if isinstance(one, RecordingRule) and (not names or one.record in names)]
        one = replace(group, rules=tuple(rules))
        if back := one.looking_back():
            raise Ended(
                Exit.REFUSED,
                f"group {group.name!r}: {', '.join(back)} may read what it or a later rule wrote, so that a second run would give"
                " something else; name others with --rule",
            )
        meant.append(one)
    try:
        return in_order(meant)
    except BadData as error:
        raise Ended(Exit.REFUSED, f"{error.message}; name some of them with --group") from None


def _require_kept(asking: Asking, first: int, now: float) -> None:
    """Refuse history that the server does not keep, where it says how long it does."""
    from sightline.domain.errors import BadData
    from sightline.domain.timerange import parse_duration

    answer = get(asking, "/api/v1/status/runtimeinfo")
    if not is_success(answer.status):
        return
    kept = str(data(asking, answer).get("storageRetention", "")).partition(" ")[0]
    try:
        oldest = now - parse_duration(kept) / 1000
    except BadData:
        return
    if first / 1000 < oldest:
        raise Ended(
            Exit.REFUSED,
            f"the server keeps {kept} of history (`retention`), since {time_text(oldest)}: give a later --start, or raise"
            " `retention` and start the server again",
        )


def _show_plan(asking: Asking, planned: Sequence["Stretch"]) -> None:
    rows = [
        (one.group.name, rule.record, _time(one.first), _time(one.last), str(one.count))
        for one in planned
        for rule in one.rules
    ]
    if asking.as_json:
        show_json([dict(zip(("group", "rule", "from", "to", "instants"), row, strict=True)) for row in rows])
    else:
        printing.show(_PLAN, rows)


def _show_done(asking: Asking, work: "Backfill") -> None:
    if asking.as_json:
        show_json(
            [
                {
                    "group": one.group.name,
                    "rule": one.rule.record,
                    "samples": one.samples,
                    "ends": one.markers,
                    "failed": one.failures,
                    "error": one.problem,
                }
                for one in work.progress
            ]
        )
    else:
        printing.show(_DONE, _done(work.progress))


def _done(progress: Sequence["Progress"]) -> Iterator[tuple[str, ...]]:
    for one in progress:
        yield (
            one.group.name,
            one.rule.record,
            str(one.samples),
            str(one.markers),
            str(one.failures),
            one.problem,
        )


def _time(milliseconds: int) -> str:
    return time_text(milliseconds / 1000)


def _rule(group: Mapping[str, Any], rule: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(group.get("name", "")),
        str(rule.get("name", "")),
        str(rule.get("type", "")),
        str(rule.get("health", "")),
        str(rule.get("state", "")),
        printing.moment_text(rule.get("lastEvaluation")),
        f"{float(rule.get('evaluationTime', 0)):.3f} s",
        str(rule.get("lastError", "")),
    )
