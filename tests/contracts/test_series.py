"""What every series store promises (ports/series.py)."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.digests import check
from tests.contracts.ranges import Ledger, Write
from tests.oracles.native_histogram import NATIVES, Native, Value, exact, numbered, told

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, Matcher, Matchers, MatchOp, satisfies, series_id
from sightline.domain.metrics.digest import Statistic, Windows
from sightline.domain.metrics.native_histograms import ResetHint
from sightline.domain.metrics.samples import STALE, STALE_BITS, SeriesColumns
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, DAY, HOUR, MINUTE, TimeRange
from sightline.ports.series import SeriesStore

NOW = 1_790_000_000_000
PLENTY = 1_000_000

EQUAL, NOT_EQUAL, MATCHES, NOT_MATCHES = MatchOp

UP_A = Labels.of(__name__="up", job="a")
UP_B = Labels.of(__name__="up", job="b")
LOAD = Labels.of(__name__="load", job="a", mode="idle")


def match(name: str, op: MatchOp, value: str) -> Matcher:
    """A matcher, shortly."""
    return Matcher(name, op, value)


def plain(columns: SeriesColumns) -> dict[Labels, list[tuple[int, Value]]]:
    """An answer as labels -> (time, value)."""
    bounds = zip(columns.labels, columns.offsets[:-1].tolist(), columns.offsets[1:].tolist(), strict=True)
    pairs = list(zip(columns.times.tolist(), told(columns.values, columns.histograms), strict=True))
    return {labels: pairs[start:end] for labels, start, end in bounds}


async def write(store: SeriesStore, ledger: Ledger, *writes: Write) -> None:
    """Write one range."""
    await store.write(ledger.sealed(writes))


async def everything(store: SeriesStore, tenant: Tenant) -> dict[Labels, list[tuple[int, Value]]]:
    """All samples of a tenant."""
    return plain(await store.select(tenant, (), ALL_TIME, PLENTY))


async def test_selected_columns_have_the_promised_shape(series_store: SeriesStore, ledger: Ledger) -> None:
    """Series come in ascending order of labels, samples in order of time, with ids, offsets and types as SeriesColumns says."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_B, [(NOW + 2, 4.0), (NOW, 3.0)]))
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0)]), Write(tenant, LOAD, [(NOW, 9.0)]))
    found = await series_store.select(tenant, (), ALL_TIME, PLENTY)
    assert found.labels == (LOAD, UP_A, UP_B)
    assert all(type(labels) is Labels for labels in found.labels)
    assert found.ids.tolist() == [series_id(labels) for labels in found.labels]
    assert found.offsets.tolist() == [0, 1, 2, 4]
    assert found.times.tolist() == [NOW, NOW, NOW, NOW + 2]
    assert found.values.tolist() == [9.0, 1.0, 3.0, 4.0]
    assert [column.dtype for column in (found.ids, found.offsets, found.times, found.values)] == [
        np.uint64,
        np.int64,
        np.int64,
        np.float64,
    ]


async def test_native_histograms_come_back_beside_their_marks(series_store: SeriesStore, ledger: Ledger) -> None:
    """Histograms of any kind, among floats, in one range or several; of a timestamp the last write counts, whichever it is."""
    tenant = ledger.tenant()
    custom = Native(
        schema=-53, count=3.0, sum=-0.0, positive={0: 1.0, 2: 2.0}, custom=(0.5, 2.5), reset=ResetHint.GAUGE
    )
    fraction = Native(schema=8, count=0.3, zero_count=0.1, zero_threshold=0.5, negative={-7: 0.2}, sum=math.inf)
    await write(
        series_store,
        ledger,
        Write(tenant, UP_A, [(NOW, 1.0), (NOW + 1, custom), (NOW + 2, numbered(3))]),
        Write(tenant, UP_B, [(NOW, fraction), (NOW + 2 * HOUR, numbered(6))]),
    )
    await write(
        series_store,
        ledger,
        Write(tenant, UP_A, [(NOW, numbered(9)), (NOW + 1, 2.0), (NOW + 3, fraction), (NOW + 3, custom)]),
        Write(tenant, LOAD, [(NOW, 1.5)]),
    )
    wanted: dict[Labels, list[tuple[int, Value]]] = {
        LOAD: [(NOW, 1.5)],
        UP_A: [(NOW, numbered(9)), (NOW + 1, 2.0), (NOW + 2, numbered(3)), (NOW + 3, custom)],
        UP_B: [(NOW, fraction), (NOW + 2 * HOUR, numbered(6))],
    }
    assert await everything(series_store, tenant) == wanted
    found = await series_store.select(tenant, (match("__name__", EQUAL, "up"),), TimeRange(NOW + 1, NOW + 2), PLENTY)
    assert plain(found) == {UP_A: wanted[UP_A][1:3]}


