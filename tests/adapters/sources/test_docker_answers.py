"""What engines of all ages say, and what it means: recorded answers, with figures computed by hand."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.outbound.sources.docker import answers
from sightline.adapters.outbound.sources.docker.failures import ReadFailed
from sightline.domain.containers.container import Health, State
from sightline.domain.containers.observed import Load
from sightline.domain.containers.usage import BlockTraffic, Usage


@pytest.fixture(scope="session")
def recorded(recorded_data: Path) -> Path:
    """The folder of recorded answers."""
    return recorded_data / "docker"


def usage(path: Path) -> tuple[Usage, Usage | None]:
    """A recorded read, and the one before it."""
    now, before = answers.usage(path.read_bytes())
    assert now is not None
    return now, before


def container(body: bytes = b'{"Id":"ab"}') -> Load:
    """What a container without limits, whose stats these are, is loaded with."""
    now, before = answers.usage(body)
    assert now is not None
    return Load.of(0, answers.container(b'{"Id":"ab"}'), now, before)


def with_times(path: Path, read: str, preread: str) -> bytes:
    """A recorded read as if it was made at these times: the examples of the documentation leave the earlier one out."""
    tree = msgspec.json.decode(path.read_bytes())
    return msgspec.json.encode({**tree, "read": read, "preread": preread})


def test_cgroup_v1_as_the_documentation_shows_it(recorded: Path) -> None:
    """CPU (100215355 - 100093996) / (739306590000000 - 9492140000000) x 4 x 100; memory 6537216 - 0 of 67108864."""
    path = recorded / "stats_cgroup1_api1.43_example.json"
    load = container(with_times(path, "2015-01-08T22:57:31.547920715Z", "2015-01-08T22:57:30.547920715Z"))
    assert load.cpu_percent == pytest.approx(121359 / 729814450000000 * 4 * 100)
    assert load.cpu_percent == pytest.approx(6.6514e-8, rel=1e-4)
    assert load.cpu_percent_of_limit == pytest.approx(6.6514e-8 / 4, rel=1e-4)
    assert load.memory_percent == pytest.approx(9.741211, rel=1e-6)
    assert load.usage.memory.rss == 6537216
    assert load.usage.threads == 3
    assert load.usage.networks is not None
    assert [(one.interface, one.rx_bytes, one.tx_bytes) for one in load.usage.networks] == [
        ("eth0", 5338, 648),
        ("eth5", 4641, 690),
    ]


def test_one_read_alone_has_no_cpu_percentage(recorded: Path) -> None:
    """A read whose predecessor was never made says nothing about the rate."""
    now, before = usage(recorded / "telegraf_memory_stats_stats_123456789.json")
    assert before is None
    assert (now.cpu.used, now.cpu.machine, now.cpu.cpus) == (500, 100, 2)
    assert (now.cpu.periods, now.cpu.throttled_periods) == (1, 0)
    assert now.devices == (BlockTraffic("6:0", 100, 0),)


def test_a_read_of_linux_with_its_predecessor(recorded: Path) -> None:
    """CPU (500 - 400) / (100 - 50) x 2 x 100 = 400 %; memory (1111 - 0) of 2000 = 55.55 %."""
    path = recorded / "telegraf_memory_stats_stats_123456789.json"
    load = container(with_times(path, "2026-04-27T15:49:54.493486224+02:00", "2026-04-27T15:49:53+02:00"))
    assert load.cpu_percent == pytest.approx(400)
    assert load.memory_percent == pytest.approx(55.55)
    assert load.usage.memory.rss == 44
    assert load.usage.read_at == 1_777_297_794_493_486_224


def test_windows_counts_in_ticks_and_shows_percent_of_the_machine(recorded: Path) -> None:
    """536718750 ticks of 100 ns in 60 s on 64 processors: 53.671875 / (60 x 64) = 1.3977 %; memory is the private working set."""
    path = recorded / "telegraf_windows_memory_stats_stats_123456789.json"
    load = container(with_times(path, "2017-01-11T08:32:46.2413794Z", "2017-01-11T08:31:46.2413794Z"))
    assert load.cpu_percent == pytest.approx(1.397705, rel=1e-6)
    assert load.cpu_percent_of_limit == load.cpu_percent
    assert load.usage.memory.working_set == 59961344
    assert load.usage.memory.usage == 77160448
    assert load.memory_percent is None


def test_an_engine_of_2015_is_understood(recorded: Path) -> None:
    """One network without a name, numbers as floats, CPUs counted by their entries; memory 179314688 - 798720."""
    now, _ = usage(recorded / "stats_2015_api1.17_docker-py.json")
    assert now.cpu.cpus == 4
    assert now.memory.working_set == 178515968
    assert now.networks is not None
    assert [(one.interface, one.rx_bytes) for one in now.networks] == [("eth0", 567224)]
    assert now.devices == (BlockTraffic("8:0", 72843264, 4096),)


def test_cgroup_v2_has_its_own_names() -> None:
    """`inactive_file`, `file` and `anon` of memory.stat; operations in small letters."""
    body = b"""{"read": "2026-11-21T11:00:00Z", "memory_stats": {"usage": 1000, "limit": 4000,
        "stats": {"inactive_file": 250, "file": 600, "anon": 300, "file_mapped": 50}},
        "blkio_stats": {"io_service_bytes_recursive": [{"major": 253, "minor": 1, "op": "write", "value": 9}]}}"""
    memory = container(body).usage.memory
    assert (memory.working_set, memory.cache, memory.rss, memory.mapped_file) == (750, 600, 300, 50)
    assert container(body).memory_percent == 18.75
    assert container(body).usage.devices == (BlockTraffic("253:1", 0, 9),)


def test_a_stopped_container_has_nothing_to_read() -> None:
    """Engines answer for it all the same, with a read that was never made."""
    assert answers.usage(b'{"read": "0001-01-01T00:00:00Z", "cpu_stats": {}}') == (None, None)


def test_a_description_as_the_documentation_shows_it(recorded: Path) -> None:
    """Name without its slash, image by its name, state, health, restarts, labels, limits and times."""
    found = answers.container((recorded / "container_inspect_api1.43_example.json").read_bytes())
    assert (found.name, found.image) == ("boring_euclid", "ubuntu")
    assert (found.state, found.health, found.restarts, found.exit_code) == (State.RUNNING, Health.HEALTHY, 1, 9)
    assert found.labels["com.example.vendor"] == "Acme"
    assert (found.started_at, found.finished_at) == (1_420_559_252_072, 1_420_559_252_080)


def test_a_list_as_the_documentation_shows_it(recorded: Path) -> None:
    """The ids, whatever else there is."""
    found = answers.listed((recorded / "containers_list_api1.43_example.json").read_bytes())
    assert [one.id for one in found] == ["8dfafdbc3a40", "9cd87474be90", "3176a2479c92", "4cb07b47f9fb"]


@pytest.mark.parametrize(
    ("host", "limit", "quota"),
    [
        ({}, None, 0),
        ({"NanoCpus": 1_500_000_000}, 1.5, 150_000),
        ({"CpuQuota": 25_000, "CpuPeriod": 50_000}, 0.5, 25_000),
        ({"CpuQuota": 200_000}, 2.0, 200_000),
        ({"CpuQuota": -1}, None, 0),
        ({"CpusetCpus": "0-2,7"}, 4.0, 0),
        ({"CpusetCpus": "0-3", "NanoCpus": 500_000_000}, 0.5, 50_000),
        ({"CpusetCpus": "all of them"}, None, 0),
        ({"CpuCount": 3}, 3.0, 0),
    ],
)
def test_a_cpu_limit_in_every_form(host: dict[str, object], limit: float | None, quota: int) -> None:
    """Whole and part CPUs, quota per period, a set of CPUs, Windows' count; of several the least."""
    body = msgspec.json.encode({"Id": "ab", "HostConfig": host})
    found = answers.container(body).processors
    assert (found.limit, found.quota) == (limit, quota)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b'{"Id": "../../secret"}', b'{"Id": 5}', b"\xff\xfe", b'{"Id":"a","State":7}']
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    """Anything else than the API promises is a failed read, ids that would mean something in a path included."""
    with pytest.raises(ReadFailed):
        answers.container(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "read",
                        "preread",
                        "cpu_stats",
                        "cpu_usage",
                        "total_usage",
                        "memory_stats",
                        "stats",
                        "usage",
                        "limit",
                        "networks",
                        "Id",
                        "State",
                        "StartedAt",
                    ]
                ),
                inner,
                max_size=6,
            )
        ),
    )
)
def test_no_answer_breaks_anything_else(tree: object) -> None:
    """Whatever an engine says is a read, or a failed one."""
    body = msgspec.json.encode(tree)
    for decode in (answers.usage, answers.container, answers.listed, answers.event):
        try:
            decode(body)
        except ReadFailed:
            continue
