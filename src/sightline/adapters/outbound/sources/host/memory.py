"""Memory, from /proc/meminfo: every line becomes a metric."""

from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.metrics.readings import Pairs, Readings


def read(roots: Roots) -> Readings:
    """`Active(anon): 12 kB` is node_memory_Active_anon_bytes 12288; lines without a unit are counts."""
    found: dict[tuple[str, Pairs], float] = {}
    for line in (roots.proc / "meminfo").read_text().splitlines():
        key, value, *unit = line.split()
        name = "node_memory_" + key.rstrip(":").replace("(", "_").replace(")", "")
        if unit == ["kB"]:
            found[f"{name}_bytes", ()] = float(value) * 1024
        elif not unit:
            found[name, ()] = float(value)
    return found
