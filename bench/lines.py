"""Influx lines as Telegraf sends them: processors, memory, disks and network of many hosts, encoded before a clock starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from bench.doors import INFLUX
from bench.samples import Request

_TAGS: Final = "host=host-{host:04d},region=eu-west-{zone},team=team-{team}"
_CPU: Final = ("user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
_MEASUREMENTS: Final = (
    *(("cpu", f",cpu=cpu{number}", tuple(f"usage_{one}" for one in _CPU), False) for number in range(4)),
    ("mem", "", ("active", "available", "buffered", "cached", "free", "inactive", "total", "used"), True),
    *(
        ("disk", f",device=sd{one},fstype=ext4,path=/mnt/{one}", ("free", "inodes_free", "total", "used"), True)
        for one in "abc"
    ),
    *(
        ("net", f",interface=eth{one}", ("bytes_recv", "bytes_sent", "drop_in", "err_in", "packets_recv"), True)
        for one in range(2)
    ),
)
LINES_A_HOST: Final = len(_MEASUREMENTS)
"""Lines of a host at one instant."""
VALUES_A_HOST: Final = sum(len(fields) for _, _, fields, _ in _MEASUREMENTS)
"""Values in them."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How many hosts tell of themselves how often. start: ns of the first round; step: ns between two."""

    start: int
    rounds: int
    hosts: int = 100
    step: int = 10_000_000_000
    hosts_a_request: int = 50


def requests(stream: Stream, seed: int = 1) -> Iterator[Request]:
    """The bodies, round after round; `samples` of a request counts its lines."""
    random = np.random.default_rng(seed)
    heads = [
        [f"{name},{_TAGS.format(host=host, zone=host % 3, team=host % 7)}{more} " for name, more, _, _ in _MEASUREMENTS]
        for host in range(stream.hosts)
    ]
    for number in range(stream.rounds):
        time = stream.start + number * stream.step
        for part, first in enumerate(range(0, stream.hosts, stream.hosts_a_request)):
            hosts = range(first, min(first + stream.hosts_a_request, stream.hosts))
            values = random.integers(0, 10_000_000, (len(hosts), VALUES_A_HOST)).tolist()
            text = "".join([_of_host(heads[host], row, time) for host, row in zip(hosts, values, strict=True)])
            yield Request(part, len(hosts) * LINES_A_HOST, text.encode(), INFLUX)


def _of_host(heads: list[str], values: list[int], time: int) -> str:
    lines, at = [], 0
    for head, (_, _, fields, is_whole) in zip(heads, _MEASUREMENTS, strict=True):
        own = values[at : at + len(fields)]
        at += len(fields)
        texts = [f"{value}i" for value in own] if is_whole else [f"{value / 100_000}" for value in own]
        lines.append(f"{head}{','.join(map('='.join, zip(fields, texts, strict=True)))} {time}\n")
    return "".join(lines)
