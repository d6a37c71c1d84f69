"""Suspect selectors of an expression: those that match nothing, and those with a matcher that excludes nothing, and why."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from sightline.application.presence import Presence
from sightline.domain.alerts.radar import QUIET, Reason, Suspect, near, of_metric
from sightline.domain.alerts.series import METRICS
from sightline.domain.labels import METRIC_NAME, Matcher, Matchers, MatchOp
from sightline.domain.nearest import nearest
from sightline.domain.promql.format import pretty
from sightline.domain.promql.places import Place, Placed
from sightline.domain.timerange import TimeRange

_NEGATIONS: Final = frozenset({MatchOp.NOT_EQUAL, MatchOp.NOT_MATCHES})


async def suspects_of(
    selectors: Iterable[Placed], presence: Presence, offset: int, recorded: AbstractSet[str]
) -> list[tuple[Placed, Suspect]]:
    """What is found of the selectors of an expression.

    offset: how far in the past it is evaluated, ms. recorded: metrics that rules record, which may yield nothing yet.
    """
    found: list[tuple[Placed, Suspect]] = []
    recent = TimeRange(presence.now - QUIET, presence.now)
    for one in selectors:
        if one.place is Place.ABSENCE:
            continue
        time, names = _looked_at(one, presence.now - offset), of_metric(one.selector.matchers)
        exact = next((each.value for each in names if each.op is MatchOp.EQUAL), "")
        if exact in METRICS or (exact in recorded and not await presence.has(names, time)):
            continue  # these are there while an alert is, or as soon as their rule yields anything
        if await presence.has(one.selector.matchers, time):
            found += [(one, suspect) async for suspect in _idle(presence, one, time)]
        elif await presence.has(one.selector.matchers, recent):
            continue  # an offset leads to before these series began
        else:
            found.append((one, await _empty(presence, one, time)))
    return found


def _looked_at(one: Placed, now: int) -> TimeRange:
    """The samples that a selector may look at now, and a while before."""
    at = 0 if one.is_fixed else now
    return TimeRange(at + one.within.start - QUIET, at + one.within.end)


async def _idle(presence: Presence, one: Placed, time: TimeRange) -> AsyncGenerator[Suspect, None]:
    """Matchers of a selector that matches, which exclude nothing since no series of the metric has their label."""
    matchers = one.selector.matchers
    names = of_metric(matchers)
    for matcher in matchers:
        if matcher.op not in _NEGATIONS or matcher.name == METRIC_NAME or not matcher.matches_empty or not names:
            continue
        if await presence.has((*names, Matcher(matcher.name, MatchOp.NOT_EQUAL, "")), time):
            continue
        close = await _near_labels(presence, matcher, names, time)
        yield Suspect(
            Reason.LABEL_NEVER_PRESENT,
            pretty(one.selector),
            one.place,
            matches=True,
            metric_exists=True,
            matcher=str(matcher),
            nearest=close,
        )


async def _empty(presence: Presence, one: Placed, time: TimeRange) -> Suspect:
    """Why a selector matches nothing, and since when."""
    matchers = one.selector.matchers
    names, last = of_metric(matchers), await presence.last_seen(matchers)
    suspect = partial(Suspect, selector=pretty(one.selector), place=one.place, matches=False, last_seen=last)
    if names and not await presence.has(names, time):
        there = await presence.values(METRIC_NAME, (), TimeRange(presence.now - QUIET, presence.now))
        close = await _near(names[0], there)
        return suspect(Reason.SELECTOR_MATCHES_NOTHING, metric_exists=False, matcher=str(names[0]), nearest=close)
    exists = True if names else None
    blamed = await _blamed(presence, matchers, time)
    if blamed is None:
        return suspect(Reason.SELECTOR_MATCHES_NOTHING, metric_exists=exists)
    others = tuple(each for each in matchers if each is not blamed)
    if blamed.name not in await presence.labels(names, time):
        close = await _near_labels(presence, blamed, names, time)
        return suspect(Reason.LABEL_NEVER_PRESENT, metric_exists=exists, matcher=str(blamed), nearest=close)
    among = others if await presence.has(others, time) else names
    close = await _near(blamed, await presence.values(blamed.name, among, time))
    return suspect(Reason.SELECTOR_MATCHES_NOTHING, metric_exists=exists, matcher=str(blamed), nearest=close)


async def _blamed(presence: Presence, matchers: Matchers, time: TimeRange) -> Matcher | None:
    """The matcher that excludes every series of the metric or, failing that, without which some are left; None without either."""
    names = of_metric(matchers)
    others = [one for one in matchers if one.name != METRIC_NAME]
    for matcher in others:
        if not await presence.has((*names, matcher), time):
            return matcher
    for matcher in others:
        if await presence.has(tuple(one for one in matchers if one is not matcher), time):
            return matcher
    return None


async def _near(matcher: Matcher, there: Sequence[str]) -> tuple[str, ...]:
    return await asyncio.to_thread(near, matcher, there)


async def _near_labels(presence: Presence, matcher: Matcher, names: Matchers, time: TimeRange) -> tuple[str, ...]:
    """Names of labels that somebody may have meant by that of a matcher."""
    there = [one for one in await presence.labels(names, time) if one != METRIC_NAME]
    return await asyncio.to_thread(nearest, matcher.name, there)
