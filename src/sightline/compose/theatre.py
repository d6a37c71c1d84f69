"""The pipeline of alerts in memory, where a backtest is played."""

from collections.abc import Callable, Sequence
from typing import Final

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.notification_log import MemoryNotificationLog
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.dispatch import Dispatch
from sightline.application.gather import Gather
from sightline.application.ledger import Ledger
from sightline.application.pretend import Theatre
from sightline.domain.alerts.pipeline.group import LOOK_AGAIN
from sightline.domain.alerts.pipeline.plan import Plan
from sightline.domain.alerts.silence import Silence
from sightline.domain.alerts.silencing import Silencing
from sightline.domain.timerange import MAX_TIME

_UNBOUNDED: Final = 10**9
"""Alerts from outside: there are none."""


def theatre(plan: Plan, silences: Sequence[Silence], at: int) -> Theatre:
    """A pipeline in memory, whose clock stands at an instant, ms."""
    clock = ManualClock(at)
    ledger = Ledger(MemoryNotificationLog())
    silencing = _remembering(silences, clock)
    dispatch = Dispatch(
        Gather(plan, ledger),
        ledger,
        lambda _: silencing().ids,
        clock,
        MemoryTelemetry(),
        max_alerts=_UNBOUNDED,
        look_again=LOOK_AGAIN if silences or plan.mutes else MAX_TIME,
    )
    return Theatre(dispatch, ledger, lambda to: clock.skip(to - clock.now()), clock.now, at)


def _remembering(silences: Sequence[Silence], clock: ManualClock) -> Callable[[], Silencing]:
    """What gives what silences hold now, the same as the last time as long as nothing changes."""
    found: list[Silencing] = []

    def silencing() -> Silencing:
        until = found[0].until if found else 0
        if not found or (until is not None and until <= clock.now()):
            found[:] = [Silencing(silences, clock.now())]
        return found[0]

    return silencing
