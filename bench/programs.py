"""The programs that are measured: how each is started, where it is asked, and how it says its version."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sightline import __version__

Command = Callable[[Path, int], list[str]]
"""The command line for a folder that is the program's own and a port of loopback."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to measure. package: the Debian package that brings it; None for Sightline itself.

    ready: the path that answers 200 once it serves. fresh: query parameters that keep it from answering out of a cache of answers.
    """

    name: str
    package: str | None
    executable: str
    command: Command
    ready: str = "/-/ready"
    fresh: Mapping[str, str] | None = None

    @property
    def installed(self) -> bool:
        """Whether it can be started here."""
        return shutil.which(self.executable) is not None

    def version(self) -> str:
        """What it says of itself, `absent` where it is not installed."""
        if self.package is None:
            return __version__
        if not self.installed:
            return "absent"
        asked = subprocess.run([self.executable, "--version"], capture_output=True, text=True, timeout=10, check=False)
        found = re.search(r"\d+\.\d+\.\d+\S*", asked.stdout + asked.stderr)
        return found[0] if found else _package_version(self.package)


def _package_version(package: str) -> str:
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, timeout=10, check=False
    )
    return f"{asked.stdout.strip()} (Debian)" if asked.returncode == 0 else "unknown"


def _sightline(folder: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "sightline", "serve", "--data", str(folder / "data"), "--listen", f"127.0.0.1:{port}"]


def _prometheus(folder: Path, port: int) -> list[str]:
    config = folder / "prometheus.yml"
    if not config.exists():
        config.write_text("global: {}\n", encoding="utf-8")
    return [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
    ]


def _prometheus_with_histograms(folder: Path, port: int) -> list[str]:
    return [*_prometheus(folder, port), "--enable-feature=native-histograms"]


def _victoria_metrics(folder: Path, port: int) -> list[str]:
    return ["victoria-metrics", f"-storageDataPath={folder / 'data'}", f"-httpListenAddr=127.0.0.1:{port}"]


def _node_exporter(_: Path, port: int) -> list[str]:
    return ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}"]


def _alertmanager(folder: Path, port: int) -> list[str]:
    return [
        "prometheus-alertmanager",
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]


def _blackbox(folder: Path, port: int) -> list[str]:
    config = folder / "blackbox.yml"
    config.write_text(
        "modules: {http_2xx: {prober: http, timeout: 1s, http: {preferred_ip_protocol: ip4}}}\n", encoding="utf-8"
    )
    return ["prometheus-blackbox-exporter", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}"]


SIGHTLINE: Final = Program("Sightline", None, sys.executable, _sightline, fresh={"nocache": "1"})
PROMETHEUS: Final = Program("Prometheus", "prometheus", "prometheus", _prometheus)
PROMETHEUS_WITH_HISTOGRAMS: Final = replace(PROMETHEUS, command=_prometheus_with_histograms)
"""The same, which takes native histograms in as well."""
VICTORIA_METRICS: Final = Program(
    "VictoriaMetrics", "victoria-metrics", "victoria-metrics", _victoria_metrics, "/health", {"nocache": "1"}
)
NODE_EXPORTER: Final = Program(
    "node_exporter", "prometheus-node-exporter", "prometheus-node-exporter", _node_exporter, "/"
)
ALERTMANAGER: Final = Program("Alertmanager", "prometheus-alertmanager", "prometheus-alertmanager", _alertmanager)
BLACKBOX: Final = Program(
    "blackbox_exporter", "prometheus-blackbox-exporter", "prometheus-blackbox-exporter", _blackbox, "/-/healthy"
)

PROGRAMS: Final[Sequence[Program]] = (SIGHTLINE, PROMETHEUS, VICTORIA_METRICS)
"""Those that are compared, Sightline first."""


def present() -> list[Program]:
    """Those of them that are installed here."""
    return [program for program in PROGRAMS if program.installed]
