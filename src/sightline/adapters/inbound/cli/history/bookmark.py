"""How far an import came, in a small file, so that the next run goes on there."""

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from sightline.adapters.inbound.cli.history.source import Mark
from sightline.adapters.inbound.cli.program import Ended, Exit

_EVERY: Final = 1.0


class _Kept(msgspec.Struct):
    key: str
    part: int
    offset: int
    line: int
    samples: int
    checksum: int | None = None


@dataclass(slots=True)
class Bookmark:
    """A place in a file of its own. key: of the source and the server it goes to."""

    path: Path
    key: str
    _written: float = field(default=0.0)

    @classmethod
    def of(cls, key: str, path: Path | None) -> "Bookmark":
        """The bookmark of a source, where the user says or in the user's folder for such things."""
        digest = hashlib.sha256(key.encode()).hexdigest()
        return cls(path or _folder() / f"{digest[:16]}.json", digest)

    def read(self) -> tuple[Mark, int]:
        """Where to go on, and how many samples were stored before; the beginning when nothing is known.

        Raises:
            Ended: the file is of another source, or none.
        """
        try:
            kept = msgspec.json.decode(self.path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return Mark(), 0
        except (OSError, msgspec.DecodeError) as error:
            raise Ended(
                Exit.USAGE, f"{self.path} is no record of an import ({error}); remove it, or say --again"
            ) from None
        if kept.key != self.key:
            raise Ended(
                Exit.USAGE,
                f"{self.path} is the record of another import (source, server, tenant or options differ); "
                "say --again to begin anew",
            )
        return Mark(kept.part, kept.offset, kept.line, kept.checksum), kept.samples

    def write(self, mark: Mark, samples: int, *, now: bool = False) -> None:
        """Keep a place; unless `now`, not more often than every second.

        Raises:
            Ended: it cannot be written.
        """
        moment = time.monotonic()
        if not now and moment - self._written < _EVERY:
            return
        self._written = moment
        body = msgspec.json.encode(_Kept(self.key, mark.part, mark.offset, mark.line, samples, mark.checksum))
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(body)
            beside.replace(self.path)
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror}; say --state FILE for another place"
            raise Ended(Exit.USAGE, message) from None

    def forget(self) -> None:
        """Remove it; the import is done, or begins anew."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def _folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME", "")
    if not Path(state).is_absolute():
        state = os.path.expandvars("$HOME/.local/state")
    if not Path(state).is_absolute():
        raise Ended(Exit.USAGE, "there is no folder for the record of how far it came: say --state FILE")
    return Path(state) / "sightline" / "imports"
