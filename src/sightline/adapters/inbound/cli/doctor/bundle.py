"""The support bundle: what those who help need to see, and neither secrets nor data."""

import io
import json
import os
import platform
import tarfile
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from sightline import __version__
from sightline.adapters.inbound.cli.doctor.door import is_ours, reach, tree
from sightline.adapters.inbound.cli.doctor.finding import Finding
from sightline.adapters.inbound.cli.doctor.installation import Installation
from sightline.adapters.inbound.cli.doctor.redact import redacted, redacted_text
from sightline.adapters.inbound.cli.program import Ended, Exit

LOG_LINES: Final = 2_000
LOG_BYTES: Final = 1 << 20
"""How much of the end of a log goes into the bundle, whichever is less."""

_README: Final = """What `sightline doctor --bundle` wrote: look through it before you pass it on.

findings.json   what the doctor found
versions.json   of Sightline, Python, the system and the libraries
settings.json   all settings; tokens, passwords, header values and the like are taken out
health.json     what /health answers, where the program runs
metrics.txt     what the program measures about itself
targets.json    what is scraped and how it goes, addresses without credentials
logs.txt        the end of the log, where --log named one

No samples, alerts or dashboards are in it.
"""


def write_bundle(path: Path, installation: Installation, findings: Iterable[Finding], log: Path | None) -> None:
    """Write the bundle, readable by its owner alone.

    Raises:
        Ended: the bundle cannot be written, or the log cannot be read.
    """
    files = _files(installation, findings)
    if log is not None:
        files["logs.txt"] = redacted_text(_end_of(log))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            for name, text in files.items():
                _add(archive, f"sightline-support/{name}", text.encode())
    except OSError as error:
        raise Ended(Exit.USAGE, f"--bundle {path} cannot be written: {error.strerror}") from None


def _files(installation: Installation, findings: Iterable[Finding]) -> dict[str, str]:
    asking = installation.asking
    found = [{"part": one.part, "verdict": one.verdict, "text": one.text, "remedy": one.remedy} for one in findings]
    files = {
        "README.txt": _README,
        "findings.json": _json(redacted(found)),
        "versions.json": _json(_versions()),
        "settings.json": _json(redacted(dict(installation.settings))),
    }
    health, metrics = reach(asking, "/health"), reach(asking, "/metrics")
    if health is not None and is_ours(tree(health)):
        files["health.json"] = _json(redacted(tree(health)))
        if metrics is not None and metrics.status == HTTPStatus.OK:
            files["metrics.txt"] = redacted_text(metrics.body.decode("utf-8", "replace"))
        targets = tree(reach(asking, "/api/v1/targets")).get("data")
        if targets is not None:
            files["targets.json"] = _json(redacted(targets))
    return files


def _versions() -> Mapping[str, Any]:
    libraries = {one.metadata["Name"]: one.version for one in distributions()}
    return {
        "sightline": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "libraries": dict(sorted(libraries.items(), key=lambda item: item[0].lower())),
    }


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_BYTES))
            lines = file.read(LOG_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise Ended(Exit.USAGE, f"--log {log} cannot be read: {error.strerror}") from None
    return "\n".join(lines[-LOG_LINES:]) + "\n"


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(content))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"
