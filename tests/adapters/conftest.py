"""What several adapters are tested against."""

from collections.abc import Iterator

import pytest
from tests.adapters.webhook_receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A stand-in on loopback for whatever service is told of alerts, which takes everything."""
    with receiving() as found:
        yield found
