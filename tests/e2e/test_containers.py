"""Containers of a real Docker Engine, from the Engine to the API, the queries and the alerts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.docker_engine import DockerEngine, docker_engine
from tests.e2e.program import Program, running, until

LIMIT = 60.0
NAMES = ["busy", "hoard", "idle", "sick", "victim"]


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]
) -> Iterator[DockerEngine]:
    """An Engine with five containers under load."""
    with docker_engine(tmp_path_factory.mktemp("engine"), require_binary) as found:
        found.run("busy", "while :; do :; done", "--cpus", "0.3", "--label", "sightline.cpu_threshold=20")
        hoard = "dd if=/dev/zero of=/dev/shm/hoard bs=1M count=24 && sleep 600"
        found.run("hoard", hoard, "--memory", "32m", "--label", "sightline.memory_threshold=off")
        found.run("idle", "sleep 600", "--label", "com.docker.compose.project=shop")
        check = ("--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1")
        found.run("sick", "sleep 600", *check)
        found.run("victim", "while :; do sleep 1; done")
        yield found


def containers(program: Program, **parameters: Any) -> dict[str, Any]:
    """What the API lists, by name."""
    return {one["name"]: one for one in program.get("/api/containers", **parameters)}


def names(program: Program, query: str) -> dict[str, float]:
    """The values of an instant query, by the name of the container."""
    found = program.get("/api/v1/query", query=query)["data"]["result"]
    return {one["metric"].get("name", ""): float(one["value"][1]) for one in found}


def firing(program: Program) -> set[tuple[str, str]]:
    """The alerts that fire, with the container that each is about."""
    found = program.get("/api/v1/alerts")["data"]["alerts"]
    return {(one["labels"]["alertname"], one["labels"].get("name", "")) for one in found if one["state"] == "firing"}


@pytest.mark.timeout(240)
def test_five_containers_under_load(engine: DockerEngine, tmp_path: Path) -> None:
    """All are seen with what they use, the one above its own threshold is told of, and one that ends is gone at once."""
    flags = ("containers.interval=2s", "alerts.interval=1s", f"containers.host={engine.address}", "disk.min_free=0B")
    with running(tmp_path / "data", *(part for flag in flags for part in ("--set", flag))) as program:
        until(lambda: any(one["cpu_percent"] for one in containers(program).values()), LIMIT)
        found = containers(program)
        assert sorted(found) == NAMES

        # What each uses, of what it may use.
        assert 10 < found["busy"]["cpu_percent"] < 60
        assert found["busy"]["cpu_limit"] == pytest.approx(0.3)
        assert found["busy"]["cpu_percent_of_limit"] == pytest.approx(found["busy"]["cpu_percent"] / 0.3)
        assert found["idle"]["cpu_percent"] < found["busy"]["cpu_percent"]
        assert found["hoard"]["memory_limit_bytes"] == 32 << 20
        until(lambda: containers(program)["hoard"]["memory_bytes"] > 24 << 20, LIMIT)
        assert found["idle"]["memory_bytes"] < 8 << 20
        assert (found["busy"]["cpu_threshold"], found["hoard"]["memory_threshold"]) == (20, None)
        assert found["idle"]["status"].startswith("Up ")

        # The same as series, which move.
        assert sorted(names(program, "container_last_seen")) == NAMES
        assert list(names(program, 'container_last_seen{container_label_com_docker_compose_project="shop"}')) == [
            "idle"
        ]
        before = names(program, "container_cpu_usage_seconds_total")["busy"]
        until(lambda: names(program, "container_cpu_usage_seconds_total")["busy"] > before, LIMIT)
        history = program.get("/api/metrics", container_id=found["busy"]["id"][:12])
        assert history[-1]["cpu_percent"] > 10

        # One is above the threshold of its own label, and one fails its check; nobody else is told of.
        wanted = {("HighContainerCpu", "busy"), ("ContainerUnhealthy", "sick")}
        until(lambda: wanted <= firing(program), LIMIT)
        told = {alert for alert in firing(program) if "Container" in alert[0]}
        assert told == wanted
        assert containers(program)["sick"]["health"] == "unhealthy"

        # One ends: it leaves the list, its series end, and nobody else's do.
        engine.call("kill", "victim")
        until(lambda: "victim" not in containers(program), LIMIT)
        until(lambda: "victim" not in names(program, "container_last_seen"), LIMIT)
        assert sorted(names(program, "container_memory_percent")) == [name for name in NAMES if name != "victim"]
        stopped = containers(program, all=1)["victim"]
        assert (stopped["state"], stopped["exit_code"], stopped["cpu_percent"]) == ("exited", 137, None)
        assert program.get("/api/metrics", container_id="victim")

        # One that is started again, one that is removed.
        engine.call("start", "victim")
        until(lambda: "victim" in names(program, "container_last_seen"), LIMIT)
        engine.call("rm", "-f", "victim")
        until(lambda: "victim" not in containers(program, all=1), LIMIT)
