"""Where the Engine is: as it was told to us, or where Docker and Podman put their sockets."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from typing_extensions import override

from sightline.domain.errors import SettingsInvalid, Unavailable

SETTING: Final = "containers.host"
_NOT_SPOKEN: Final = frozenset({"ssh", "npipe", "fd"})
_FORMS: Final = "write unix:///var/run/docker.sock, tcp://host:2375, or https://host:2376 with containers.tls_folder"


@dataclass(frozen=True, slots=True)
class Address:
    """An Engine: by the path of its socket, or by URL. told: whether somebody named it, so that its absence is a fault."""

    url: str
    socket: Path | None = None
    told: bool = True

    @override
    def __str__(self) -> str:
        """As messages name it."""
        return self.url if self.socket is None else str(self.socket)


def parse_address(text: str, *, tls: bool = False) -> Address:
    """An address as DOCKER_HOST holds one; tls: whether `tcp://` means TLS.

    Raises:
        SettingsInvalid: of another form.
        Unavailable: of a form that Docker's own client knows and we do not speak: ssh, named pipes. DOCKER_HOST may well hold one
            for other programs' sake, and that is no reason not to start.
    """
    refused = f"{SETTING} = {text!r} is no address of a container engine: {_FORMS}"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:  # a port that is none, a bracket that is never closed
        raise SettingsInvalid(refused, key=SETTING) from None
    if parts.scheme == "unix" and not host and parts.path.startswith("/"):
        return Address("http://docker", Path(parts.path))
    if parts.scheme in {"tcp", "http", "https"} and host and parts.path in {"", "/"}:
        scheme = "https" if parts.scheme == "https" or tls else "http"
        return Address(f"{scheme}://{parts.netloc}")
    if parts.scheme in _NOT_SPOKEN:
        raise Unavailable(f"{SETTING} = {text!r}: containers are not read over {parts.scheme}; {_FORMS}")
    raise SettingsInvalid(refused, key=SETTING)


def usual_sockets(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where an engine's socket is when nobody moved it: Docker's, then Podman's as root, then both of this user."""
    user = Path(environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    return (
        Path("/var/run/docker.sock"),
        Path("/run/podman/podman.sock"),
        user / "docker.sock",
        user / "podman" / "podman.sock",
    )


def find_socket(candidates: Sequence[Path]) -> Address | None:
    """The first socket that we may use, else the first that is there at all; None when there is none."""
    there = [path for path in candidates if _is_socket(path)]
    usable = [path for path in there if os.access(path, os.R_OK | os.W_OK)]
    chosen = next(iter(usable or there), None)
    return None if chosen is None else Address("http://docker", chosen, told=False)


def _is_socket(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:  # a folder on the way that we may not enter
        return False
