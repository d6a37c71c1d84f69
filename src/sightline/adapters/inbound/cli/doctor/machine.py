"""The machine and the copy of the program: libraries, compiled kernels, web UI, clock, limits, container engine."""

import importlib.util
import os
import platform
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sightline import __version__
from sightline.adapters.inbound.cli.doctor.finding import Finding, fail, ok, warn

PACKAGE: Final = Path(__file__).parents[4]
"""The folder of the installed program."""

_LIBRARIES: Final = ("chdb", "numba", "numpy", "pyarrow", "litestar", "uvicorn", "sqlalchemy")
_UI: Final = PACKAGE / "adapters" / "inbound" / "http" / "ui"
_COMPILED: Final = PACKAGE / "domain" / "kernels" / "__pycache__" / "compiled"
_OPEN_FILES: Final = 4096
_PATIENCE: Final = 2.0


def check_machine(environment: dict[str, str]) -> Iterator[Finding]:
    """Look at everything that is there before the program starts."""
    yield ok("program", f"Sightline {__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}")
    yield _libraries()
    yield _kernels(environment)
    yield _ui()
    yield _clock()
    yield _files()
    yield _engine(environment)


def _libraries() -> Finding:
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        return fail("libraries", f"missing: {', '.join(missing)}", "Install Sightline anew, with all it depends on.")
    return ok("libraries", "all there")


def _kernels(environment: dict[str, str]) -> Finding:
    if environment.get("SIGHTLINE_JIT", "").lower() == "off":
        return warn("kernels", "SIGHTLINE_JIT=off: queries run without machine code", "Unset it, but for a test.")
    cache = environment.get("XDG_CACHE_HOME") or f"{environment.get('HOME', '')}/.cache"
    folders = (_COMPILED, Path(cache) / "sightline" / "compiled")
    compiled = any(folder.is_dir() and any(folder.rglob("*.nbc")) for folder in folders)
    if compiled:
        return ok("kernels", "compiled code is there")
    remedy = "The first start compiles them in the background; python -m sightline.domain.kernels does it now."
    return warn("kernels", "not compiled yet: the first queries are slower", remedy)


def _ui() -> Finding:
    if (_UI / "index.html").is_file():
        return ok("web UI", "built")
    return warn("web UI", "not built: the API works, the page does not", "In the source folder: make web")


def _clock() -> Finding:
    written = (PACKAGE / "__init__.py").stat().st_mtime
    if time.time() + 86400 < written:
        text = "this machine's clock is before the day on which Sightline was installed"
        return fail("clock", text, "Set it; NTP keeps it right. Samples would get wrong times.")
    return ok("clock", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()))


def _files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _OPEN_FILES:
        return warn(
            "open files", f"at most {soft}", f"Raise it: ulimit -n {_OPEN_FILES}, or LimitNOFILE= in the service."
        )
    return ok("open files", "no limit" if soft == resource.RLIM_INFINITY else f"at most {soft}")


def _engine(environment: dict[str, str]) -> Finding:
    """The container engine, by the socket that Docker's own client would use."""
    host = environment.get("DOCKER_HOST", "")
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    sockets = [Path("/var/run/docker.sock"), Path("/run/podman/podman.sock")]
    if runtime:
        sockets.append(Path(runtime) / "podman" / "podman.sock")
    if host.startswith("unix://"):
        sockets = [Path(host.removeprefix("unix://"))]
    elif host:
        return ok("containers", "DOCKER_HOST names an engine over the network")
    for path in sockets:
        if path.exists():
            return _socket(path)
    if host:
        return warn(
            "containers", f"DOCKER_HOST names {sockets[0]}, which is not there", "Start the engine, or unset it."
        )
    return ok("containers", "no engine here; containers are not watched")


def _socket(path: Path) -> Finding:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
            trial.settimeout(_PATIENCE)
            trial.connect(os.fspath(path))
    except PermissionError:
        remedy = (
            "Add the user who runs Sightline to the group of the socket: sudo usermod -aG docker USER, and log in anew."
        )
        return warn("containers", f"{path} is there but may not be used", remedy)
    except OSError as error:
        return warn(
            "containers", f"{path} is there, but nobody answers: {error.strerror or error}", "Start the engine."
        )
    return ok("containers", f"an engine answers at {path}")
