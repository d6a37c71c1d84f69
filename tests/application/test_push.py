"""What jobs push is kept, and stored again and again until it is deleted."""

import math

import numpy as np
import pytest
from tests.application.intake import House

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.wire import push_group
from sightline.adapters.wire.exposition_decoder import OPENMETRICS, TEXT, ExpositionDecoder
from sightline.application.push import GroupCodec, Push
from sightline.domain.errors import (
    BodyTooLarge,
    Conflict,
    InconsistentPush,
    InvalidLabel,
    Overloaded,
    SightlineError,
    StorageFull,
)
from sightline.domain.labels import LabelLimits, Labels
from sightline.domain.metrics.samples import stale_mask
from sightline.domain.push.groups import PushLimits
from sightline.domain.scrape.scraped import Scraped
from sightline.domain.tenancy import LOCAL, Principal, Tenant

pytestmark = pytest.mark.anyio

OTHER = Principal("other", Tenant("other"))
JOB = {"job": "backup"}


def body(text: str, kind: str = TEXT) -> Scraped:
    """What a body says."""
    return ExpositionDecoder().decode(text.encode(), kind, every=True)


class Yard:
    """A use case over memory adapters."""

    def __init__(self) -> None:
        self.house = House()
        self.catalog = MemoryCatalog()
        self.start()

    def start(self, limits: PushLimits | None = None) -> None:
        """Begin a run, as after a restart."""
        codec = GroupCodec(push_group.to_json, push_group.from_json)
        house = self.house
        self.push = Push(
            self.catalog, codec, house.ingest, house.clock, house.telemetry, limits or PushLimits(), LabelLimits()
        )

    async def values(self, name: str, tenant: str = "default") -> list[float | str]:
        """All values of a metric, `end` where the series ended."""
        values = np.array(await self.house.values(tenant, name))
        return ["end" if stale else value for value, stale in zip(values.tolist(), stale_mask(values), strict=True)]

    async def refused(self, text: str, error: type[SightlineError], *, whole: bool = True, **grouping: str) -> str:
        """Push what is refused; gives the message."""
        with pytest.raises(error) as refusal:
            await self.push(LOCAL, {**JOB, **grouping}, body(text), whole=whole)
        return refusal.value.message


@pytest.fixture
def yard() -> Yard:
    """A fresh one."""
    return Yard()


async def test_a_push_is_stored_at_once_and_again(yard: Yard) -> None:
    """A value that was pushed once is there at every repetition, with the time at which its group was pushed."""
    await yard.push(LOCAL, JOB, body('size{job="x",volume="a"} 1\n'), whole=True)
    pushed = yard.house.clock.now() / 1000
    for _ in range(2):
        yard.house.clock.jump(15000)
        await yard.push.repeat()
    assert await yard.values("size") == [1, 1, 1]
    assert await yard.values("push_time_seconds") == [pushed] * 3
    assert await yard.values("push_failure_time_seconds") == [0] * 3
    [group] = await yard.push.groups(LOCAL)
    [(labels, value)] = group.families["size"].samples
    assert (labels, value) == (Labels.of(__name__="size", job="backup", volume="a"), 1)


async def test_a_whole_push_ends_what_does_not_come_again(yard: Yard) -> None:
    """Of a replaced group series that are not in the body end; families of the same name alone where it is added to."""
    await yard.push(LOCAL, JOB, body("a 1\nb 1\nc 1\n"), whole=True)
    yard.house.clock.jump(1000)
    await yard.push(LOCAL, JOB, body('b{x="1"} 2\n'), whole=False)
    assert (await yard.values("a"), await yard.values("c")) == ([1, 1], [1, 1])
    assert sorted(map(str, await yard.values("b"))) == ["1.0", "2.0", "end"]
    yard.house.clock.jump(1000)
    await yard.push(LOCAL, JOB, body("a 3\n"), whole=True)
    assert (await yard.values("a"), await yard.values("c")) == ([1, 1, 3], [1, 1, "end"])
    yard.house.clock.jump(1000)
    await yard.push(LOCAL, JOB, body(""), whole=True)
    assert await yard.values("a") == [1, 1, 3, "end"]
    assert len(await yard.push.groups(LOCAL)) == 1


async def test_a_histogram_is_one_family(yard: Yard) -> None:
    """Adding a histogram with fewer buckets ends the others; counters of OpenMetrics keep their names."""
    buckets = '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n'
    await yard.push(LOCAL, JOB, body(buckets), whole=False)
    await yard.push(LOCAL, JOB, body("# TYPE k counter\nk_total 1\n# EOF\n", OPENMETRICS), whole=False)
    yard.house.clock.jump(1000)
    fewer = '# TYPE h histogram\nh_bucket{le="+Inf"} 7\nh_sum 3\nh_count 7\n'
    await yard.push(LOCAL, JOB, body(fewer), whole=False)
    assert sorted(map(str, await yard.values("h_bucket"))) == ["1.0", "2.0", "7.0", "end"]
    [group] = await yard.push.groups(LOCAL)
    assert {name: family.metadata.type for name, family in group.families.items()} == {
        "h": "histogram",
        "k_total": "counter",
    }


