"""This machine as a source: from a machine made of files, from the real one, and beside node_exporter."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.sources.host import HostSource, portable
from sightline.adapters.outbound.sources.host.filesystems import Filesystems, Mount, mounts
from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.domain.errors import Unavailable
from sightline.domain.metrics.samples import WriteBatch

pytestmark = pytest.mark.anyio
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' own files")

Series = tuple[str, frozenset[tuple[str, str]]]

STAT = """cpu  300 20 100 5000 10 0 7 3 40 2
cpu0 {user} 20 100 {idle} 10 0 7 3 40 2
intr 741667 0 1 2
ctxt 1631034
btime 1795246150
processes 19159
procs_running 2
procs_blocked 1
softirq 1 2 3
"""
FILES = {
    "proc/stat": STAT.format(user=300, idle=5000),
    "proc/loadavg": "1.49 0.81 0.36 1/123 4567\n",
    "proc/meminfo": "MemTotal:       24684096 kB\nActive(anon):      1592 kB\nHugePages_Total:       3\n",
    "proc/diskstats": "".join(
        f" 8 0 {device} 10 1 16 2500 20 2 32 3500 4 5000 6000 7 1 64 80 9 110\n"
        for device in ("sda", "sda1", "nvme0n1", "nvme0n1p2", "loop0", "ram1", "zram0", "dm-0", "vdb")
    )
    + " 8 0 old 10 1 16 2500 20 2 32 3500 4 5000 6000\n",
    "proc/net/dev": "Inter-|   Receive\n face |bytes\n"
    "    lo: 3193 29 0 0 0 0 0 0 3193 29 0 0 0 0 0 0\n"
    "eth0.7:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
    "proc/sys/fs/file-nr": "813\t0\t2466183\n",
    "proc/sys/kernel/domainname": "example.org\n",
    "proc/pressure/cpu": "some avg10=0.00 avg60=0.06 avg300=0.06 total=28208775\nfull avg10=0.00 total=5\n",
    "proc/pressure/io": "some avg10=0.00 total=9790203\nfull avg10=0.00 total=9169489\n",
    "proc/pressure/memory": "some avg10=0.00 total=0\nfull avg10=0.00 total=0\n",
    "proc/1/mounts": "",
    "sys/class/net/eth0.7/operstate": "up\n",
    "sys/class/net/lo/operstate": "unknown\n",
    "sys/class/net/bonding_masters": "\n",
    "sys/class/hwmon/hwmon0/name": "coretemp\n",
    "sys/class/hwmon/hwmon0/temp1_input": "45500\n",
    "sys/class/hwmon/hwmon0/temp1_label": "Package id 0\n",
    "sys/class/hwmon/hwmon0/temp2_input": "",
    "sys/class/thermal/thermal_zone0/type": "acpitz\n",
    "sys/class/thermal/thermal_zone0/temp": "-5000\n",
    "sys/devices/platform/Coretemp.0/uevent": "",
    "etc/os-release": "ID=debian\nNAME='Debian GNU/Linux' # comment\nVERSION_ID=\"12\"\n\n# nothing\nHOME_URL=x\n",
}


@pytest.fixture
def machine(tmp_path: Path) -> Roots:
    """A machine made of files."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "sys/class/hwmon/hwmon0/device").symlink_to(tmp_path / "sys/devices/platform/Coretemp.0")
    (tmp_path / "proc/1/mounts").write_text(f"/dev/sda1 {tmp_path} ext4 ro,relatime 0 0\n")
    return Roots(tmp_path / "proc", tmp_path / "sys", tmp_path / "etc")


def by_series(batch: WriteBatch) -> dict[Series, float]:
    """The values of a batch by name and labels, without the target's."""
    assert len(set(batch.labels)) == len(batch.labels) == len(batch)
    rows = zip(batch.labels, batch.values.tolist(), strict=True)
    return {(one.name, frozenset(one.drop(["__name__", "job", "instance"]))): value for one, value in rows}


def series(name: str, /, **labels: str) -> Series:
    """A key of `by_series`."""
    return name, frozenset(labels.items())


async def read(roots: Roots) -> dict[Series, float]:
    """What a new source says of a machine."""
    return by_series(await HostSource(ManualClock(), "box", roots=roots).collect())


