"""What is probed from where, and when."""

from itertools import pairwise

import pytest

from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.location import phase, probed_from
from sightline.domain.probes.options import Heartbeat, Tcp


def check(number: int, interval: int = 60_000) -> Check:
    """A check of that id."""
    return Check(number, Definition(name=f"c{number}", options=Tcp(), interval=interval), 0, 0)


def test_checks_are_spread_evenly_over_their_interval() -> None:
    """Of a thousand checks no gap between two is longer than three times the mean, nor does a second hold twice its share."""
    places = sorted(phase(check(number), "local") for number in range(1, 1_001))
    assert all(0 <= place < 60_000 for place in places)
    assert max(after - before for before, after in pairwise(places)) <= 180
    assert max(sum(second * 1_000 <= place < (second + 1) * 1_000 for place in places) for second in range(60)) < 34


def test_a_check_keeps_its_place() -> None:
    """Where it is probed in its interval depends on its number and the location alone."""
    assert phase(check(7), "berlin") == phase(check(7), "berlin")
    assert phase(check(7), "berlin") != phase(check(7), "oslo")
    assert phase(check(7), "berlin") != phase(check(8), "berlin")


@pytest.mark.parametrize("locations", [(), ("oslo", "berlin")])
def test_a_location_probes_what_names_it_or_names_none(locations: tuple[str, ...]) -> None:
    """A check without locations is probed from everywhere."""
    assert probed_from(Definition(name="a", options=Tcp(), locations=locations), "berlin")


@pytest.mark.parametrize(
    "definition",
    [
        Definition(name="a", options=Tcp(), locations=("oslo",)),
        Definition(name="a", options=Tcp(), enabled=False),
        Definition(name="a", options=Heartbeat()),
    ],
)
def test_a_location_does_not_probe_the_rest(definition: Definition) -> None:
    """What is another's, is switched off, or is asked of nobody."""
    assert not probed_from(definition, "berlin")
