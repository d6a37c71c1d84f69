"""The ring of exemplars: which are taken, which give way, and what is read back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import exemplars as oracle

from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplar_ring import ExemplarRing, Row, Verdict, is_too_long
from sightline.domain.metrics.exemplars import MAX_CHARACTERS
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.timerange import ALL_TIME, TimeRange


def series(name: str) -> bytes:
    """The canonical bytes of a series."""
    return Labels.of(__name__="h_bucket", le=name).canonical()


def row(value: float, time: int, trace: str = "a", *, timed: bool = True) -> Row:
    """An exemplar with one label."""
    return Row(Labels.of(trace_id=trace).canonical(), value, time, timed)


def held(ring: ExemplarRing, within: TimeRange = ALL_TIME, tenant: Tenant = DEFAULT_TENANT) -> dict[str, list[float]]:
    """The values of every series of a tenant in a range."""
    chains = [chain for name in ring.names(tenant) for chain in ring.chains(tenant, name)]
    found = {chain.labels.get("le"): [one.value for one in ring.read(chain, within)] for chain in chains}
    return {name: values for name, values in found.items() if values}


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (row(1.0, 10), row(2.0, 11), Verdict.KEPT),
        (row(1.0, 10), row(1.0, 10), Verdict.DUPLICATE),
        (row(1.0, 10), row(1.0, 11), Verdict.KEPT),
        (row(1.0, 10, timed=False), row(1.0, 11, timed=False), Verdict.DUPLICATE),
        (row(1.0, 10, timed=False), row(1.0, 11), Verdict.KEPT),
        (row(1.0, 10), row(1.0, 11, timed=False), Verdict.KEPT),
        (row(1.0, 10), row(2.0, 9), Verdict.OUT_OF_ORDER),
        (row(1.0, 10), row(1.0, 9), Verdict.OUT_OF_ORDER),
        (row(1.0, 10), row(2.0, 10), Verdict.KEPT),
        (row(2.0, 10), row(1.0, 10), Verdict.OUT_OF_ORDER),
        (row(1.0, 10, "a"), row(1.0, 10, "b"), Verdict.KEPT),
        (row(1.0, 10, "b"), row(1.0, 10, "a"), Verdict.OUT_OF_ORDER),
        (row(math.nan, 10), row(math.nan, 10), Verdict.KEPT),
    ],
)
def test_an_exemplar_is_judged_beside_the_last_of_its_series(first: Row, second: Row, verdict: Verdict) -> None:
    """The same once more is a duplicate, whenever it was seen; what is before the last is out of order; the rest is kept."""
    ring = ExemplarRing(10)
    assert ring.add(DEFAULT_TENANT, series("1"), first) is Verdict.KEPT
    assert ring.add(DEFAULT_TENANT, series("1"), second) is verdict
    assert ring.add(DEFAULT_TENANT, series("2"), second) is Verdict.KEPT
    assert len(ring) == (3 if verdict is Verdict.KEPT else 2)


@pytest.mark.parametrize(("text", "too_long"), [("é" * 120, False), ("é" * 121, True), ("a" * 120, False), ("", False)])
def test_characters_of_names_and_values_count(text: str, too_long: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Names and values may have 128 characters together, however many bytes these take."""
    labels = Labels.of(trace_id=text)
    assert (sum(len(name) + len(value) for name, value in labels) > MAX_CHARACTERS) is too_long
    assert is_too_long(labels.canonical()) is too_long
    verdict = ExemplarRing().add(DEFAULT_TENANT, series("1"), Row(labels.canonical(), 1.0, 1, timed=True))
    assert verdict is (Verdict.TOO_LONG if too_long else Verdict.KEPT)


def test_the_oldest_gives_way() -> None:
    """The first that came goes first, whatever its time and series; a series without any is gone, and can come back."""
    ring = ExemplarRing(3)
    for number, name in enumerate("abab"):
        ring.add(DEFAULT_TENANT, series(name), row(number, 100 - number if name == "a" else number))
    # The third, of series a, was before its first and not taken.
    assert (held(ring), ring.evicted) == ({"a": [0.0], "b": [1.0, 3.0]}, 0)
    ring.add(DEFAULT_TENANT, series("c"), row(9.0, 1))
    assert (held(ring), ring.evicted, len(ring)) == ({"b": [1.0, 3.0], "c": [9.0]}, 1, 3)
    assert not ring.knows(DEFAULT_TENANT, series("a"))
    assert ring.add(DEFAULT_TENANT, series("a"), row(5.0, 1)) is Verdict.KEPT


