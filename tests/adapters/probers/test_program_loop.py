"""Probes on the event loop that the program runs on, uvloop's, which differs from asyncio's in its clock and its sockets."""

import asyncio
from typing import Any

import pytest
from tests.adapters.probers.dialled import KINDS
from tests.adapters.probers.far_ends import hanging
from tests.adapters.probers.peers import ENOUGH, SHORT

from sightline.adapters.network.guard import Policy
from sightline.domain.probes.outcome import Reason
from sightline.ports.prober import Attempt

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """As the program has it."""
    return "asyncio", {"use_uvloop": True}


@pytest.mark.parametrize("name", KINDS)
async def test_phases_are_finer_than_milliseconds(name: str) -> None:
    """A probe that is over at once took some time all the same."""
    open_, write, well = KINDS[name]
    async with well() as far_end, open_(Policy()) as prober:
        assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
        outcome = await prober.probe(Attempt(write("127.0.0.1", far_end.port), ENOUGH))
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.seconds > 0
    assert all(seconds >= 0 for _, seconds in outcome.phases)
    assert sum(seconds for _, seconds in outcome.phases) > 0


@pytest.mark.parametrize("name", [name for name in KINDS if name != "icmp"])
async def test_what_hangs_ends(name: str) -> None:
    """When its time is over."""
    open_, write, _ = KINDS[name]
    async with hanging() as far_end, open_(Policy()) as prober:
        outcome = await prober.probe(Attempt(write("127.0.0.1", far_end.port), SHORT))
    assert outcome.reason is Reason.TIMED_OUT
