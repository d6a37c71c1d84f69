"""What is said of the metrics of a host."""

from pathlib import Path
from typing import Final

from sightline.adapters.outbound.sources.host.described import METADATA

GUIDE: Final = Path(__file__).parents[3] / "docs" / "guide" / "host-metrics.md"


def test_what_is_described_is_what_the_guide_lists() -> None:
    """Every metric that the guide names by its whole name is described, with the type that its name tells."""
    table = GUIDE.read_text(encoding="utf-8").split("## What is left out")[0]
    named = {
        part
        for line in table.splitlines()
        for part in line.split("`")[1::2]
        if part.startswith("node_") and "." not in part
    }
    assert {name for name in named if name not in METADATA} <= {"node_exporter"}
    assert all((one.type == "counter") == name.endswith("_total") for name, one in METADATA.items())
    assert all(one.help.endswith(".") for one in METADATA.values())