async def test_histograms_count_for_the_sample_limit(series_store: SeriesStore, ledger: Ledger) -> None:
    """A histogram of many buckets weighs as much as many samples."""
    tenant = ledger.tenant()
    wide = Native(count=1e9, positive=dict.fromkeys(range(2_000_000), 1.0))
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, wide), (NOW + 1, 1.0)]))
    with pytest.raises(TooManySamples):
        await series_store.select(tenant, (), ALL_TIME, 100_000)
    assert (await series_store.select(tenant, (), TimeRange(NOW + 1, NOW + 1), 1)).samples == 1


async def test_tenants_are_separate(series_store: SeriesStore, ledger: Ledger) -> None:
    """What one tenant writes, in the same range and under the same labels, no other tenant sees in any answer."""
    first, second, third = ledger.tenant(), Tenant(f"o'{ledger.tenant()}"), ledger.tenant()
    await write(
        series_store, ledger, Write(second, UP_A, [(NOW, 2.0)]), Write(first, UP_A, [(NOW, 1.0), (NOW + 1, 1.5)])
    )
    await write(series_store, ledger, Write(second, LOAD, [(NOW, 3.0)]))
    assert await everything(series_store, first) == {UP_A: [(NOW, 1.0), (NOW + 1, 1.5)]}
    assert await everything(series_store, second) == {UP_A: [(NOW, 2.0)], LOAD: [(NOW, 3.0)]}
    assert await series_store.series(first, (), ALL_TIME, 9) == [UP_A]
    assert await series_store.label_names(first, (), ALL_TIME, 9) == ["__name__", "job"]
    assert await series_store.label_values(first, "__name__", (), ALL_TIME, 9) == ["up"]
    assert await everything(series_store, third) == {}
    assert await series_store.series(third, (), ALL_TIME, 9) == []
    assert await series_store.label_names(third, (), ALL_TIME, 9) == []
    assert await series_store.label_values(third, "job", (), ALL_TIME, 9) == []


@pytest.mark.parametrize(
    ("within", "times"),
    [
        (TimeRange(10, 30), [10, 20, 30]),
        (TimeRange(11, 29), [20]),
        (TimeRange(20, 20), [20]),
        (TimeRange(31, 90), []),
        (TimeRange(30, 10), []),
        (TimeRange(-5, 10), [10]),
    ],
)
async def test_both_ends_of_a_range_belong_to_it(
    series_store: SeriesStore, ledger: Ledger, within: TimeRange, times: list[int]
) -> None:
    """A sample at the start or the end is in; outside it is not; an inverted range is empty."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(time, float(time)) for time in (10, 20, 30)]))
    found = await series_store.select(tenant, (), within, PLENTY)
    assert plain(found) == ({UP_A: [(time, float(time)) for time in times]} if times else {})
    assert len(found.offsets) == len(found) + 1


async def test_series_without_a_sample_in_the_range_are_left_out(series_store: SeriesStore, ledger: Ledger) -> None:
    """Only series that have a sample between the bounds appear."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0)]), Write(tenant, UP_B, [(NOW + DAY, 1.0)]))
    assert plain(await series_store.select(tenant, (), TimeRange(NOW, NOW), PLENTY)) == {UP_A: [(NOW, 1.0)]}


