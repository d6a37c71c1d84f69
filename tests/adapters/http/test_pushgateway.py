"""Pushed groups over HTTP: as Prometheus' own client pushes them, and as a real Pushgateway judges them."""

import asyncio
import base64
import gzip
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import prometheus_client
from tests.adapters.http.stage import NOW, Stage
from tests.e2e.program import until
from tests.oracles import client_messages

from sightline.adapters.wire.exposition_decoder import TEXT, ExpositionDecoder
from sightline.domain.labels import Labels

Door = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]
Caller = Callable[..., httpx.AsyncClient]

_TYPED: Final = "# TYPE x gauge\nx 1\n"
_DISTRIBUTIONS: Final = (
    '# HELP hh Sizes.\n# TYPE hh histogram\nhh_bucket{le="1"} 1\nhh_bucket{le="+Inf"} 2\nhh_sum 3\nhh_count 2\n'
    '# TYPE ss summary\nss{quantile="0.5"} 1\nss_sum 3\nss_count 2\n'
)
CALLS: Final = (
    ("PUT", "/metrics/job/a", _TYPED),
    ("PUT", "/metrics/job/b", "x 2\n"),
    ("PUT", "/metrics/job/b", "# TYPE x counter\nx 2\n"),
    ("PUT", "/metrics/job/c", "y 2\ny 3\n"),
    ("PUT", "/metrics/job/c", "y 2 1763700000000\n"),
    ("PUT", "/metrics/job/c", 'y{job="zz",instance="q"} 2\n'),
    ("PUT", "/metrics/job/d", 'y{i="1"} 2\n'),
    ("PUT", "/metrics/job/d/i/1", "y 2\n"),
    ("PUT", "/metrics/job/e", "push_time_seconds 2\n"),
    ("POST", "/metrics/job/e", "z 2\nzz 4\n"),
    ("POST", "/metrics/job/e", "z 3\n"),
    ("POST", "/metrics/job/f", ""),
    ("PUT", "/metrics/job/f", ""),
    ("PUT", "/metrics/job@base64/=", "z 2\n"),
    ("PUT", "/metrics/job@base64/L3Zhcg==", "z 2\n"),
    ("PUT", "/metrics/job@base64/L3Zhcg", "z 3\n"),
    ("PUT", "/metrics/job@base64/%%%", "z 2\n"),
    ("PUT", "/metrics/job/g/h", "z 2\n"),
    ("PUT", "/metrics/job/g/1h/x", "z 2\n"),
    ("PUT", "/metrics/job/g/__h/x", "z 2\n"),
    ("PUT", "/metrics/job/g/h/x/h/y", "z 2\n"),
    ("PUT", "/metrics/job/g/job/y", "z 2\n"),
    ("PUT", "/metrics/job/h", "z{ 2\n"),
    ("DELETE", "/metrics/job/nothing", ""),
    ("GET", "/metrics/job/a", ""),
    ("PUT", "/metrics/job/a%2Fb", "z 2\n"),
    ("PUT", "/metrics/job/i", _DISTRIBUTIONS),
    ("POST", "/metrics/job/i", '# TYPE hh histogram\nhh_bucket{le="+Inf"} 7\nhh_sum 3\nhh_count 7\n'),
    ("PUT", "/metrics/job/a", "# TYPE x counter\nx 1\n"),
    ("PUT", "/metrics/job/k", "# HELP z other\nz 2\n"),
    ("PUT", "/metrics/job/l", 'v{a="\\"\\\\\\n"} NaN\nv 1e-7\nv{b="1"} -Inf\nv{b="2"} 1234567890\n'),
    ("DELETE", "/metrics/job/c", ""),
    ("PUT", "/api/v1/admin/wipe", ""),
)


