"""A whole location in process: what fails there for its own fault."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from time import monotonic
from typing import Final

import pytest
from tests.adapters.http.stage import Stage
from typing_extensions import override

from sightline.compose.probe import Remote, start_probe
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.options import Http
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL
from sightline.ports.prober import Attempt, Prober
from sightline.settings.schema import Settings

pytestmark = pytest.mark.anyio

Door = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]
FREEZING: Final = "http://freezing.test/"
REFUSING: Final = "http://refusing.test/"
WELL: Final = "http://well.test/"
STILL: Final = 0.6
"""Seconds that nothing else runs: longer than two measurements of that are apart."""


class Troubled(Prober):
    """Has the whole process stand still for one address, is refused by another, and well received by the rest."""

    @property
    @override
    def kinds(self) -> frozenset[str]:
        return frozenset({"http"})

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        if attempt.definition.url == REFUSING:
            return Outcome(reason=Reason.REFUSED, message="nobody listens there", seconds=0.01)
        if attempt.definition.url == WELL:
            return Outcome(status=200, seconds=0.01)
        begun = monotonic()
        while monotonic() < begun + STILL:
            pass
        for _ in range(3):  # a time-out takes the loop a few turns to tell of
            await asyncio.sleep(0)
        return Outcome(reason=Reason.TIMED_OUT, message="no answer", seconds=STILL)


async def _open(_: AsyncExitStack) -> Mapping[str, Prober]:
    return {"http": Troubled()}


async def test_a_location_tells_its_own_faults_from_those_of_others(door: Door, stage: Stage) -> None:
    """A time-out while it stood still, and a failure while it reaches no reference, are said to be that; successes count."""
    urls = (FREEZING, REFUSING, WELL)
    checks = [
        Check(number, Definition(name=url, url=url, options=Http(), interval=1_000), 1, 2)
        for number, url in enumerate(urls, 1)
    ]
    stage.followed.replace([(DEFAULT_TENANT, one, Judge.of(one.definition)) for one in checks])
    _, key = await stage.delegate.add(LOCAL, "oslo")
    async with door() as (host, port), AsyncExitStack() as stack:
        await stack.enter_async_context(
            start_probe(Settings(), Remote(f"http://{host}:{port}", key, "oslo"), _open),
        )
        await _told_of(stage, len(checks))
    found = {one.check: one.reason for _, one in stage.results}
    assert found == {1: Reason.STALLED, 2: Reason.CUT_OFF, 3: Reason.OK}
    status = await stage.delegate.one(LOCAL, "oslo")
    assert status.heard is not None
    assert status.heard.bearing.is_cut_off
    traces = {one.trace_id for _, one in stage.results}
    assert all([await stage.spans.trace(DEFAULT_TENANT, trace) for trace in traces])


async def _told_of(stage: Stage, checks: int) -> None:
    """Once so many checks were heard of."""
    async with asyncio.timeout(30):
        while len({one.check for _, one in stage.results}) < checks:
            await stage.results_came.wait()
            stage.results_came.clear()