async def test_the_last_write_of_a_timestamp_wins(series_store: SeriesStore, ledger: Ledger) -> None:
    """Of several values for one timestamp, within one range and across ranges, the one written last is returned, once."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0), (NOW, 2.0), (NOW + 1, 5.0)]))
    assert await everything(series_store, tenant) == {UP_A: [(NOW, 2.0), (NOW + 1, 5.0)]}
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW + 1, 4.0)], fresh=False))
    assert await everything(series_store, tenant) == {UP_A: [(NOW, 2.0), (NOW + 1, 4.0)]}


async def test_the_position_in_the_log_decides_not_the_order_of_arrival(
    series_store: SeriesStore, ledger: Ledger
) -> None:
    """A range that was sealed earlier and arrives later overwrites nothing."""
    tenant = ledger.tenant()
    earlier = ledger.sealed([Write(tenant, UP_A, [(NOW, 9.0), (NOW + 1, 9.5)])])
    later = ledger.sealed([Write(tenant, UP_A, [(NOW, 1.0)])])
    await series_store.write(later)
    await series_store.write(earlier)
    assert await everything(series_store, tenant) == {UP_A: [(NOW, 1.0), (NOW + 1, 9.5)]}


async def test_a_repeated_range_changes_nothing(series_store: SeriesStore, ledger: Ledger) -> None:
    """Writing a range again, at once or after others, leaves every answer and the count of samples as they were."""
    tenant = ledger.tenant()
    first = ledger.sealed([Write(tenant, UP_A, [(NOW, 1.0), (NOW + 40 * DAY, 2.0)])])
    second = ledger.sealed([Write(tenant, UP_A, [(NOW, 3.0)]), Write(tenant, UP_B, [(NOW, 4.0)])])
    for batch in (first, first, second, first, second):
        await series_store.write(batch)
    assert await everything(series_store, tenant) == {
        UP_A: [(NOW, 3.0), (NOW + 40 * DAY, 2.0)],
        UP_B: [(NOW, 4.0)],
    }
    assert await series_store.series(tenant, (), ALL_TIME, 9) == [UP_A, UP_B]
    assert (await series_store.select(tenant, (), ALL_TIME, 3)).samples == 3


SPECIAL_BITS = [
    STALE_BITS,
    0x7FF8000000000001,  # the usual NaN of Prometheus
    0x7FF8000000000000,
    0xFFF8000000000000,
    0xFFFFFFFFFFFFFFFF,
    0x7FF0000000000000,  # +Inf
    0xFFF0000000000000,  # -Inf
    0x8000000000000000,  # -0.0
    0x0000000000000000,
    0x0000000000000001,  # the smallest subnormal
    0x7FEFFFFFFFFFFFFF,  # the largest number
]


async def test_values_survive_bit_for_bit(series_store: SeriesStore, ledger: Ledger) -> None:
    """Stale markers, other NaNs with their payloads, infinities, -0.0 and extremes come back with the same 64 bits."""
    tenant = ledger.tenant()
    values = np.array(SPECIAL_BITS, np.uint64).view(np.float64)
    samples = [(NOW + at, value) for at, value in enumerate(values)]
    await write(series_store, ledger, Write(tenant, UP_A, samples))
    await write(series_store, ledger, Write(tenant, UP_A, samples[::2]))
    found = await series_store.select(tenant, (), ALL_TIME, PLENTY)
    assert [hex(bits) for bits in found.values.view(np.uint64).tolist()] == [hex(bits) for bits in SPECIAL_BITS]


async def test_a_stale_marker_can_be_overwritten_and_overwrite(series_store: SeriesStore, ledger: Ledger) -> None:
    """NaNs take part in last write wins like any value."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, math.nan), (NOW + 1, 1.0)]))
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 2.0), (NOW + 1, math.nan)]))
    found = await series_store.select(tenant, (), ALL_TIME, PLENTY)
    assert found.values[0] == 2.0
    assert math.isnan(found.values[1])