async def test_every_sample_has_job_instance_and_the_clocks_time(machine: Roots) -> None:
    """Each series carries job node and the instance, the host name unless given, and the moment of the collection."""
    clock = ManualClock()
    batch = await HostSource(clock, "box", roots=machine).collect()
    assert {(labels.get("job"), labels.get("instance")) for labels in batch.labels} == {("node", "box")}
    assert set(batch.times.tolist()) == {clock.now()}
    assert by_series(batch)[series("node_time_seconds")] == clock.now() / 1000
    unnamed = await HostSource(clock, roots=machine).collect()
    assert {labels.get("instance") for labels in unnamed.labels} == {socket.gethostname()}


async def test_processor_time_is_in_seconds_by_core_and_mode(machine: Roots) -> None:
    """Ticks become seconds, guests are told apart, the sum over all cores is left out, and totals carry their names."""
    found = await read(machine)
    hz = os.sysconf("SC_CLK_TCK")
    modes = dict(
        zip(
            ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"),
            (300, 20, 100, 5000, 10, 0, 7, 3),
            strict=True,
        )
    )
    cpu = {key: value for key, value in found.items() if key[0].startswith("node_cpu")}
    expected = {series("node_cpu_seconds_total", cpu="0", mode=mode): ticks / hz for mode, ticks in modes.items()}
    expected[series("node_cpu_guest_seconds_total", cpu="0", mode="user")] = 40 / hz
    expected[series("node_cpu_guest_seconds_total", cpu="0", mode="nice")] = 2 / hz
    assert cpu == expected
    assert found[series("node_intr_total")] == 741667
    assert found[series("node_context_switches_total")] == 1631034
    assert found[series("node_boot_time_seconds")] == 1795246150
    assert found[series("node_forks_total")] == 19159
    assert (found[series("node_procs_running")], found[series("node_procs_blocked")]) == (2, 1)
    assert [found[series(f"node_load{minutes}")] for minutes in (1, 5, 15)] == [1.49, 0.81, 0.36]


async def test_processor_counters_never_fall_unless_the_core_was_reset(machine: Roots) -> None:
    """A counter that the kernel reports lower keeps its last value; when idle time falls by seconds, all start anew."""
    source = HostSource(ManualClock(), "box", roots=machine)
    hz = os.sysconf("SC_CLK_TCK")
    user = series("node_cpu_seconds_total", cpu="0", mode="user")
    seen = []
    for ticks, idle in ((300, 5000), (299, 5001), (301, 4999), (5, 5000 - 4 * hz)):
        (machine.proc / "stat").write_text(STAT.format(user=ticks, idle=idle))
        seen.append(by_series(await source.collect())[user] * hz)
    assert seen == [300, 300, 301, 5]


async def test_memory_lines_become_metrics(machine: Roots) -> None:
    """Kilobytes become bytes, parentheses underscores, and lines without a unit counts."""
    found = await read(machine)
    assert {key: value for key, value in found.items() if key[0].startswith("node_memory")} == {
        series("node_memory_MemTotal_bytes"): 24684096 * 1024,
        series("node_memory_Active_anon_bytes"): 1592 * 1024,
        series("node_memory_HugePages_Total"): 3,
    }


async def test_disks_are_told_without_partitions(machine: Roots) -> None:
    """Whole devices are told in bytes and seconds; partitions, loop and RAM devices are not; old kernels have fewer columns."""
    found = await read(machine)
    devices = {dict(key[1])["device"] for key in found if key[0] == "node_disk_io_now"}
    assert devices == {"sda", "nvme0n1", "dm-0", "vdb", "old"}
    sda = {key[0]: value for key, value in found.items() if key[1] == frozenset({("device", "sda")})}
    assert sda == {
        "node_disk_reads_completed_total": 10,
        "node_disk_reads_merged_total": 1,
        "node_disk_read_bytes_total": 16 * 512,
        "node_disk_read_time_seconds_total": 2.5,
        "node_disk_writes_completed_total": 20,
        "node_disk_writes_merged_total": 2,
        "node_disk_written_bytes_total": 32 * 512,
        "node_disk_write_time_seconds_total": 3.5,
        "node_disk_io_now": 4,
        "node_disk_io_time_seconds_total": 5,
        "node_disk_io_time_weighted_seconds_total": 6,
        "node_disk_discards_completed_total": 7,
        "node_disk_discards_merged_total": 1,
        "node_disk_discarded_sectors_total": 64,
        "node_disk_discard_time_seconds_total": pytest.approx(0.08),
        "node_disk_flush_requests_total": 9,
        "node_disk_flush_requests_time_seconds_total": pytest.approx(0.11),
    }
    assert series("node_disk_flush_requests_total", device="old") not in found


