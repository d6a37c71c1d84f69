"""What tests of HTTP ask with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.http.probing import ZONE, Probing
from tests.adapters.probers.name_server import name_server

from sightline.adapters.network.curl.exchange import Exchanges
from sightline.adapters.network.guard import Policy
from sightline.adapters.network.names import Names


@pytest.fixture
async def probe() -> AsyncIterator[Probing]:
    """A prober that knows a few names."""
    async with name_server(ZONE, silent=frozenset({"dead.example"})) as server:
        policy = Policy(setting="checks.allow_addresses", deny_setting="checks.deny_addresses")
        exchanges = Exchanges(policy, Names(servers=(server.address,)))
        yield Probing(exchanges)
        exchanges.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """One that the test trusts."""
    return Authority(tmp_path)