@pytest.mark.parametrize("time", [0, 1, -1, 946_684_800_000, 4_102_444_800_000, 7_258_118_400_000])
async def test_times_far_away_are_kept(series_store: SeriesStore, ledger: Ledger, time: int) -> None:
    """1970 and before, 2000, 2100 and 2200 are times like any other."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(time, 1.0)]))
    assert await everything(series_store, tenant) == {UP_A: [(time, 1.0)]}
    assert plain(await series_store.select(tenant, (), TimeRange(time, time), PLENTY)) == {UP_A: [(time, 1.0)]}
    assert await series_store.series(tenant, (), TimeRange(time, time), 9) == [UP_A]


VALUES = ["", "a", "ab", "A", "é", "日本", "a\nb", "\n", "'", '"', "\\", "\\n", "a.b", "{x}", "%s", "\t", "/*m*/", "0"]


@pytest.fixture(scope="module")
async def hostile(series_store: SeriesStore, ledger: Ledger) -> Tenant:
    """A tenant with one series for each of VALUES, the first of them without the label."""
    tenant = ledger.tenant()
    await write(series_store, ledger, *(Write(tenant, valued(value), [(NOW, 1.0)]) for value in VALUES))
    return tenant


def valued(value: str) -> Labels:
    """The series whose label `v` has this value."""
    return Labels.of(__name__="m", v=value)


async def test_each_value_is_selected_by_equality_alone(series_store: SeriesStore, hostile: Tenant) -> None:
    """`v="x"` selects exactly the series with that value, quotes, backslashes, newlines and all; "" those without it."""
    for value in VALUES:
        found = await series_store.select(hostile, (match("v", EQUAL, value),), ALL_TIME, PLENTY)
        assert found.labels == (valued(value),)


REGEXES = [
    "", ".*", ".+", "a", "a.*", "a.b", "a|ab", "(a|b)+", "(?i)a", "é", ".", "..", "日.", r"\n", "a\nb", r"\\", r"\\n",
    r"a\.b", r"\Qa.b", r"\Qa.b\E", r"\Q\n", "'", '"', r"\{x\}", "%s", r"\t", "[^a]*", "a?", "^a$", "(?m)^a$", "(?-s).*",
    r"\p{Greek}*", r"\pL+", "a{2}", "(?:)", "x*", r"\b.*", r"/\*m\*/", r"[\s\S]", r"\d",
]  # fmt: skip


@pytest.mark.parametrize("op", list(MatchOp))
async def test_matchers_select_what_the_domain_says(series_store: SeriesStore, hostile: Tenant, op: MatchOp) -> None:
    """All four operators agree with Matcher on every value, with and without a metric name beside them."""
    patterns = VALUES if op in {EQUAL, NOT_EQUAL} else REGEXES
    for pattern in patterns:
        for more in ((), (match("__name__", EQUAL, "m"),)):
            matchers = (match("v", op, pattern), *more)
            found = await series_store.select(hostile, matchers, ALL_TIME, PLENTY)
            wanted = {valued(value) for value in VALUES if satisfies(valued(value), matchers)}
            assert set(found.labels) == wanted, pattern


async def test_label_names_may_hold_anything(series_store: SeriesStore, ledger: Ledger) -> None:
    """A label is found under any UTF-8 name."""
    tenant = ledger.tenant()
    for number, name in enumerate(["http.path", "it's", 'q"', "b\\n", "n\nl", "é", "{a}", "a b"]):
        labels = Labels.of({"__name__": f"m{number}", name: "1"})
        await write(series_store, ledger, Write(tenant, labels, [(NOW, 1.0)]))
        found = await series_store.select(tenant, (match(name, EQUAL, "1"),), ALL_TIME, PLENTY)
        assert found.labels == (labels,)
        assert await series_store.label_values(tenant, name, (), ALL_TIME, 9) == ["1"]


async def test_all_matchers_must_hold(series_store: SeriesStore, ledger: Ledger) -> None:
    """Several matchers, also of one label, narrow the selection; none select everything."""
    tenant = ledger.tenant()
    await write(series_store, ledger, *(Write(tenant, labels, [(NOW, 1.0)]) for labels in (UP_A, UP_B, LOAD)))

    async def selected(*matchers: Matcher) -> tuple[Labels, ...]:
        return (await series_store.select(tenant, matchers, ALL_TIME, PLENTY)).labels

    assert await selected() == (LOAD, UP_A, UP_B)
    assert await selected(match("job", EQUAL, "a")) == (LOAD, UP_A)
    assert await selected(match("job", EQUAL, "a"), match("__name__", EQUAL, "up")) == (UP_A,)
    assert await selected(match("__name__", MATCHES, "u.|load"), match("mode", EQUAL, "")) == (UP_A, UP_B)
    assert await selected(match("job", NOT_EQUAL, "a"), match("job", NOT_EQUAL, "b")) == ()
    assert await selected(match("__name__", EQUAL, "nothing")) == ()
    assert await selected(match("__name__", EQUAL, "")) == ()
    assert await selected(match("__name__", EQUAL, "up"), match("__name__", EQUAL, "load")) == ()


async def test_the_sample_limit_counts_what_would_be_returned(series_store: SeriesStore, ledger: Ledger) -> None:
    """Exactly `limit` samples are returned, overwritten ones not counted; one more is TooManySamples and names the limit."""
    tenant = ledger.tenant()
    for _ in range(3):
        await write(series_store, ledger, Write(tenant, UP_A, [(NOW + at, 1.0) for at in range(5)]))
    assert (await series_store.select(tenant, (), ALL_TIME, 5)).samples == 5
    with pytest.raises(TooManySamples, match="4"):
        await series_store.select(tenant, (), ALL_TIME, 4)
    assert (await series_store.select(tenant, (), TimeRange(NOW, NOW + 3), 4)).samples == 4


async def test_answers_belong_to_the_caller(series_store: SeriesStore, ledger: Ledger) -> None:
    """Writing into returned columns changes no later answer."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0), (NOW + 1, 2.0)]))
    found = await series_store.select(tenant, (), ALL_TIME, PLENTY)
    found.values[:] = 0
    found.times[:] = 0
    assert await everything(series_store, tenant) == {UP_A: [(NOW, 1.0), (NOW + 1, 2.0)]}