@contextmanager
def pushgateway(program: str, folder: Path) -> Iterator[str]:
    """A real one; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with (folder / "pushgateway.log").open("w") as log:
        process = subprocess.Popen(
            [program, f"--web.listen-address={address}", "--persistence.file="], cwd=folder, stdout=log, stderr=log
        )
    try:
        until(lambda: "Listening on" in (folder / "pushgateway.log").read_text())
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)


def shown(page: str) -> dict[Labels, float]:
    """The samples of a page that were pushed."""
    found = ExpositionDecoder().decode(page.encode(), TEXT)
    pairs = zip(found.series.tolist(), found.values.tolist(), strict=True)
    own = ("go_", "process_", "pushgateway_", "promhttp_", "push_time", "push_failure")
    return {
        found.labels[series]: -1.5 if value != value else value  # noqa: PLR0124 - only NaN differs from itself
        for series, value in pairs
        if not found.labels[series].name.startswith(own)
    }


async def test_a_real_pushgateway_judges_alike(
    client: httpx.AsyncClient, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Every call has the status that a Pushgateway answers, and what is shown after it, as page and as JSON, is the same."""
    program = require_binary("prometheus-pushgateway", "prometheus-pushgateway")
    with pushgateway(program, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as real:
            for number, (method, path, text) in enumerate(CALLS):
                theirs, ours = (
                    await asked(real, method, path, text),
                    await client.request(method, path, content=text),
                )
                if path.endswith("wipe"):  # which neither allows by itself, each in its words
                    assert (theirs.status_code, ours.status_code) == (404, 503)
                    continue
                assert ours.status_code == theirs.status_code, (number, method, path, text, ours.text, theirs.text)
                pages = await real.get("/metrics"), await client.get("/pushgateway/metrics")
                assert shown(pages[1].text) == shown(pages[0].text), (number, method, path, text)
            lists = await real.get("/api/v1/metrics"), await client.get("/pushgateway/api/v1/metrics")
    assert comparable(lists[1].json()) == comparable(lists[0].json())


async def asked(real: httpx.AsyncClient, method: str, path: str, text: str) -> httpx.Response:
    """A real one's answer. It does not read the body of a path that it refuses, and then its answer may be lost."""
    for _ in range(20):
        try:
            return await real.request(method, path, content=text)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            continue
    raise AssertionError(f"{method} {path} was never answered")


def comparable(answer: Any) -> Any:
    """The groups of a list by their labels, without times."""
    assert answer["status"] == "success"
    groups = {}
    for group in answer["data"]:
        for name in ("push_time_seconds", "push_failure_time_seconds"):
            for metric in group[name]["metrics"]:
                metric["value"] = "0" if metric["value"] == "0" else "when"
            group[name].pop("help")
        for family in group.values():
            if isinstance(family, dict):
                family.pop("time_stamp", None)
                if "metrics" in family:
                    family["metrics"].sort(key=str)
        groups[str(sorted(group["labels"].items()))] = group
    return groups


async def test_prometheus_client_pushes(door: Door, stage: Stage) -> None:
    """push_to_gateway, pushadd_to_gateway and delete_from_gateway do here what they do to a Pushgateway."""
    registry = prometheus_client.CollectorRegistry()
    gauge = prometheus_client.Gauge("last_success", "When.", ["volume"], registry=registry)
    seconds = prometheus_client.Histogram("took_seconds", "How long.", registry=registry, buckets=(1, 2))
    gauge.labels("home").set(7)
    seconds.observe(1.5)
    other = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("runs", "How often.", registry=other).inc()
    async with door() as (host, port):
        for base in (f"{host}:{port}", f"http://{host}:{port}/pushgateway"):
            stage.stored.clear()
            key = {"instance": "a/b", "none": ""}
            await asyncio.to_thread(
                prometheus_client.push_to_gateway, base, job="backup", registry=registry, grouping_key=key
            )
            [(_, batch)] = stage.stored
            values = dict(zip(map(str, batch.labels), batch.values.tolist(), strict=True))
            assert values['last_success{instance="a/b",job="backup",volume="home"}'] == 7
            assert values['took_seconds_bucket{instance="a/b",job="backup",le="2.0"}'] == 1
            assert values['push_time_seconds{instance="a/b",job="backup"}'] == NOW / 1000
            await asyncio.to_thread(
                prometheus_client.pushadd_to_gateway, base, job="backup", registry=other, grouping_key=key
            )
            names = {labels.name for labels in stage.stored[-1][1].labels}
            assert {"last_success", "took_seconds_bucket", "runs_total"} <= names
            await asyncio.to_thread(prometheus_client.delete_from_gateway, base, job="backup", grouping_key=key)
            async with httpx.AsyncClient() as asking:
                answer = await asking.get(f"http://{host}:{port}/pushgateway/metrics")
            assert shown(answer.text) == {}


def families() -> bytes:
    """What a client in Go pushes: protobuf."""
    return client_messages.page(
        {
            "name": "jobs_total",
            "help": "Runs.",
            "type": client_messages.COUNTER,
            "metric": [{"label": client_messages.pairs(code="ok"), "counter": {"value": 3}}],
        },
        {
            "name": "took_seconds",
            "type": client_messages.HISTOGRAM,
            "metric": [
                {
                    "histogram": {
                        "sample_count": 3,
                        "sample_sum": 1.5,
                        "bucket": [
                            {"cumulative_count": 1, "upper_bound": 0.5},
                            {"cumulative_count": 2, "upper_bound": 1},
                        ],
                    }
                }
            ],
        },
        {
            "name": "wait_seconds",
            "type": client_messages.SUMMARY,
            "metric": [
                {"summary": {"sample_count": 3, "sample_sum": 1.5, "quantile": [{"quantile": 0.5, "value": 0.25}]}}
            ],
        },
        {"name": "size", "type": client_messages.UNTYPED, "metric": [{"untyped": {"value": float("nan")}}]},
    )


async def test_protobuf_is_read_as_a_real_pushgateway_reads_it(
    client: httpx.AsyncClient, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """What clients in Go push has the same verdicts, and is shown alike."""
    again = client_messages.page({"name": "x", "metric": 2 * [{"gauge": {"value": 1}}], "type": client_messages.GAUGE})
    timed = client_messages.page(
        {"name": "x", "metric": [{"gauge": {"value": 1}, "timestamp_ms": NOW}], "type": client_messages.GAUGE}
    )
    headers = {"Content-Type": client_messages.CONTENT_TYPE}
    program = require_binary("prometheus-pushgateway", "prometheus-pushgateway")
    with pushgateway(program, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as real:
            for body in (families(), again, timed, families()[:-3], b""):
                theirs = await real.post("/metrics/job/a", content=body, headers=headers)
                ours = await client.post("/metrics/job/a", content=body, headers=headers)
                assert ours.status_code == theirs.status_code, (body, ours.text, theirs.text)
                pages = await real.get("/metrics"), await client.get("/pushgateway/metrics")
                assert len(shown(pages[0].text)) == 10
                assert canonical(shown(pages[1].text)) == canonical(shown(pages[0].text))


def canonical(samples: dict[Labels, float]) -> dict[Labels, float]:
    """With bounds as numbers, for protobuf has no text for them."""
    return {
        Labels.of(
            labels, **{name: str(float(labels.get(name))) for name in ("le", "quantile") if labels.get(name)}
        ): value
        for labels, value in samples.items()
    }


async def test_bodies_may_be_compressed_and_openmetrics(client: httpx.AsyncClient) -> None:
    """Gzip is taken apart, and OpenMetrics is read where the Content-Type says so."""
    answer = await client.put("/metrics/job/a", content=gzip.compress(b"x 1\n"), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200
    openmetrics = {"Content-Type": "application/openmetrics-text; version=1.0.0"}
    body = b'# TYPE k counter\nk_total 1 # {a="b"} 1\n# EOF\n'
    assert (await client.post("/metrics/job/a", content=body, headers=openmetrics)).status_code == 200
    page = (await client.get("/pushgateway/metrics")).text
    assert {labels.name for labels in shown(page)} == {"x", "k_total"}
    assert "# TYPE k_total counter" in page


async def test_a_wipe_is_for_administrators(caller: Caller, client: httpx.AsyncClient) -> None:
    """All groups go where http.admin allows it."""
    job = base64.urlsafe_b64encode(b"a/b").decode()
    assert (await client.put(f"/pushgateway/metrics/job@base64/{job}", content=b"x 1\n")).status_code == 200
    assert (await client.put("/api/v1/admin/wipe")).json()["code"] == "admin_disabled"
    async with caller(admin=True) as admin:
        for path in ("/api/v1/admin/wipe", "/pushgateway/api/v1/admin/wipe"):
            assert (await admin.put(path)).status_code == 202
    assert (await client.get("/pushgateway/api/v1/metrics")).json()["data"] == []


async def test_changes_are_answered_without_a_word(caller: Caller) -> None:
    """As a Pushgateway does; scripts print what they are told."""
    async with caller(admin=True) as client:
        for method, path, status in (
            ("PUT", "/metrics/job/a", 200),
            ("POST", "/metrics/job/a", 200),
            ("DELETE", "/metrics/job/a", 202),
            ("PUT", "/api/v1/admin/wipe", 202),
        ):
            answer = await client.request(method, path, content=b"x 1\n" if status == 200 else b"")
            assert (answer.status_code, answer.content) == (status, b"")
            assert answer.headers["content-type"].startswith("text/plain")


async def test_tenants_do_not_see_each_other(client: httpx.AsyncClient) -> None:
    """What one tenant pushed another does not see, nor delete, nor contradict."""
    other = {"X-Scope-OrgID": "other"}
    assert (await client.put("/metrics/job/a", content=b"x 1\n")).status_code == 200
    assert (await client.put("/metrics/job/a", content=b"# TYPE x gauge\nx 2\n", headers=other)).status_code == 200
    await client.delete("/metrics/job/a", headers=other)
    assert shown((await client.get("/pushgateway/metrics")).text) == {Labels.of(__name__="x", job="a"): 1}
    assert shown((await client.get("/pushgateway/metrics", headers=other)).text) == {}


async def test_where_clients_of_a_pushgateway_look(client: httpx.AsyncClient) -> None:
    """Its health and status are there, and /metrics stays the program's own."""
    for path in ("/pushgateway/-/healthy", "/pushgateway/-/ready"):
        assert (await client.get(path)).text == "OK"
    assert (await client.get("/pushgateway/api/v1/status")).json()["data"]["build_information"]["version"] == "1.2.3"
    await client.put("/metrics/job/a", content=b"x 1\n")
    assert shown((await client.get("/metrics")).text) == {Labels.of(__name__="sightline_tests_total"): 1}
