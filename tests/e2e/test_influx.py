"""Clients of InfluxDB write into Sightline, and what they bring is what VictoriaMetrics and InfluxDB make of it."""

import base64
import gzip
import json
import math
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pandas as pd
import pytest
from influxdb import DataFrameClient, InfluxDBClient
from influxdb.exceptions import InfluxDBClientError
from influxdb_client.client.influxdb_client import InfluxDBClient as InfluxDBClient2
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import SYNCHRONOUS, WriteOptions
from influxdb_client.rest import ApiException
from tests.e2e.program import Program, running, until

TOKEN = "0123456789abcdef0123456789abcdef"
MS: Any = "ms"
S: Any = "s"
NewPoint: Any = Point  # it ships no types
Samples = dict[tuple[tuple[str, str], ...], list[tuple[float, float]]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Sightline, which wants a token."""
    folder = tmp_path_factory.mktemp("influx")
    (folder / "token").write_text(TOKEN)
    with running(folder / "data", "--token-file", str(folder / "token")) as found:
        yield found


@pytest.fixture
def one(program: Program) -> Iterator[InfluxDBClient]:
    """The client of version 1."""
    address = urllib.parse.urlsplit(program.url)
    client = InfluxDBClient(address.hostname, address.port, "somebody", TOKEN, database="one", gzip=True)
    yield client
    client.close()


@pytest.fixture
def two(program: Program) -> Iterator[InfluxDBClient2]:
    """The client of version 2."""
    with InfluxDBClient2(program.url, TOKEN, org="o", enable_gzip=True) as client:
        yield client


def now() -> int:
    """Seconds since 1970, some ago."""
    return int(time.time()) - 100


def asked(url: str, path: str, token: str = "", **parameters: str) -> Any:
    """An answer's JSON."""
    request = urllib.request.Request(f"{url}{path}?{urllib.parse.urlencode(parameters)}")
    if token:
        request.add_header("Authorization", f"Token {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def samples(url: str, database: str, token: str = "") -> Samples:
    """All samples of a database that are not older than an hour, by series."""
    found = asked(url, "/api/v1/query", token, query=f'{{db="{database}"}}[1h]', time=str(time.time() + 60))
    return {
        tuple(sorted(series["metric"].items())): [(time, float(value)) for time, value in series["values"]]
        for series in found["data"]["result"]
    }


def latest(program: Program, database: str) -> dict[str, float]:
    """The newest value of each metric."""
    return {dict(series)["__name__"]: values[-1][1] for series, values in samples(program.url, database, TOKEN).items()}


def test_the_client_of_version_1_writes_and_looks_around(program: Program, one: InfluxDBClient) -> None:
    """It finds somebody, makes a database, writes points of all types, and sees the database and its measurements."""
    assert one.ping() == "1.8.10"
    one.create_database("one")
    point = {
        "measurement": "cpu",
        "tags": {"host": "a b", "path": "/x, y="},
        "time": now(),
        "fields": {"usage": 0.1 + 0.2, "count": 2**53, "ok": True, "text": 'a "b"'},
    }
    assert one.write_points([point], time_precision="s", tags={"region": "eu"})
    found = samples(program.url, "one", TOKEN)
    own = {"db": "one", "host": "a b", "path": "/x, y=", "region": "eu"}
    assert found == {
        tuple(sorted({"__name__": f"cpu_{name}", **own}.items())): [(point["time"], value)]
        for name, value in {"usage": 0.1 + 0.2, "count": 2.0**53, "ok": 1.0}.items()
    }
    assert {"name": "one"} in one.get_list_database()
    assert [each["name"] for each in one.get_list_measurements()] == ["cpu_count", "cpu_ok", "cpu_usage"]
    (policy,) = one.get_list_retention_policies("one")
    assert (policy["name"], policy["default"]) == ("autogen", True)


def test_the_client_of_version_1_learns_what_was_not_stored(program: Program, one: InfluxDBClient) -> None:
    """Its error has our words and the status by which it does not try again, for queries too; what is good is stored."""
    lines = ["good x=1", "bad x=", "good y=2 1", f"good z=3 {now()}000000000"]
    with pytest.raises(InfluxDBClientError, match=r"partial write: unable to parse 'bad x='.*retention") as refused:
        one.write_points(lines, database="partial", protocol="line")
    assert refused.value.code == 400
    assert refused.value.content.endswith('dropped=2"}')
    assert latest(program, "partial") == {"good_x": 1.0, "good_z": 3.0}
    with pytest.raises(InfluxDBClientError, match="ask in PromQL at /api/v1/query"):
        one.query("SELECT * FROM cpu")


def test_data_frames_of_version_1_are_written(program: Program) -> None:
    """Columns are fields; missing values are left out."""
    address = urllib.parse.urlsplit(program.url)
    client = DataFrameClient(address.hostname, address.port, "u", TOKEN, database="frames")
    index = pd.to_datetime([now(), now() + 1], unit="s").as_unit("ns")  # the only one that the client knows
    client.write_points(pd.DataFrame({"a": [1.5, None], "b": [2, 3]}, index=index), "frame", {"k": "v"})
    client.close()
    assert latest(program, "frames") == {"frame_a": 1.5, "frame_b": 3.0}


def test_the_client_of_version_2_writes(program: Program, two: InfluxDBClient2) -> None:
    """One by one, as a line, as a point, as a data frame; and it is told how the server is."""
    assert two.ping()
    assert two.version() == "1.8.10"
    with pytest.deprecated_call():
        assert two.health().status == "pass"
    writing = two.write_api(write_options=SYNCHRONOUS)
    time_ms = 1000 * now() + 7
    writing.write("two", record=f"line,k=v x=1i {time_ms}", write_precision=MS)
    point = NewPoint("point").tag("k 1", "v,=").field("x", 2.5).field("y", value=False)
    writing.write("two", record=point.time(datetime.fromtimestamp(now(), UTC)))
    frame = pd.DataFrame({"k": ["a", "b"], "x": [3.0, 4.0]}, index=pd.to_datetime([now(), now()], unit="s", utc=True))
    writing.write("two", record=frame, data_frame_measurement_name="frame", data_frame_tag_columns=["k"])
    found = samples(program.url, "two", TOKEN)
    assert found[("__name__", "line_x"), ("db", "two"), ("k", "v")] == [(time_ms / 1000, 1.0)]
    assert [value for ((_, name), *_), ((_, value),) in sorted(found.items()) if name == "frame_x"] == [3.0, 4.0]
    assert found[("__name__", "point_y"), ("db", "two"), ("k 1", "v,=")][0][1] == 0.0
    with pytest.raises(ApiException, match="unable to parse 'x'") as refused:
        writing.write("two", record="x")
    assert (refused.value.status, json.loads(refused.value.body)["code"]) == (400, "invalid")


def test_batches_of_version_2_arrive_whole(program: Program, two: InfluxDBClient2) -> None:
    """20,000 points in batches from a thread of the client's own, each counted once."""
    begun = now()
    with two.write_api(write_options=WriteOptions(batch_size=3_000, flush_interval=10_000)) as writing:
        for number in range(20_000):
            record = NewPoint("batch").tag("n", str(number % 50)).field("x", number).time(begun + number // 500, S)
            writing.write("batches", record=record)
    found = samples(program.url, "batches", TOKEN)
    assert (len(found), sum(map(len, found.values()))) == (50, 50 * 40)
    assert max(value for values in found.values() for _, value in values) == 19_999.0


def test_a_wrong_token_is_refused_in_the_words_of_each_version(program: Program) -> None:
    """401, which senders take for what it is."""
    with InfluxDBClient2(program.url, "wrong" * 10, org="o") as client, pytest.raises(ApiException) as refused:
        client.write_api(write_options=SYNCHRONOUS).write("two", record="m x=1")
    assert (refused.value.status, json.loads(refused.value.body)["code"]) == (401, "unauthorized")
    address = urllib.parse.urlsplit(program.url)
    older = InfluxDBClient(address.hostname, address.port, "u", "wrong" * 10, database="x")
    with pytest.raises(InfluxDBClientError, match="the token is not valid") as also:
        older.write_points(["m x=1"], protocol="line")
    older.close()
    assert also.value.code == 401


def test_telegraf_makes_its_database_and_writes_in_chunks(program: Program) -> None:
    """The requests of its output for InfluxDB 1: a form with the statement, then gzip whose length is not told beforehand."""
    address = urllib.parse.urlsplit(program.url)
    password = base64.b64encode(f"telegraf:{TOKEN}".encode()).decode()
    headers = {"Authorization": f"Basic {password}", "User-Agent": "Telegraf/1.36.3 Go/1.25.1"}
    connection = HTTPConnection(str(address.hostname), address.port)
    with closing(connection):
        form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/query", 'q=CREATE+DATABASE+"chunks"', form)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"results": [{"statement_id": 0}]})
        packed = gzip.compress(telegraf(now() - 20, 2))
        pieces = (packed[start : start + 500] for start in range(0, len(packed), 500))
        sent = {**headers, "Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
        connection.request("POST", "/write?consistency=any&db=chunks&rp=", pieces, sent, encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (204, b"")
    assert len(samples(program.url, "chunks", TOKEN)) == 56


@contextmanager
def started(command: list[str], port: int, log: Path) -> Iterator[str]:
    """A server of another make."""
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
        try:
            until(lambda: _answers(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1):
            return True
    except OSError:
        return False


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(url: str, lines: bytes, token: str = "") -> tuple[int, str]:
    """Write lines; gives status and body of the answer."""
    request = urllib.request.Request(url, lines, method="POST")
    if token:
        request.add_header("Authorization", f"Token {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def telegraf(start: int, rounds: int) -> bytes:
    """What Telegraf's plug-ins for processors, memory, disks, network and the system say of two hosts every ten seconds."""
    lines = []
    for number in range(rounds):
        at = (start + 10 * number) * 10**9
        for host in ("web 1", "db=2,a"):
            tags = "host=" + host.replace(" ", "\\ ").replace("=", "\\=").replace(",", "\\,")
            for cpu in ("cpu-total", "cpu0", "cpu1"):
                share = 100 * math.sin(number + len(cpu)) ** 2
                lines.append(f"cpu,cpu={cpu},{tags} usage_idle={share!r},usage_user={100 - share!r},usage_nice=0 {at}")
            lines += [
                f"mem,{tags} total=33567899648i,available={17_000_000_000 + 4096 * number}i,used_percent={47.1 + number!r} {at}",
                f"disk,device=sda1,fstype=ext4,{tags},mode=rw,path=/ free={2**40 + number}i,inodes_used={number}i {at}",
                f"disk,device=C:,fstype=NTFS,{tags},mode=rw,path=C:\\Program\\ Files free={number}i {at}",
                f"net,{tags},interface=eth0 bytes_recv={12_345 * number}i,bytes_sent={2**62 + number}i,drop_in=0i {at}",
                f"diskio,{tags},name=sda reads={number}i,io_time={number * 7}i,weighted_io_time={number * 9}u {at}",
                f"system,{tags} load1={number / 7!r},load5=1e-3,n_cpus=2i,up=true,stale=F {at}",
                f"procstat_lookup,{tags},pid_finder=pgrep,exe=sight\\ line result_code=0i,running={number % 3}i {at}",
            ]
    return "\n".join(lines).encode()


def test_victoria_metrics_makes_the_same_series_of_what_telegraf_sends(
    program: Program, tmp_path: Path, require_binary: Callable[[str, str], str]
) -> None:
    """Names, labels, times and values are equal, all of them."""
    port = free_port()
    command = [
        require_binary("victoria-metrics", "victoria-metrics"),
        f"-storageDataPath={tmp_path / 'vm'}",
        f"-httpListenAddr=127.0.0.1:{port}",
    ]
    body = telegraf(now() - 300, 30)
    with started(command, port, tmp_path / "log") as url:
        assert post(f"{url}/write?db=telegraf", body)[0] == 204
        assert post(f"{program.url}/write?db=telegraf", body, TOKEN) == (204, "")
        urllib.request.urlopen(f"{url}/internal/force_flush", timeout=10).close()
        ours, theirs = samples(program.url, "telegraf", TOKEN), samples(url, "telegraf")
    assert ours.keys() == theirs.keys()
    assert len(ours) == 2 * (3 * 3 + 3 + 2 + 1 + 3 + 3 + 5 + 2)
    for series, values in ours.items():
        assert [time for time, _ in values] == [time for time, _ in theirs[series]]
        # They keep decimal digits and not bits, so the last one may differ.
        assert [value for _, value in values] == pytest.approx([value for _, value in theirs[series]], rel=1e-12)


LINES = [
    b"m,a=b x=1", b"m", b"m ", b"m x=", b"m x", b"m,a= x=1", b"m,=b x=1", b"m,a x=1", b",a=b x=1", b"m =1", b"m, x=1",
    b"m,a=b=c x=1", b"m,a=b,a=c x=1", b"m x=1,", b"m x=1,,y=2", b"m x= 1", b"m  x=1", b"  m x=1", b"#m x=1", b"", b"\n\n",
    b"m x=-1", b"m x=+1", b"m x=.5", b"m x=5.", b"m x=1e5", b"m x=1E-5", b"m x=1e", b"m x=-", b"m x=.", b"m x=nan",
    b"m x=inf", b"m x=0x10", b"m x=1_000", b"m x=1e400", b"m x=123456789012345678901234567890",
    b"m i=1i", b"m i=-9223372036854775808i", b"m i=9223372036854775808i", b"m i=1.0i", b"m i=i",
    b"m t=t", b"m t=T", b"m t=true", b"m t=True", b"m t=TRUE", b"m t=f", b"m t=FALSE", b"m t=tRUE", b"m t=yes", b"m t=tr",
    b'm s="x"', b'm s="a, b=c \\" d"', b'm s="two\nlines",x=1', b'm s="x', b'm s=x"', b'm s=""',
    b"m x=1 5", b"m x=1 -5", b"m x=1 5 ", b"m x=1 a", b"m x=1 5.5", b"m x=1 5 5", b"m x=1 99999999999999999999",
    b"m\\ n\\,o,a\\ b\\,c\\=d=e\\ f\\,g\\=h x\\ y\\,z\\=w=1", b"m,a=C:\\x x=1", b"m,a=\\\\b x=1", b"m,a=b\\ x=1", b"m x=1\\",
    b'm,a="b x=1', b"m=n x=1", b"m,a=b\tx=1",
]  # fmt: skip
"""Lines and what is none."""
WE_TAKE = [b"m x=1u", b"m x=1\r\nm x=2\r\n"]
"""Unsigned numbers, which InfluxDB takes since version 2, and line breaks as Windows has them without a time before."""
WE_REFUSE = [b'm s="x"y', b"m,__name__=a x=1", b"m,\xff=a x=1"]
"""What follows a string, the name that metrics have, and what is no UTF-8 and so no label."""


def test_influxdb_takes_and_refuses_the_same_lines(
    program: Program, tmp_path: Path, require_binary: Callable[[str, str], str]
) -> None:
    """The verdict over each line is that of InfluxDB 1, but for what is named."""
    port, other = free_port(), free_port()
    (tmp_path / "influx.conf").write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{other}"\n[meta]\ndir = "{tmp_path}/meta"\n'
        f'[data]\ndir = "{tmp_path}/data"\nwal-dir = "{tmp_path}/wal"\n[monitor]\nstore-enabled = false\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n'
    )
    command = [require_binary("influxd", "influxdb"), "-config", str(tmp_path / "influx.conf")]
    with started(command, port, tmp_path / "log") as url:
        assert post(f"{url}/query?q=CREATE+DATABASE+t", b"")[0] == 200

        def verdicts(line: bytes) -> tuple[bool, bool]:
            # Whether it is a line: what time it may have is another question, to which the answers differ.
            theirs = post(f"{url}/write?db=t&precision=s", line)
            ours = post(f"{program.url}/write?db=verdicts&precision=s", line, TOKEN)
            assert {ours[0], theirs[0]} <= {204, 400}, line
            return "unable to parse" not in ours[1], "unable to parse" not in theirs[1]

        found = {line: verdicts(line) for line in (*LINES, *WE_TAKE, *WE_REFUSE)}
    differing = {line: ours for line, (ours, theirs) in found.items() if ours != theirs}
    assert differing == {**dict.fromkeys(WE_TAKE, True), **dict.fromkeys(WE_REFUSE, False)}