async def test_label_answers_are_the_union_of_the_sets(series_store: SeriesStore, ledger: Ledger) -> None:
    """Several matcher sets answer for any of them, each item once and in ascending order; no sets mean all series."""
    tenant = ledger.tenant()
    await write(series_store, ledger, *(Write(tenant, labels, [(NOW, 1.0)]) for labels in (UP_B, LOAD, UP_A)))
    up: Matchers = (match("__name__", EQUAL, "up"),)
    of_a: Matchers = (match("job", EQUAL, "a"),)
    nothing: Matchers = (match("job", EQUAL, "z"),)
    expected: list[tuple[Sequence[Matchers], list[Labels], list[str], list[str]]] = [
        ((), [LOAD, UP_A, UP_B], ["__name__", "job", "mode"], ["a", "b"]),
        (((),), [LOAD, UP_A, UP_B], ["__name__", "job", "mode"], ["a", "b"]),
        ((up,), [UP_A, UP_B], ["__name__", "job"], ["a", "b"]),
        ((of_a,), [LOAD, UP_A], ["__name__", "job", "mode"], ["a"]),
        ((up, of_a), [LOAD, UP_A, UP_B], ["__name__", "job", "mode"], ["a", "b"]),
        ((nothing, up), [UP_A, UP_B], ["__name__", "job"], ["a", "b"]),
        ((nothing,), [], [], []),
    ]
    for sets, series, names, jobs in expected:
        assert await series_store.series(tenant, sets, ALL_TIME, 9) == series
        assert await series_store.label_names(tenant, sets, ALL_TIME, 9) == names
        assert await series_store.label_values(tenant, "job", sets, ALL_TIME, 9) == jobs
    assert await series_store.label_values(tenant, "mode", (), ALL_TIME, 9) == ["idle"]
    assert await series_store.label_values(tenant, "unknown", (), ALL_TIME, 9) == []


async def test_label_answers_stop_at_their_limit(series_store: SeriesStore, ledger: Ledger) -> None:
    """At most `limit` items are returned: the first ones."""
    tenant = ledger.tenant()
    await write(series_store, ledger, *(Write(tenant, labels, [(NOW, 1.0)]) for labels in (UP_B, LOAD, UP_A)))
    assert await series_store.series(tenant, (), ALL_TIME, 2) == [LOAD, UP_A]
    assert await series_store.label_names(tenant, (), ALL_TIME, 2) == ["__name__", "job"]
    assert await series_store.label_values(tenant, "job", (), ALL_TIME, 1) == ["a"]


async def test_label_answers_ascend_by_code_point(series_store: SeriesStore, ledger: Ledger, hostile: Tenant) -> None:
    """Values and series stand in the order in which Python sorts them, whatever their script."""
    values = await series_store.label_values(hostile, "v", (), ALL_TIME, PLENTY)
    assert values == sorted(set(VALUES) - {""})
    assert await series_store.series(hostile, (), ALL_TIME, PLENTY) == sorted(map(valued, VALUES))


@pytest.mark.parametrize(
    ("within", "present"),
    [
        (TimeRange(NOW, NOW), True),
        (TimeRange(NOW + DAY, NOW + 2 * DAY), True),
        (TimeRange(NOW + 2 * HOUR, NOW + 3 * HOUR), True),
        (TimeRange(NOW - DAY, NOW - 2 * HOUR), False),
        (TimeRange(NOW + DAY + 2 * HOUR, NOW + 3 * DAY), False),
    ],
)
async def test_label_answers_know_when_a_series_was_seen(
    series_store: SeriesStore,
    ledger: Ledger,
    within: TimeRange,
    present: bool,  # noqa: FBT001 - pytest's parameter
) -> None:
    """A series counts as present between its first and last sample, and not more than an hour beyond."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW + HOUR, 1.0)]))
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0), (NOW + DAY, 1.0)]))
    assert await series_store.series(tenant, (), within, 9) == ([UP_A] if present else [])
    assert await series_store.label_names(tenant, (), within, 9) == (["__name__", "job"] if present else [])
    assert await series_store.label_values(tenant, "job", (), within, 9) == (["a"] if present else [])


async def test_last_seen_may_lag_an_hour(series_store: SeriesStore, ledger: Ledger) -> None:
    """A series whose row is almost an hour old still counts as seen when its samples go on, and they are selected."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0)]))
    latest = NOW + 59 * MINUTE
    await write(series_store, ledger, Write(tenant, UP_A, [(latest, 2.0)], fresh=False))
    within = TimeRange(latest, latest + MINUTE)
    assert await series_store.series(tenant, (), within, 9) == [UP_A]
    assert plain(await series_store.select(tenant, (), within, 9)) == {UP_A: [(latest, 2.0)]}


