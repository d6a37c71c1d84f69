"""The flags of what runs until it is stopped: `serve` and `probe`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Settling:
    """Where the settings are, and what goes before them."""

    config: Annotated[Path | None, Parameter(help="Settings file [default: sightline.toml, where there is one].")] = (
        None
    )
    log_level: Annotated[str | None, Parameter(help="debug, info, warning or error [default: info].")] = None
    log_format: Annotated[str | None, Parameter(help="auto, console or json [default: auto].")] = None
    set_: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set", negative=(), consume_multiple=False, help="Any other setting, as key=value; may be repeated."
        ),
    ] = ()


SETTLING: Final = Settling()


@Parameter(name="*")
@dataclass(frozen=True, slots=True, repr=False)
class Outpost:
    """A location, and the Sightline that it probes for."""

    server: Annotated[str, Parameter(help="Address of the Sightline that is probed for.", env_var="SIGHTLINE_URL")]
    location: Annotated[str, Parameter(help="What this place is called there.", env_var="SIGHTLINE_LOCATION")]
    key: Annotated[
        str | None, Parameter(help="Its key; better in a file, for others see it here.", env_var="SIGHTLINE_KEY")
    ] = None
    key_file: Annotated[Path | None, Parameter(help="File with its key.")] = None
    buffer: Annotated[
        Path | None, Parameter(help="File that keeps results through a restart while the server is away.")
    ] = None
    buffer_size: Annotated[str, Parameter(help="What waits for the server at most; the oldest is dropped.")] = "64MiB"
    ca_file: Annotated[Path | None, Parameter(help="Certificates that are trusted in place of the system's.")] = None
    insecure: Annotated[bool, Parameter(negative=(), help="Speak http:// beyond this machine.")] = False
