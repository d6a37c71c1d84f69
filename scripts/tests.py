"""Runs the tests: without arguments everything but the nightly ones, else what pytest makes of the arguments.

Those in the browser, those of adapters, and those of whole programs in two halves run beside all others, for they wait as much as
they compute; so do several paths that are given beside each other.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ADAPTERS, BROWSER, PROGRAMS = "tests/adapters", "tests/browser", "tests/e2e"
PYTEST = [sys.executable, "-m", "pytest"]
NO_TESTS = 5
"""Pytest's exit code where none is selected."""


def halves() -> tuple[list[str], list[str]]:
    """The files of tests of whole programs, every other one in each."""
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / PROGRAMS).glob("test_*.py"))
    return files[::2], files[1::2]


def run(parts: list[list[str]]) -> int:
    """Run all parts at once; what those behind the first say follows when all have ended. Fails if any does, or if no test ran."""
    with contextlib.ExitStack() as stack:
        running = []
        for part in parts[1:]:
            said = stack.enter_context(tempfile.TemporaryFile())
            beside = subprocess.Popen([*PYTEST, *part], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
            running.append((stack.enter_context(beside), said))
        try:
            first = subprocess.run([*PYTEST, *parts[0]], cwd=ROOT, check=False)
            ended = [first.returncode, *(beside.wait() for beside, _ in running)]
        except BaseException:
            for beside, _ in running:
                beside.terminate()
            raise
        for _, said in running:
            said.seek(0)
            sys.stdout.write(said.read().decode(errors="replace"))
    return max((code for code in ended if code != NO_TESTS), key=abs, default=NO_TESTS)


def parts_of(given: list[str]) -> list[list[str]]:
    """What is run at once: everything, or the paths that come first, on as many processors as there are, each with the rest."""
    if not given:
        return [[f"--ignore={one}" for one in (ADAPTERS, BROWSER, PROGRAMS)], [ADAPTERS], [BROWSER], *halves()]
    paths = list(itertools.takewhile(lambda one: not one.startswith("-"), given))
    options = given[len(paths) :]
    beside = min(len(paths), os.cpu_count() or 1)
    return [[*paths[first::beside], *options] for first in range(beside)] if paths else [options]


if __name__ == "__main__":
    # Some 150 tests start the program, which has 640 modules: without bytecode on disk each start compiles them all, for 0.4 s.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        sys.exit(run(parts_of(sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(130)