async def test_an_empty_range_is_written_like_any_other(series_store: SeriesStore, ledger: Ledger) -> None:
    """A range without rows is accepted and changes nothing."""
    tenant = ledger.tenant()
    await write(series_store, ledger)
    assert await everything(series_store, tenant) == {}


letters = st.text(st.sampled_from("ab.é\n\\'"), max_size=3)
label_sets = st.builds(
    lambda name, pairs: Labels.of({**pairs, "__name__": name}),
    st.sampled_from(["m", "n"]),
    st.dictionaries(st.sampled_from(["a", "b"]), letters, max_size=2),
)
atoms = st.sampled_from(
    ["a", "b", ".", r"\.", "é", r"\n", r"\\", "'", "[ab]", "[^a]", "(?i)A", "a|b", "(a|é)", "^", "$"]
)
regexes = st.lists(st.tuples(atoms, st.sampled_from(["", "", "*", "+?"])), max_size=3).map(
    lambda parts: "".join(f"(?:{atom}){repeat}" for atom, repeat in parts)
)
matcher_lists = st.lists(
    st.builds(Matcher, st.sampled_from(["a", "b", "__name__"]), st.sampled_from([EQUAL, NOT_EQUAL]), letters)
    | st.builds(Matcher, st.sampled_from(["a", "b", "__name__"]), st.sampled_from([MATCHES, NOT_MATCHES]), regexes),
    max_size=2,
).map(tuple)
instants = st.integers(0, 12).map(lambda step: NOW + step * 10 * DAY)
written = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            label_sets,
            st.lists(st.tuples(instants, st.floats(width=64) | NATIVES), min_size=1, max_size=4),
        ),
        max_size=4,
    ),
    max_size=4,
)
asked = st.lists(st.tuples(st.integers(0, 1), matcher_lists, instants, instants), min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ranges=written, queries=asked)
async def test_a_store_answers_like_a_dictionary(
    series_store: SeriesStore,
    ledger: Ledger,
    ranges: list[list[tuple[int, Labels, list[tuple[int, Value]]]]],
    queries: list[tuple[int, Matchers, int, int]],
) -> None:
    """Whatever is written, a store holds the last value of each (tenant, labels, time), and answers as a plain dict would."""
    tenants = (ledger.tenant(), ledger.tenant())
    model: dict[tuple[Tenant, Labels, int], Value] = {}
    for writes in ranges:
        batch = ledger.sealed([Write(tenants[who], labels, samples) for who, labels, samples in writes])
        await series_store.write(batch)
        await series_store.write(batch)
        model.update({(tenants[who], labels, time): value for who, labels, some in writes for time, value in some})
    for who, matchers, start, end in queries:
        found = await series_store.select(tenants[who], matchers, TimeRange(start, end), PLENTY)
        expected = [
            (labels, time, exact(model[tenant, labels, time]))
            for tenant, labels, time in sorted(model)
            if tenant == tenants[who] and start <= time <= end and satisfies(labels, matchers)
        ]
        rows = [labels for labels, n in zip(found.labels, np.diff(found.offsets), strict=True) for _ in range(n)]
        values = map(exact, told(found.values, found.histograms))
        assert list(zip(rows, found.times.tolist(), values, strict=True)) == expected


async def test_found_series_are_read_like_selected_ones(series_store: SeriesStore, ledger: Ledger) -> None:
    """Where series can be found beforehand, all or some of them are read with the same columns."""
    tenant = ledger.tenant()
    await write(
        series_store, ledger, Write(tenant, UP_B, [(NOW, 3.0)]), Write(tenant, UP_A, [(NOW, 1.0), (NOW + 1, 2.0)])
    )
    await write(series_store, ledger, Write(tenant, LOAD, [(NOW, 9.0)]), Write(tenant, UP_A, [(NOW, 4.0)]))
    known = await series_store.find(tenant, (match("__name__", EQUAL, "up"),))
    if known is None:
        assert await everything(series_store, tenant)  # those that give up find series only as they read them
        return
    assert (known.labels, known.ids.tolist()) == ((UP_A, UP_B), [series_id(UP_A), series_id(UP_B)])
    assert plain(await series_store.select_known(tenant, known, ALL_TIME, 3)) == {
        UP_A: [(NOW, 4.0), (NOW + 1, 2.0)],
        UP_B: [(NOW, 3.0)],
    }
    some = known.of_rows(np.array([1]))
    assert plain(await series_store.select_known(tenant, some, ALL_TIME, 1)) == {UP_B: [(NOW, 3.0)]}
    with pytest.raises(TooManySamples):
        await series_store.select_known(tenant, known, ALL_TIME, 2)


