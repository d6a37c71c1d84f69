"""The command `sightline`: its app, its exit codes, and the run of one command from arguments to exit code."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from sightline import __version__


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3


class Ended(Exception):
    """A command cannot go on; the text says what to do, and is empty where everything has been said."""

    def __init__(self, code: Exit, message: str = "") -> None:
        super().__init__(message)
        self.code = code


AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON, as a program wants it.")]

app = App(
    name="sightline",
    help="Metrics, alerts and the state of your machines in one program.",
    version=__version__,
    help_format="plaintext",
    help_epilogue=(
        "Exit codes: 0 done, 1 the server said no or a check failed, 2 the command line is wrong, 3 nobody answers.\n"
        "Every command but serve, probe, check-config, doctor and those that check or test files asks a running server:\n"
        "--url or SIGHTLINE_URL says which.\n"
    ),
    default_parameter=Parameter(negative=()),
    result_action="return_value",
)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command, those of the process when none are given; returns the exit code."""
    try:
        code = _run(arguments)
        # Here, and not when the interpreter ends: it could only complain.
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _discard_output()
        return Exit.DONE
    except OSError as error:
        _discard_output()
        say(f"cannot go on: {error.strerror or error}")
        return Exit.REFUSED
    return code


def _run(arguments: Sequence[str] | None) -> int:
    """One command, its objections told; what it printed may still be on the way."""
    try:
        ended = app(arguments, exit_on_error=False, print_error=True)
    except CycloptsError:
        return Exit.USAGE
    except Ended as end:
        if str(end):
            say(str(end))
        return end.code
    except SystemExit as exit_:  # what rich makes of a closed pipe
        if isinstance(exit_.__context__, BrokenPipeError):
            raise exit_.__context__ from None
        raise
    return ended if isinstance(ended, int) else Exit.DONE


def no_flags(files: Sequence[Path]) -> None:
    """Check that names of files, which may be `-`, are no flags that were mistyped.

    Raises:
        Ended: one of them is.
    """
    for file in files:
        if str(file).startswith("-") and str(file) != "-":
            raise Ended(Exit.USAGE, f"there is no flag {file}; a file of that name is ./{file}")


def read_bytes(path: Path, most: int) -> bytes:
    """What a file holds. most: bytes, whole MiB of them, that it may have.

    Raises:
        Ended: it cannot be read, or has more.
    """
    try:
        if path.stat().st_size > most:
            raise Ended(Exit.REFUSED, f"{path} is larger than {most >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise Ended(Exit.USAGE, f"{path} cannot be read: {error.strerror}") from None


def _discard_output() -> None:
    """Let what is still to be printed go nowhere, for it would fail again at the end."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(message: str) -> None:
    """Tell the person, beside the output proper."""
    print(f"sightline: {message}", file=sys.stderr)


@app.command
def version(*, as_json: AsJson = False) -> int:
    """Print the version of this program."""
    import platform

    system = f"{platform.system()} {platform.machine()}"
    if as_json:
        import json

        print(json.dumps({"version": __version__, "python": platform.python_version(), "platform": system}))
    else:
        print(f"sightline {__version__} (Python {platform.python_version()}, {system})")
    return Exit.DONE
