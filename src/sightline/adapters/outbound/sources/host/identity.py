"""What the machine and its operating system are called."""

import os
import shlex
from typing import Final

from sightline.adapters.outbound.sources.host.roots import Roots
from sightline.domain.metrics.readings import Pairs, Readings

_OS_KEYS: Final = (
    "BUILD_ID",
    "ID",
    "ID_LIKE",
    "IMAGE_ID",
    "IMAGE_VERSION",
    "NAME",
    "PRETTY_NAME",
    "VARIANT",
    "VARIANT_ID",
    "VERSION",
    "VERSION_CODENAME",
    "VERSION_ID",
)


def uname(roots: Roots) -> Readings:
    """Kernel, architecture and names of the machine."""
    found = os.uname()
    try:
        domain = (roots.proc / "sys/kernel/domainname").read_text().strip()
    except OSError:
        domain = "(none)"
    labels = (
        ("domainname", domain),
        ("machine", found.machine),
        ("nodename", found.nodename),
        ("release", found.release),
        ("sysname", found.sysname),
        ("version", found.version),
    )
    return {("node_uname_info", labels): 1.0}


class OperatingSystem:
    """Reads os-release again only when the file has changed."""

    def __init__(self, roots: Roots) -> None:
        self._path = roots.etc / "os-release"
        self._changed = -1
        self._readings: Readings = {}

    def read(self) -> Readings:
        """Names and version of the distribution."""
        changed = self._path.stat().st_mtime_ns
        if changed != self._changed:
            self._readings = _os_release(self._path.read_text())
            self._changed = changed
        return self._readings


def _os_release(text: str) -> Readings:
    assignments = [word for line in text.splitlines() for word in shlex.split(line, comments=True)[:1]]
    values = dict(word.split("=", 1) for word in assignments if "=" in word)
    labels = tuple((key.lower(), values.get(key, "")) for key in _OS_KEYS)
    if not any(value for _, value in labels):
        raise ValueError("os-release names no operating system")
    found: dict[tuple[str, Pairs], float] = {("node_os_info", labels): 1.0}
    version = ".".join(values.get("VERSION_ID", "").split(".")[:2])
    if version.replace(".", "", 1).isdigit():
        own = tuple((key.lower(), values.get(key, "")) for key in ("ID", "ID_LIKE", "NAME"))
        found["node_os_version", own] = float(version)
    return found