HOURS = 1_789_999_200_000  # a multiple of an hour
moments = st.builds(
    lambda hour, part: HOURS + hour * HOUR + part, st.integers(-1, 6), st.sampled_from([0, 1, HOUR // 2])
)
numbers = st.sampled_from(
    [0.0, -0.0, 1.5, -3.0, 1 / 3, 7.0, math.inf, math.nan, float(STALE), numbered(3), numbered(6)]
)
runs = st.lists(
    st.tuples(st.sampled_from([UP_A, UP_B, LOAD]), st.lists(st.tuples(moments, numbers), min_size=1)), max_size=4
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ranges=st.lists(runs, max_size=4), statistic=st.sampled_from(Statistic), hours=st.sampled_from([1, 2, 6]))
async def test_digested_samples_tell_what_the_samples_tell(
    series_store: SeriesStore,
    ledger: Ledger,
    ranges: list[list[tuple[Labels, list[tuple[int, Value]]]]],
    statistic: Statistic,
    hours: int,
) -> None:
    """Whatever was written, and how often, over any of the windows they have the same statistic; other series are not there."""
    tenant, windows = ledger.tenant(), Windows(HOURS, hours * HOUR, 6 // hours)
    model: dict[Labels, dict[int, Value]] = {UP_A: {}, UP_B: {}}
    for writes in ranges:
        await series_store.write(ledger.sealed([Write(tenant, labels, samples) for labels, samples in writes]))
        for labels, samples in writes:
            model.setdefault(labels, {}).update(samples)
    found = await series_store.digested(tenant, (match("__name__", EQUAL, "up"),), windows, statistic, PLENTY)
    check(found, {one: sorted(model[one].items()) for one in (UP_A, UP_B)}, windows, statistic)


async def test_digested_samples_keep_the_limit(series_store: SeriesStore, ledger: Ledger) -> None:
    """No more are returned than may be, and where windows would be more than samples the samples are read."""
    tenant, windows = ledger.tenant(), Windows(HOURS, HOUR, 4)
    samples = [(HOURS + at * HOUR, float(at)) for at in range(1, 5)]
    await write(series_store, ledger, Write(tenant, UP_A, samples))
    found = await series_store.digested(tenant, (), windows, Statistic.COUNT, 4)
    check(found, {UP_A: samples}, windows, Statistic.COUNT)
    with pytest.raises(TooManySamples):
        await series_store.digested(tenant, (), windows, Statistic.COUNT, 3)


async def test_what_was_deleted_is_gone_and_the_rest_is_not(series_store: SeriesStore, ledger: Ledger) -> None:
    """Samples in the range, both ends included, of series that match any of the sets; other times, series and tenants stay."""
    tenant, other = ledger.tenant(), ledger.tenant()
    samples = [(NOW + second, float(second)) for second in range(6)]
    for whose in (tenant, other):
        await write(series_store, ledger, *(Write(whose, labels, samples) for labels in (UP_A, UP_B, LOAD)))
    sets = [(match("job", EQUAL, "b"),), (match("mode", MATCHES, "i.*"), match("job", NOT_EQUAL, "b"))]
    deleted = await series_store.delete(tenant, sets, TimeRange(NOW + 2, NOW + 4))
    assert deleted.ids.tolist() == sorted(map(series_id, (UP_B, LOAD)))
    assert deleted.emptied.tolist() == []
    left = [samples[0], samples[1], samples[5]]
    assert await everything(series_store, tenant) == {UP_A: samples, UP_B: left, LOAD: left}
    assert await everything(series_store, other) == {UP_A: samples, UP_B: samples, LOAD: samples}
    within = TimeRange(NOW + 1, NOW + 4)
    assert plain(await series_store.select(tenant, sets[0], within, 1)) == {UP_B: [samples[1]]}


async def test_what_is_written_after_a_delete_is_seen(series_store: SeriesStore, ledger: Ledger) -> None:
    """At the times that were deleted too, and whatever was there before."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0), (NOW + 1, 2.0), (NOW + 2, 3.0)]))
    await series_store.delete(tenant, ((),), TimeRange(NOW, NOW + 1))
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW + 1, 9.0)], fresh=False))
    assert await everything(series_store, tenant) == {UP_A: [(NOW + 1, 9.0), (NOW + 2, 3.0)]}
    await series_store.delete(tenant, ((),), TimeRange(NOW + 1, NOW + 1))
    assert await everything(series_store, tenant) == {UP_A: [(NOW + 2, 3.0)]}


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_series_without_samples_is_listed_nowhere_until_it_has_some(
    series_store: SeriesStore,
    ledger: Ledger,
    fresh: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Neither itself nor labels that it alone had; a sample brings it back, whether it is described again or not."""
    tenant = ledger.tenant()
    await write(
        series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0), (NOW + 1, 2.0)]), Write(tenant, LOAD, [(NOW, 3.0)])
    )

    async def listed() -> tuple[list[Labels], list[str], list[str]]:
        return (
            await series_store.series(tenant, (), ALL_TIME, 9),
            await series_store.label_names(tenant, (), ALL_TIME, 9),
            await series_store.label_values(tenant, "__name__", (), ALL_TIME, 9),
        )

    whole = await listed()
    assert (await series_store.delete(tenant, ((match("mode", EQUAL, "idle"),),), ALL_TIME)).emptied.tolist() == [
        series_id(LOAD)
    ]
    assert await listed() == ([UP_A], ["__name__", "job"], ["up"])
    for part, rest in ((TimeRange(NOW, NOW), [UP_A]), (TimeRange(NOW + 1, NOW + 1), [])):
        await series_store.delete(tenant, ((match("job", EQUAL, "a"),),), part)
        assert await series_store.series(tenant, (), ALL_TIME, 9) == rest
    await write(
        series_store,
        ledger,
        Write(tenant, LOAD, [(NOW, 4.0)], fresh=fresh),
        Write(tenant, UP_A, [(NOW, 5.0)], fresh=fresh),
    )
    assert await listed() == whole
    assert await everything(series_store, tenant) == {LOAD: [(NOW, 4.0)], UP_A: [(NOW, 5.0)]}