def test_the_only_exemplar_of_a_series_gives_way_to_its_next() -> None:
    """In a ring of one the newer exemplar of the same series takes the place, and is still judged beside the older."""
    ring = ExemplarRing(1)
    ring.add(DEFAULT_TENANT, series("a"), row(1.0, 10))
    assert ring.add(DEFAULT_TENANT, series("a"), row(2.0, 9)) is Verdict.OUT_OF_ORDER
    assert ring.add(DEFAULT_TENANT, series("a"), row(2.0, 11)) is Verdict.KEPT
    assert held(ring) == {"a": [2.0]}


def test_long_labels_take_the_room_of_several() -> None:
    """Where series have labels of many kilobytes the ring holds fewer, so that its memory stays bounded, but always the newest."""
    ring = ExemplarRing(10)
    for number in range(5):
        name = f"{number}{'x' * 4000}"
        assert ring.add(DEFAULT_TENANT, series(name), row(number, 1)) is Verdict.KEPT
    assert list(held(ring).values()) == [[4.0]]
    assert (len(ring), ring.evicted) == (1, 4)
    for number in range(20):
        ring.add(DEFAULT_TENANT, series(str(number)), row(number, 1))
    assert len(ring) == 10


def test_tenants_share_the_ring_and_nothing_else() -> None:
    """A tenant's exemplars are in its answers alone, and count against the same bound."""
    ring, shop = ExemplarRing(2), Tenant("shop")
    ring.add(DEFAULT_TENANT, series("a"), row(1.0, 5))
    assert ring.add(shop, series("a"), row(1.0, 5)) is Verdict.KEPT
    assert (held(ring), held(ring, tenant=shop)) == ({"a": [1.0]}, {"a": [1.0]})
    ring.add(shop, series("a"), row(2.0, 6))
    assert (held(ring), held(ring, tenant=shop)) == ({}, {"a": [1.0, 2.0]})
    assert ring.names(DEFAULT_TENANT) == []


def test_a_chain_that_lost_its_exemplars_reads_empty() -> None:
    """Who still holds a series whose exemplars are gone meanwhile finds none."""
    ring = ExemplarRing(1)
    ring.add(DEFAULT_TENANT, series("a"), row(1.0, 5))
    (chain,) = ring.chains(DEFAULT_TENANT, "h_bucket")
    assert ring.overlaps(chain, TimeRange(5, 5))
    ring.add(DEFAULT_TENANT, series("b"), row(1.0, 5))
    assert not ring.overlaps(chain, ALL_TIME)
    assert list(ring.read(chain, ALL_TIME)) == []


rows = st.tuples(
    st.sampled_from("abc"), st.sampled_from("xy"), st.sampled_from([1.0, 2.0]), st.integers(0, 9), st.booleans()
)


@given(st.lists(rows, max_size=60), st.integers(1, 8), st.integers(0, 9), st.integers(0, 9))
def test_the_ring_does_as_its_twin(added: list[oracle.Row], most: int, start: int, end: int) -> None:
    """After any additions the verdicts, what is held, and what is read within a range are the twin's."""
    ring, twin = ExemplarRing(most), oracle.Exemplars(most)
    for one in added:
        name, trace, value, time, timed = one
        assert ring.add(DEFAULT_TENANT, series(name), row(value, time, trace, timed=timed)) == twin.add(one)
    assert (len(ring), ring.evicted) == (len(twin.rows), twin.evicted)
    chains = {chain.labels.get("le"): chain for chain in ring.chains(DEFAULT_TENANT, "h_bucket")}
    assert set(chains) == {one[0] for one in twin.rows}
    for name, chain in chains.items():
        found = [(one.labels.get("trace_id"), one.value, one.time) for one in ring.read(chain, TimeRange(start, end))]
        assert found == twin.of(name, start, end)
        assert ring.overlaps(chain, TimeRange(start, end)) or not found