async def test_network_devices_are_told(machine: Roots) -> None:
    """Every column of every device is told, also of one whose first number touches its name, and which are up."""
    found = await read(machine)
    assert found[series("node_network_receive_bytes_total", device="lo")] == 3193
    eth = {key[0]: value for key, value in found.items() if key[1] == frozenset({("device", "eth0.7")})}
    assert eth.pop("node_network_up") == 1
    assert [eth[f"node_network_receive_{column}_total"] for column in ("bytes", "packets", "errs", "drop")] == [
        1,
        2,
        3,
        4,
    ]
    assert [eth[f"node_network_transmit_{column}_total"] for column in ("bytes", "packets", "errs", "drop")] == [
        9,
        10,
        11,
        12,
    ]
    assert sorted(eth.values()) == list(range(1, 17))
    assert found[series("node_network_up", device="lo")] == 0
    assert series("node_network_up", device="bonding_masters") not in found


async def test_identity_files_pressure_and_temperatures_are_told(machine: Roots) -> None:
    """Names of the machine and its system, open files, time lost by pressure, and temperatures in degrees."""
    found = await read(machine)
    uname = next(dict(key[1]) for key in found if key[0] == "node_uname_info")
    assert uname["domainname"] == "example.org"
    assert uname["nodename"] == os.uname().nodename
    assert found[series("node_os_info", id="debian", name="Debian GNU/Linux", version_id="12")] == 1
    assert found[series("node_os_version", id="debian", name="Debian GNU/Linux")] == 12
    assert found[series("node_filefd_allocated")] == 813
    assert found[series("node_filefd_maximum")] == 2466183
    assert found[series("node_pressure_cpu_waiting_seconds_total")] == pytest.approx(28.208775)
    assert found[series("node_pressure_io_stalled_seconds_total")] == pytest.approx(9.169489)
    assert found[series("node_hwmon_temp_celsius", chip="platform_coretemp_0", sensor="temp1")] == 45.5
    assert (
        found[series("node_hwmon_sensor_label", chip="platform_coretemp_0", sensor="temp1", label="Package id 0")] == 1
    )
    assert found[series("node_hwmon_chip_names", chip="platform_coretemp_0", chip_name="coretemp")] == 1
    assert series("node_hwmon_temp_celsius", chip="platform_coretemp_0", sensor="temp2") not in found
    assert found[series("node_thermal_zone_temp", zone="0", type="acpitz")] == -5


async def test_file_systems_are_told_by_mount_point(machine: Roots, tmp_path: Path) -> None:
    """Size, room, files and whether it is read-only, under the labels of the mount table."""
    found = await read(machine)
    labels = {"device": "/dev/sda1", "fstype": "ext4", "mountpoint": str(tmp_path)}
    size = os.statvfs(tmp_path)
    assert found[series("node_filesystem_size_bytes", **labels)] == size.f_blocks * size.f_frsize
    assert found[series("node_filesystem_files", **labels)] == size.f_files
    assert found[series("node_filesystem_readonly", **labels)] == 1
    assert found[series("node_filesystem_device_error", **labels)] == 0


def test_only_storage_is_a_file_system() -> None:
    """Pseudo file systems and what containers mount are left out, octal escapes are read, and a line twice counts once."""
    table = (
        "sysfs /sys sysfs rw 0 0\n"
        "tmpfs /dev/shm tmpfs rw 0 0\n"
        "tmpfs /run tmpfs rw,nosuid 0 0\n"
        "overlay / overlay rw 0 0\n"
        "overlay /var/lib/docker/overlay2/ab/merged ext4 rw 0 0\n"
        "/dev/sda1 /my\\040disk\\134x ext4 rw,ro=not 0 0\n"
        "/dev/sda1 /my\\040disk\\134x ext4 rw,ro=not 0 0\n"
        "/dev/sdb /development xfs noatime,ro 0 0\n"
    )
    assert mounts(table) == [
        Mount("tmpfs", "/run", "tmpfs", readonly=False),
        Mount("/dev/sda1", "/my disk\\x", "ext4", readonly=False),
        Mount("/dev/sdb", "/development", "xfs", readonly=True),
    ]


def test_the_root_of_a_container_is_told() -> None:
    """Where no mount is storage the root is told, whatever it is made of."""
    table = "overlay / overlay rw 0 0\nproc /proc proc rw 0 0\n"
    assert mounts(table) == [Mount("overlay", "/", "overlay", readonly=False)]


