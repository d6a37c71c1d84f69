"""A container as series."""

from sightline.domain.containers.container import Container, Health, Processors, State
from sightline.domain.containers.observed import Alarms, Load, Observed
from sightline.domain.containers.readings import MAX_VALUE, label_name, readings
from sightline.domain.containers.thresholds import Threshold
from sightline.domain.containers.usage import BlockTraffic, CpuTime, Memory, Traffic, Usage
from sightline.domain.labels import LabelLimits, check
from sightline.domain.metrics.readings import Batches

ALARMS = Alarms(Threshold(90.0), Threshold(85.0))
PROJECT = "com.docker.compose.project"


def running(**more: object) -> Container:
    """A running container."""
    fields: dict[str, object] = {
        "id": "a" * 64,
        "name": "web-1",
        "image": "nginx:1.27",
        "state": State.RUNNING,
        "started_at": 1_000_000,
        "restarts": 2,
        "labels": {PROJECT: "shop", "secret": "x"},
        "processors": Processors(limit=0.5, shares=512, quota=50_000, period=100_000),
        "memory_limit": 1000,
    }
    return Container(**{**fields, **more})  # type: ignore[arg-type]  # fields by name, as a test changes them


def read(at: int, used: float, machine: float) -> Usage:
    """One read, `at` in seconds."""
    return Usage(
        at * 1_000_000_000,
        CpuTime(
            used=used * 1e9, user=1e9, machine=machine * 1e9, cpus=2, periods=10, throttled_periods=4, throttled=2e9
        ),
        Memory(usage=500, working_set=400, limit=1000, cache=100, rss=350),
        (Traffic("eth0", rx_bytes=1, tx_bytes=2), Traffic("eth1", rx_bytes=10, tx_bytes=20)),
        (BlockTraffic("8:0", 5, 6),),
        threads=3,
    )


def values(observed: Observed, *kept: str) -> dict[str, float]:
    """By metric name and what stands beside the identity."""
    found = {}
    for (name, pairs), value in readings(observed, kept):
        rest = [text for label, text in pairs if label not in {"id", "name", "image", label_name(PROJECT)}]
        found[" ".join([name, *rest])] = value
    return found


def test_a_running_container_shows_its_use_under_cadvisors_names() -> None:
    """Counters in seconds and bytes, percentages from two reads, thresholds and limits beside them."""
    container = running()
    load = Load.of(5_000, container, read(6, used=3, machine=30), read(1, used=1.5, machine=20))
    found = values(Observed(container, ALARMS, load))
    expected = {
        "container_state running": 1,
        "container_cpu_usage_seconds_total total": 3,
        "container_cpu_user_seconds_total": 1,
        "container_cpu_cfs_throttled_seconds_total": 2,
        "container_cpu_percent": 30,  # 1.5 s of 10 s on 2 CPUs
        "container_cpu_percent_of_limit": 60,  # 0.3 of 0.5 CPUs
        "container_spec_cpu_quota": 50_000,
        "container_memory_usage_bytes": 500,
        "container_memory_working_set_bytes": 400,
        "container_memory_percent": 40,
        "container_spec_memory_limit_bytes": 1000,
        "container_network_receive_bytes_total eth1": 10,
        "container_network_transmit_bytes_total eth0": 2,
        "container_fs_writes_bytes_total 8:0": 6,
        "container_start_time_seconds": 1000,
        "container_last_seen": 5,
        "container_restarts_total": 2,
        "container_cpu_threshold_percent": 90,
        "container_memory_threshold_percent": 85,
        "container_threads": 3,
    }
    assert {name: found.get(name) for name in expected} == expected


def test_a_first_read_has_no_cpu_percentage() -> None:
    """Rates need two reads; everything else is there at once."""
    found = values(Observed(running(), ALARMS, Load.of(5_000, running(), read(6, used=3, machine=30), None)))
    assert "container_cpu_percent" not in found
    assert "container_memory_percent" in found


def test_a_stopped_container_shows_that_it_is_there_and_no_more() -> None:
    """Its state and restarts; nothing of limits, thresholds or use."""
    found = values(Observed(running(state=State.EXITED), ALARMS))
    assert found == {"container_state exited": 1, "container_restarts_total": 2}


def test_a_threshold_that_is_off_has_no_series() -> None:
    """So that a rule that compares with it never holds."""
    found = values(Observed(running(), Alarms(Threshold(None), Threshold(50.0))))
    assert "container_cpu_threshold_percent" not in found
    assert found["container_memory_threshold_percent"] == 50


def test_health_is_shown_only_where_a_check_has_spoken() -> None:
    """1 or 0; nothing without a check or before its first word."""
    shown = {
        health: values(Observed(running(health=health), ALARMS)).get("container_healthy")
        for health in (Health.HEALTHY, Health.UNHEALTHY, Health.STARTING, Health.NONE)
    }
    assert list(shown.values()) == [1, 0, None, None]


def test_only_chosen_docker_labels_become_labels() -> None:
    """Under cAdvisor's name, in a form that every client can write."""
    series = next(readings(Observed(running(), ALARMS), [PROJECT, "not.there"]))[0]
    assert dict(series[1]) == {
        "id": "a" * 64,
        "image": "nginx:1.27",
        "name": "web-1",
        "container_label_com_docker_compose_project": "shop",
        "state": "running",
    }


def test_whatever_a_container_is_called_its_series_can_be_stored() -> None:
    """Long names and NUL bytes are cut, and two Docker labels that become one name are one."""
    labels = {"a.b": "1\x00", "a-b": "2", "long": "y" * 10_000}
    container = running(name="n" * 10_000, image="", labels=labels)
    series = dict(readings(Observed(container, ALARMS), list(labels)))
    for one in Batches("docker", "here").make(0, series).labels:
        check(one, LabelLimits(value_bytes=MAX_VALUE))
        assert one.get("container_label_a_b") == "1"
