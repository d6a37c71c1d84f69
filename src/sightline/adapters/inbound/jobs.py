"""What the ticker runs, with what goes wrong told in the log once, not at every tick."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from sightline.application.collect import Collect
from sightline.application.delete import Delete
from sightline.application.deliver import Deliver
from sightline.application.dispatch import Dispatch
from sightline.application.evaluate import Evaluate
from sightline.application.flush import Flush
from sightline.application.mail import MailReports
from sightline.application.radar import Radar
from sightline.application.record import Record
from sightline.domain.alerts.notice import Alert
from sightline.domain.alerts.radar import Reason
from sightline.domain.breaker import BreakerState
from sightline.domain.errors import SightlineError
from sightline.domain.tenancy import LOCAL
from sightline.ports.clock import Clock
from sightline.ports.source import Source

_log = structlog.get_logger("sightline.jobs")

Job = Callable[[], Awaitable[None]]

MOST_TOLD: Final = 50
"""Findings about rules that one look writes into the log; all are told by GET /api/v1/radar."""


def collecting(collect: Collect, source: Source) -> Job:
    """Collect from one source."""
    last = "ok"

    async def job() -> None:
        nonlocal last
        ended = await collect.run_once(source)
        if ended.outcome not in {last, "ok"}:
            _log.warning("a source gave nothing", source=source.name, code=ended.outcome, reason=ended.message)
        elif ended.outcome != last:
            _log.info("the source is back", source=source.name)
        last = ended.outcome

    return job


def evaluating(evaluate: Evaluate, record: Record) -> Job:
    """Evaluate all alert rules, and write what their alerts do as series."""

    async def job() -> None:
        report = await evaluate.run_once()
        for failed in report.new:
            _log.warning("an alert rule fails", rule=failed.name, code=failed.code, reason=failed.problem)
        await record(report.alerts, report.at)

    return job


def recording(alerts: Callable[[], Sequence[Alert]], record: Record, clock: Clock) -> Job:
    """Write what alerts do that no rule makes as series."""

    async def job() -> None:
        await record(alerts(), clock.now())

    return job


def looking(radar: Radar, clock: Clock, every: float) -> Job:
    """Look for rules that watch nothing once in so many seconds, however often it is run, and tell what is new."""
    last: float | None = None

    async def job() -> None:
        nonlocal last
        now = clock.monotonic()
        if last is not None and now - last < every:
            return
        news = await radar.look_again(LOCAL)
        last = now
        for rule, finding in news.findings[:MOST_TOLD]:
            tell = _log.info if finding.reason is Reason.NEVER_FIRED else _log.warning
            said = {"file": rule.file, "group": rule.group} if rule.file else {}
            tell("a rule needs a look", rule=rule.name, **said, reason=finding.reason.value, found=finding.message)
        if len(news.findings) > MOST_TOLD:
            more = len(news.findings) - MOST_TOLD
            _log.warning("more rules need a look: `sightline rules radar` lists all", findings=more)
        if news.sweep.is_partial:
            looked, rules = len(news.sweep.judged), news.sweep.rules
            _log.warning("not all rules were looked at: raise rules.radar_timeout", looked=looked, rules=rules)

    return job


def mailing(mail: MailReports) -> Job:
    """Mail the report that is due. What keeps it from being mailed is told once, and it is tried again."""
    last = ""

    async def job() -> None:
        nonlocal last
        try:
            was_mailed = await mail.run_once()
        except SightlineError as error:
            if error.message != last:
                _log.warning("the report could not be mailed; it is tried again", reason=error.message)
            last = error.message
        else:
            last = ""
            if was_mailed:
                _log.info("the report was mailed")

    return job


def cleaning(delete: Delete) -> Job:
    """Give up some of the room that deleted samples take; while the store is away there is time."""

    async def job() -> None:
        try:
            await delete.clean_some()
        except SightlineError as error:
            _log.warning("what was deleted could not be cleaned up; it is tried again", reason=error.message)

    return job


def flushing(flush: Flush) -> Job:
    """Bring what is due to the store."""
    last = BreakerState.CLOSED

    async def job() -> None:
        nonlocal last
        await flush.run_once()
        if flush.breaker is BreakerState.OPEN and last is not BreakerState.OPEN:
            _log.error("the store does not take samples; they wait in the write-ahead log", reason=flush.problem)
        elif flush.breaker is BreakerState.CLOSED and last is not BreakerState.CLOSED:
            _log.info("the store takes samples again")
        last = flush.breaker

    return job


def telling(dispatch: Dispatch, deliver: Deliver) -> Job:
    """Find out what is to be told of alerts, and tell it."""
    delivered = delivering(deliver)

    async def job() -> None:
        try:
            await dispatch.run_once()
        finally:  # what was owed before is told all the same
            await delivered()

    return job


def delivering(deliver: Deliver) -> Job:
    """Tell channels of what they are owed."""
    last: dict[str, str] = {}

    async def job() -> None:
        try:
            await deliver.run_once()
        finally:
            for status in deliver.channels():
                key, problem, before = status.channel.key, status.problem, last.get(status.channel.key, "")
                if problem and problem != before:
                    _log.warning("a notice was not delivered and stays owed", channel=key, reason=problem)
                elif before and not problem:
                    _log.info("the channel takes notices again", channel=key)
                last[key] = problem

    return job