async def test_what_contradicts_is_refused_and_the_failure_noted(yard: Yard) -> None:
    """Times, repetitions, other types and series of other groups are refused; the group is as it was and says when that was."""
    await yard.push(LOCAL, JOB, body("# TYPE x gauge\nx 1\n"), whole=True)
    yard.house.clock.jump(1000)
    failed = yard.house.clock.now() / 1000
    assert "timestamps" in await yard.refused("x 1 1763700000000\n", InconsistentPush)
    assert "twice" in await yard.refused('x{job="1"} 1\nx{job="2"} 1\n', InconsistentPush)
    assert "gauge" in await yard.refused("# TYPE x counter\nx 1\n", InconsistentPush, instance="1")
    await yard.push(LOCAL, JOB, body('y{i="1"} 1\n'), whole=False)
    assert "already" in await yard.refused("y 1\n", InconsistentPush, i="1")
    assert sorted(map(str, await yard.values("push_failure_time_seconds"))) == ["0.0", *[str(failed)] * 3]
    groups = {str(group.key): group for group in await yard.push.groups(LOCAL)}
    assert [group.failed_at / 1000 for group in groups.values()] == [failed] * 3
    assert (await yard.values("x"))[-1] == 1
    await yard.push(LOCAL, JOB, body("# TYPE x counter\nx 1\n"), whole=True)  # of its own group alone it may


async def test_limits_and_labels_are_kept(yard: Yard) -> None:
    """A label that no series may have, and groups beyond the bounds, are refused, and nothing of them is kept."""
    assert "intake.label_value_bytes" in await yard.refused(f'x{{y="{"z" * 9000}"}} 1\n', InvalidLabel)
    yard.start(PushLimits(groups=1, group_samples=2))
    assert "push.max_group_samples" in await yard.refused("a 1\nb 1\nc 1\n", BodyTooLarge)
    await yard.push(LOCAL, JOB, body("a 1\n"), whole=True)
    assert "push.max_groups" in await yard.refused("a 1\n", Conflict, instance="1")
    assert "push.max_groups" in await yard.refused("a 1 1\n", Conflict, instance="1")
    assert len(await yard.push.groups(LOCAL)) == 1


async def test_a_deleted_group_ends(yard: Yard) -> None:
    """Its series end at once, and so do all of a tenant when they are wiped; those of other tenants stay."""
    await yard.push(LOCAL, JOB, body("x 1\n"), whole=True)
    await yard.push(LOCAL, {"job": "other"}, body("x 1\n"), whole=True)
    await yard.push(OTHER, JOB, body("x 2\n"), whole=True)
    await yard.push.delete(LOCAL, {"job": "nothing"})
    yard.house.clock.jump(1000)
    await yard.push.delete(LOCAL, JOB)
    assert sorted(map(str, await yard.values("x"))) == ["1.0", "1.0", "end"]
    yard.house.clock.jump(1000)
    await yard.push.wipe(LOCAL)
    assert await yard.push.groups(LOCAL) == []
    yard.house.clock.jump(1000)
    await yard.push.repeat()
    assert sorted(map(str, await yard.values("x"))) == ["1.0", "1.0", "end", "end"]
    assert await yard.values("x", "other") == [2, 2]


async def test_groups_survive_a_restart(yard: Yard) -> None:
    """What was pushed is there again after a restart, whatever its values and whoever's it is."""
    text = '# HELP v What\\nit is\n# TYPE v gauge\nv{x="1"} NaN\nv{x="2"} -Inf\nv{x="3"} 0.1\n'
    await yard.push(LOCAL, JOB, body(text), whole=True)
    await yard.push(OTHER, {"job": "ä/\0"[:2]}, body("w 1\n"), whole=True)
    await yard.refused("x 1 1\n", InconsistentPush)
    before = await yard.push.groups(LOCAL), await yard.push.groups(OTHER)
    yard.start()
    after = await yard.push.groups(LOCAL), await yard.push.groups(OTHER)
    assert repr(after) == repr(before)
    assert math.isnan(after[0][0].families["v"].samples[0][1])
    await yard.refused("# TYPE v counter\nv 1\n", InconsistentPush, instance="1")
    yard.house.clock.jump(1000)
    await yard.push.repeat()
    assert await yard.values("w", "other") == [1, 1]


async def test_an_end_that_could_not_be_stored_comes_with_the_next_samples(yard: Yard) -> None:
    """Where intake is full a delete says so, and the series end later."""
    await yard.push(LOCAL, JOB, body("x 1\n"), whole=True)
    yard.house.clock.jump(1000)
    yard.house.disk.room = 0
    await yard.house.retain.run_once()
    with pytest.raises((StorageFull, Overloaded)):
        await yard.push.delete(LOCAL, JOB)
    assert await yard.values("x") == [1]
    yard.house.disk.room = 10**12
    await yard.house.retain.run_once()
    await yard.push.repeat()
    assert await yard.values("x") == [1, "end"]
    assert yard.house.counted("sightline_push_groups") == 0