def test_a_file_system_that_hangs_is_left_behind(machine: Roots, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not answer is reported and not asked again until it has answered; the others are told all the while."""
    (machine.proc / "1/mounts").write_text("srv:/a /a nfs rw 0 0\n/dev/b /b ext4 rw 0 0\n/dev/c /c ext4 rw 0 0\n")
    answer, asked = threading.Event(), []

    def statvfs(point: str) -> os.statvfs_result:
        asked.append(point)
        if point == "/a":
            answer.wait(30)
        if point == "/c":
            raise PermissionError
        return os.statvfs_result((4096, 4096, 100, 50, 40, 10, 5, 5, 0, 255))

    monkeypatch.setattr(os, "statvfs", statvfs)
    reader = Filesystems(machine, patience=0.05)

    def errors() -> dict[str, float]:
        found = reader.read()
        return {dict(labels)["mountpoint"]: value for (name, labels), value in found.items() if name.endswith("_error")}

    try:
        for _ in range(3):
            assert errors() == {"/a": 1, "/b": 0, "/c": 1}
        assert asked.count("/a") == 1
        assert asked.count("/b") == 3
        hanging = [thread for thread in threading.enumerate() if thread.name == "statvfs"]
    finally:
        answer.set()
    for thread in hanging:
        thread.join(30)
    assert errors() == {"/a": 0, "/b": 0, "/c": 1}
    assert asked.count("/a") == 2


@pytest.mark.parametrize(
    ("broken", "collector"),
    [
        ("proc/stat", "cpu"),
        ("proc/loadavg", "loadavg"),
        ("proc/meminfo", "meminfo"),
        ("proc/diskstats", "diskstats"),
        ("proc/1/mounts", "filesystem"),
        ("proc/net/dev", "netdev"),
        ("proc/sys/fs/file-nr", "filefd"),
        ("proc/pressure/io", "pressure"),
        ("etc/os-release", "os"),
        ("sys/class/thermal/thermal_zone0/temp", "thermal_zone"),
    ],
)
async def test_what_cannot_be_read_is_left_out(machine: Roots, tmp_path: Path, broken: str, collector: str) -> None:
    """Without a file, or with nonsense in it, its collector is marked as failed, and everything else is delivered."""
    whole = await read(machine)
    for nonsense in ("cpu0 x\nsome x\nMemTotal: y kB\n?", None):
        if nonsense is None:
            (tmp_path / broken).unlink()
        else:
            (tmp_path / broken).write_text(nonsense)
        found = await read(machine)
        assert found[series("node_scrape_collector_success", collector=collector)] == 0
        succeeded = [value for key, value in found.items() if key[0] == "node_scrape_collector_success"]
        assert succeeded.count(0) == 1
        assert set(found) < set(whole)


async def test_a_machine_that_cannot_be_read_at_all_is_unavailable(tmp_path: Path) -> None:
    """Without a single file the source says so instead of delivering nothing."""
    with pytest.raises(Unavailable, match="nothing of this machine"):
        await HostSource(ManualClock(), "box", roots=Roots(tmp_path, tmp_path, tmp_path)).collect()


async def test_series_keep_their_label_sets(machine: Roots) -> None:
    """From one collection to the next label sets are the same objects; one that vanishes is no longer there."""
    source = HostSource(ManualClock(), "box", roots=machine)
    first, second = await source.collect(), await source.collect()
    assert second.labels is first.labels
    (machine.proc / "net/dev").write_text("a\nb\nlo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n")
    third = await source.collect()
    assert len(first.labels) - len(third.labels) == 16
    assert {id(labels) for labels in third.labels} < {id(labels) for labels in first.labels}


async def test_a_collection_does_not_queue_behind_one_that_hangs(
    machine: Roots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one collection does not end the next is refused, so that a device that hangs costs one thread and no more."""
    entered, leave = threading.Event(), threading.Event()
    source = HostSource(ManualClock(), "box", roots=machine, patience=0.01)

    def slow() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        entered.set()
        leave.wait(30)
        return {("x", ()): 1.0}

    monkeypatch.setattr(source, "_collectors", {"cpu": slow})
    running = asyncio.ensure_future(source.collect())
    try:
        assert await asyncio.to_thread(entered.wait, 30)
        with pytest.raises(Unavailable, match="still being read"):
            await source.collect()
    finally:
        leave.set()
    assert series("x") in by_series(await running)


async def test_the_guide_names_every_metric(machine: Roots) -> None:
    """Each metric of a machine with everything in it stands in the guide, memory and network columns by their pattern."""
    guide = (Path(__file__).parents[3] / "docs/guide/host-metrics.md").read_text()
    by_pattern = re.compile(r"node_memory_\w+|node_network_(receive|transmit)_\w+_total")
    names = {name for name, _ in await read(machine) if not by_pattern.fullmatch(name)}
    assert [name for name in sorted(names) if f"`{name}`" not in guide] == []


def test_other_platforms_deliver_the_names_that_linux_has() -> None:
    """What psutil reads goes by names and labels of which this machine's own collectors know most."""
    parts = (portable.cpu, portable.load, portable.memory, portable.disks, portable.filesystems, portable.network)
    found = {key for part in parts for key in part()}
    names = {name for name, _ in found}
    assert {"node_load1", "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"} <= names
    assert {"node_cpu_seconds_total", "node_network_receive_bytes_total", "node_boot_time_seconds"} <= names
    assert ("node_cpu_seconds_total", (("cpu", "0"), ("mode", "idle"))) in found


@pytest.fixture
def node_exporter(require_binary: Callable[[str, str], str]) -> Iterator[str]:
    """The address of a node_exporter of this machine."""
    program = require_binary("prometheus-node-exporter", "prometheus-node-exporter")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [program, f"--web.listen-address={address}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as started:
        assert started.stderr is not None
        drain = threading.Thread(target=started.stderr.read)  # or it would stop when the pipe is full
        try:
            for line in started.stderr:
                if "Listening on" in line or "TLS is disabled" in line:
                    break
            drain.start()
            yield address
        finally:
            started.kill()
            drain.join(10)


def fetch(address: str) -> str:
    """The page that a scrape of an exporter gets."""
    with urlopen(f"http://{address}/metrics", timeout=20) as answer:
        return str(answer.read(), "utf-8")


LINE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

# What node_exporter reports of these parts and we do not, or otherwise; each is explained in docs/guide/host-metrics.md.
LEFT_TO_IT = re.compile(
    r"node_network_(receive_nohandler_total|address_.*|carrier.*|device_id|dormant|flags|iface_.*|info|mtu_bytes"
    r"|name_assign_type|net_dev_group|protocol_type|speed_bytes|transmit_queue_length)|node_disk_info"
)
LEFT_TO_US = re.compile(r"node_scrape_collector_.*|node_filesystem_.*|node_network_.*|node_disk_.*")
PARTS = re.compile(
    r"node_(cpu|load|memory|filesystem|disk|network|boot_time|time_seconds|uname|os|procs|context|intr|forks|filefd|pressure"
    r"|hwmon|thermal)"
)
GAUGES_THAT_MOVE = re.compile(r"node_(load|memory|procs|filesystem|filefd|disk_io_now|hwmon|thermal)")


def exposed(page: str) -> dict[Series, float]:
    """The node_ samples of a page of exposition text, of the parts that we report."""
    found = {}
    for line in page.splitlines():
        match = LINE.fullmatch(line)
        if match and PARTS.match(match[1]) and not LEFT_TO_IT.fullmatch(match[1]):
            labels = [
                (name, value.replace('\\"', '"').replace("\\\\", "\\")) for name, value in LABEL.findall(match[2] or "")
            ]
            found[match[1], frozenset(pair for pair in labels if pair[1])] = float(match[3])
    return {key: value for key, value in found.items() if ("device", "zram0") not in key[1]}


@on_linux
async def test_node_exporter_says_the_same(node_exporter: str) -> None:
    """Whatever node_exporter says of this machine we say under the same names and labels, and counters agree in time."""
    source = HostSource(SystemClock())
    before = by_series(await source.collect())
    theirs = exposed(await asyncio.to_thread(fetch, node_exporter))
    after = by_series(await source.collect())

    assert len(theirs) > 100
    assert sorted(map(str, set(theirs) - set(after))) == []
    only_ours = {name for name, _ in set(after) - set(theirs)}
    assert [name for name in only_ours if not LEFT_TO_US.fullmatch(name)] == []
    moved = [
        (key, before[key], value, after[key])
        for key, value in theirs.items()
        if key in before and not GAUGES_THAT_MOVE.match(key[0]) and not before[key] - 0.02 <= value <= after[key] + 0.02
    ]
    assert moved == []
    total = series("node_memory_MemTotal_bytes")
    assert after[total] == theirs[total]
