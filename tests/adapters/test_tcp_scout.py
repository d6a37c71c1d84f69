"""References, tried by connections."""

import asyncio

import pytest
from tests.adapters.probers.far_ends import full, port_of_nobody, serving, silent
from tests.adapters.probers.peers import KnownNames

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.outbound.tcp_scout import TcpScout
from sightline.domain.probes.reference import Reference
from sightline.ports.scout import Scout

pytestmark = pytest.mark.anyio

HERE = "127.0.0.1"


@pytest.fixture
def scout() -> Scout:
    """One for a machine that knows itself alone."""
    return TcpScout(Dialler(files=KnownNames()))


async def test_one_that_takes_a_connection_is_enough(scout: Scout) -> None:
    """Others may refuse, be no name or never answer; what was opened is closed again."""
    async with serving(silent) as far_end:
        nobody, nowhere = Reference(HERE, port_of_nobody()), Reference("nowhere.invalid", 443)
        assert await scout.reaches_any((nobody, nowhere, Reference(HERE, far_end.port)))
        await far_end.left.wait()


async def test_a_place_that_none_answers_is_cut_off(scout: Scout) -> None:
    """As when all refuse, or cannot be looked up."""
    assert not await scout.reaches_any((Reference(HERE, port_of_nobody()), Reference("nowhere.invalid", 443)))


async def test_references_that_are_not_allowed_reach_nothing(scout: Scout) -> None:
    """The guard of probes stands before them, too."""
    assert not await scout.reaches_any((Reference("169.254.169.254", 80),))


async def test_what_never_answers_costs_a_timeout() -> None:
    """And no more."""
    dialler = Dialler(files=KnownNames())
    async with full() as port:
        assert not await TcpScout(dialler, timeout=0.1).reaches_any((Reference(HERE, port),))


async def test_who_goes_away_leaves_nothing_open(scout: Scout) -> None:
    """A round that is cancelled ends at once, with all that it began."""
    async with full() as port:
        before = asyncio.all_tasks()
        task = asyncio.create_task(scout.reaches_any((Reference(HERE, port), Reference(HERE, port))))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == before
