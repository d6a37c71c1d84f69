"""Network devices, from /proc/net/dev and /sys/class/net."""

from typing import Final

from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.metrics.readings import Pairs, Readings

_RECEIVE: Final = ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")
_TRANSMIT: Final = ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")
_NAMES: Final = tuple(f"node_network_receive_{column}_total" for column in _RECEIVE) + tuple(
    f"node_network_transmit_{column}_total" for column in _TRANSMIT
)


def traffic(roots: Roots) -> Readings:
    """What each device received and sent."""
    found: dict[tuple[str, Pairs], float] = {}
    for line in (roots.proc / "net/dev").read_text().splitlines()[2:]:
        device, _, columns = line.rpartition(":")
        labels = (("device", device.strip()),)
        for name, column in zip(_NAMES, columns.split(), strict=True):
            found[name, labels] = float(column)
    return found


def state(roots: Roots) -> Readings:
    """Whether each device is up; `unknown`, as loopback says of itself, is not."""
    found: dict[tuple[str, Pairs], float] = {}
    for device in (roots.sys / "class/net").iterdir():
        try:
            operstate = (device / "operstate").read_text().strip()
        except OSError:
            continue  # a file such as bonding_masters, or a device that went away meanwhile
        found["node_network_up", (("device", device.name),)] = float(operstate == "up")
    return found
