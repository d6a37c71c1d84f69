"""What the doctor is told about the installation by those who know the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sightline.adapters.inbound.cli.asking import Asking


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation, as its settings describe it.

    problems: what is wrong with the settings. settings_file: where they would stand. settings: all of them by key, as plain values.
    data: the data folder. min_free: bytes of disk that are to stay free. listen: address and port of the door, None where another
    address is to be looked at. asking: how to ask the running program, if it runs.
    """

    problems: tuple[str, ...]
    settings_file: Path
    settings: Mapping[str, Any] = field(repr=False)
    data: Path
    min_free: int
    listen: str | None
    asking: Asking
