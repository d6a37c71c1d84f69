"""What several adapters are tested against."""

from collections.abc import Iterator

import pytest
from tests.adapters.answering import Answering, answering
from tests.adapters.webhook_receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A stand-in on loopback for whatever service is told of alerts, which takes everything."""
    with receiving() as found:
        yield found


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """A server for commands, named by the environment, which says nothing else of servers."""
    for name in ("SIGHTLINE_TENANT", "SIGHTLINE_HTTP_TOKEN_FILE", "SIGHTLINE_KEY", "SIGHTLINE_LOCATION"):
        monkeypatch.delenv(name, raising=False)
    with answering() as found:
        monkeypatch.setenv("SIGHTLINE_URL", found.url)
        yield found
