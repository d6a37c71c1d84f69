import pytest
from tests.contracts.ranges import Ledger, Write

from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.application.search import Found, Search, SearchLimits
from sightline.domain.errors import InvalidParameter
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import ALL_TIME, DAY, TimeRange

NOW = 1_790_000_000_000
SERIES = [Labels.of(__name__="up", job=job) for job in ("a", "b", "c")]
JOB_B = (Matcher("job", MatchOp.EQUAL, "b"),)


@pytest.fixture
async def search() -> Search:
    """Three series of the local tenant, at most two items an answer."""
    store = MemorySeries()
    await store.write(Ledger().sealed([Write(LOCAL.tenant, labels, [(NOW, 1.0)]) for labels in SERIES]))
    return Search(store, SearchLimits(max_results=2))


async def test_matching_items_are_found(search: Search) -> None:
    """Names, values and series answer for the matcher sets given."""
    assert await search.label_names(LOCAL, [JOB_B], ALL_TIME) == Found(["__name__", "job"], 2, truncated=False)
    assert await search.label_values(LOCAL, "job", [JOB_B], ALL_TIME) == Found(["b"], 2, truncated=False)
    assert await search.series(LOCAL, [JOB_B], ALL_TIME) == Found([SERIES[1]], 2, truncated=False)


@pytest.mark.parametrize(("limit", "most"), [(None, 2), (0, 2), (1, 1), (2, 2), (99, 2)])
async def test_an_answer_stops_at_the_limit_and_says_so(search: Search, limit: int | None, most: int) -> None:
    """The caller's limit holds up to search.max_results, which also holds when there is none; more is told as truncated."""
    assert await search.series(LOCAL, [], ALL_TIME, limit) == Found(SERIES[:most], most, truncated=True)
    assert await search.label_values(LOCAL, "job", [], ALL_TIME, limit) == Found(
        ["a", "b"][:most], most, truncated=True
    )
    names = await search.label_names(LOCAL, [], ALL_TIME, limit)
    assert names == Found(["__name__", "job"][:most], most, truncated=most < 2)


async def test_an_answer_that_just_fits_is_not_truncated(search: Search) -> None:
    """As many items as the limit are not called truncated."""
    found = await search.series(LOCAL, [JOB_B, (Matcher("job", MatchOp.EQUAL, "a"),)], ALL_TIME, 2)
    assert found == Found(SERIES[:2], 2, truncated=False)


async def test_a_negative_limit_is_refused(search: Search) -> None:
    """The parameter is named."""
    with pytest.raises(InvalidParameter, match="limit is -1"):
        await search.series(LOCAL, [], ALL_TIME, -1)


async def test_another_tenant_finds_nothing(search: Search) -> None:
    """The principal's tenant decides what is searched."""
    other = Principal("someone", Tenant("other"))
    assert (await search.series(other, [], ALL_TIME)).items == []
    assert (await search.label_names(other, [], ALL_TIME)).items == []
    assert (await search.label_values(other, "job", [], ALL_TIME)).items == []


async def test_the_range_decides_which_series_count(search: Search) -> None:
    """Series that were not seen in the range are not found."""
    assert (await search.series(LOCAL, [], TimeRange(NOW + DAY, NOW + 2 * DAY))).items == []


async def test_a_range_that_ends_before_it_starts_has_nothing(search: Search) -> None:
    """However near its ends are, no series was seen in it, and that is no error."""
    within = TimeRange(NOW, NOW - 1)
    assert await search.series(LOCAL, [], within) == Found([], 2, truncated=False)
    assert await search.label_names(LOCAL, [], within) == Found([], 2, truncated=False)
    assert await search.label_values(LOCAL, "job", [], within) == Found([], 2, truncated=False)