async def test_nothing_that_matches_and_no_time_delete_nothing(series_store: SeriesStore, ledger: Ledger) -> None:
    """An empty range, matchers that nothing satisfies, and no sets."""
    tenant = ledger.tenant()
    await write(series_store, ledger, Write(tenant, UP_A, [(NOW, 1.0)]))
    for sets, within in (
        (((),), TimeRange(NOW, NOW - 1)),
        (((match("job", EQUAL, "z"),),), ALL_TIME),
        ((), ALL_TIME),
    ):
        assert (await series_store.delete(tenant, sets, within)).emptied.tolist() == []
    assert await everything(series_store, tenant) == {UP_A: [(NOW, 1.0)]}


deletes = st.tuples(st.sampled_from([UP_A, UP_B, LOAD]), moments, moments)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.one_of(runs, deletes), max_size=6),
    statistic=st.sampled_from(Statistic),
    within=st.tuples(moments, moments).map(lambda ends: TimeRange(min(ends), max(ends))),
)
async def test_writes_and_deletes_in_any_order(
    series_store: SeriesStore,
    ledger: Ledger,
    steps: list[list[tuple[Labels, list[tuple[int, Value]]]] | tuple[Labels, int, int]],
    statistic: Statistic,
    within: TimeRange,
) -> None:
    """Whatever was written and deleted: all samples, some of them, and their statistics are those of a dictionary."""
    tenant, windows = ledger.tenant(), Windows(HOURS, 2 * HOUR, 3)
    model: dict[Labels, dict[int, Value]] = {UP_A: {}, UP_B: {}, LOAD: {}}
    for step in steps:
        if isinstance(step, list):
            await series_store.write(ledger.sealed([Write(tenant, labels, samples) for labels, samples in step]))
            for labels, samples in step:
                model[labels].update(samples)
            continue
        labels, start, end = step
        matchers = tuple(match(name, EQUAL, value) for name, value in labels)
        await series_store.delete(tenant, (matchers,), TimeRange(start, end))
        model[labels] = {time: value for time, value in model[labels].items() if not start <= time <= end}
    for asked in (ALL_TIME, within):
        wanted = {
            one: [(time, repr(value)) for time, value in sorted(its.items()) if asked.start <= time <= asked.end]
            for one, its in model.items()
        }
        found = plain(await series_store.select(tenant, (), asked, PLENTY))
        assert {one: [(time, repr(value)) for time, value in its] for one, its in found.items()} == {
            one: its for one, its in wanted.items() if its
        }
    assert await series_store.series(tenant, (), ALL_TIME, 9) == sorted(one for one, its in model.items() if its)
    told = await series_store.digested(tenant, (), windows, statistic, PLENTY)
    check(told, {one: sorted(its.items()) for one, its in model.items()}, windows, statistic)
