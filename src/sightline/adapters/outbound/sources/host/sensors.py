"""Temperatures, from /sys/class/hwmon and /sys/class/thermal.

Source: the kernel's Documentation/hwmon/sysfs-interface.rst; values are thousandths of a degree Celsius.
"""

import re
from pathlib import Path
from typing import Final

from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.metrics.readings import Pairs, Readings

_THOUSANDTH: Final = 0.001
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9:_]")


class Sensors:
    """Temperatures of chips and thermal zones; a sensor that does not answer is left out."""

    def __init__(self, roots: Roots) -> None:
        self._chips = roots.sys / "class/hwmon"
        self._zones = roots.sys / "class/thermal"

    def hwmon(self) -> Readings:
        """Temperatures by chip and sensor; what the driver and the board call them, as labels of metrics of their own."""
        found: dict[tuple[str, Pairs], float] = {}
        for folder in sorted(self._chips.iterdir()) if self._chips.is_dir() else []:
            chip = _chip(folder)
            for path in sorted(folder.glob("temp*_input")):
                sensor = path.name.removesuffix("_input")
                labels = (("chip", chip), ("sensor", sensor))
                value = _text(path)
                if value:
                    found["node_hwmon_temp_celsius", labels] = int(value) * _THOUSANDTH
                label = _text(folder / f"{sensor}_label")
                if value and label:
                    found["node_hwmon_sensor_label", (*labels, ("label", label))] = 1.0
            name = _text(folder / "name")
            if name:
                found["node_hwmon_chip_names", (("chip", chip), ("chip_name", name))] = 1.0
        return found

    def thermal_zones(self) -> Readings:
        """Temperatures by zone."""
        found: dict[tuple[str, Pairs], float] = {}
        for folder in sorted(self._zones.glob("thermal_zone*")):
            value = _text(folder / "temp")
            if value:
                labels = (("type", _text(folder / "type")), ("zone", folder.name.removeprefix("thermal_zone")))
                found["node_thermal_zone_temp", labels] = int(value) * _THOUSANDTH
        return found


def _chip(folder: Path) -> str:
    """node_exporter's name of a chip: its bus and its device, which stay when drivers load in another order."""
    device = folder / "device"
    if not device.exists():
        return _text(folder / "name") or folder.name
    real = device.resolve()
    return "_".join(part for part in (_cleaned(real.parent.name), _cleaned(real.name)) if part)


def _cleaned(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name.lower()).strip("_")


def _text(path: Path) -> str:
    """The file's text; empty when it cannot be read, as of a sensor that is asleep."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
