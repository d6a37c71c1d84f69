"""Reading again what may change while the program runs."""

import pytest

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.prometheus_client.telemetry import PrometheusTelemetry
from sightline.application.reload import SUCCEEDED_AT, SUCCESSFUL, Reload, Reloaded, each_of
from sightline.domain.errors import BadData, SettingsInvalid

START = 1_790_000_000_000


class Rules:
    """Something that is read again, and may be broken."""

    def __init__(self) -> None:
        self.problem = ""
        self.read = 0

    async def reload(self) -> None:
        """Read again."""
        if self.problem:
            raise BadData(self.problem)
        self.read += 1


def gauges(telemetry: PrometheusTelemetry) -> dict[str, float]:
    """What is told of it."""
    names = {SUCCESSFUL.name, SUCCEEDED_AT.name}
    return {point.name: point.value for one in telemetry.families() for point in one.points if point.name in names}


async def test_how_it_went_is_remembered() -> None:
    """The start counts as a success; a failure is raised, remembered and told, until it goes well again."""
    clock, telemetry, rules = ManualClock(START), PrometheusTelemetry(), Rules()
    reload = Reload(rules.reload, clock, telemetry)
    assert reload.last == Reloaded(START)
    clock.jump(1_000)
    rules.problem = "no groups"
    with pytest.raises(BadData, match="no groups"):
        await reload()
    assert reload.last == Reloaded(START + 1_000, "no groups")
    assert gauges(telemetry) == {SUCCESSFUL.name: 0.0, SUCCEEDED_AT.name: START / 1000}
    rules.problem = ""
    await reload()
    assert (reload.last, rules.read) == (Reloaded(START + 1_000), 1)
    assert gauges(telemetry) == {SUCCESSFUL.name: 1.0, SUCCEEDED_AT.name: (START + 1_000) / 1000}


class Broken:
    """Something that cannot be read, for a reason."""

    def __init__(self, problem: str) -> None:
        self.problem = problem

    async def reload(self) -> None:
        """Fail to read again."""
        raise SettingsInvalid(self.problem)


async def test_what_cannot_be_used_keeps_nothing_else_from_being_read() -> None:
    """Routes that are wrong hold up no rules, and all that is wrong is told at once."""
    rules = Rules()
    with pytest.raises(SettingsInvalid) as raised:
        await each_of(Broken("no such receiver").reload, rules.reload, Broken("no groups").reload)()
    assert (raised.value.message, rules.read) == ("no such receiver\nno groups", 1)
    await each_of(rules.reload)()
    assert rules.read == 2
