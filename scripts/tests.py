"""Runs the tests: without arguments everything but the nightly ones, else what pytest makes of the arguments.

Those in the browser and those of whole programs, in two halves, run beside all others, for they wait more than they compute.
"""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BROWSER, PROGRAMS = "tests/browser", "tests/e2e"
PYTEST = [sys.executable, "-m", "pytest"]


def halves() -> tuple[list[str], list[str]]:
    """The files of tests of whole programs, every other one in each."""
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / PROGRAMS).glob("test_*.py"))
    return files[::2], files[1::2]


def run_all() -> int:
    """Run all parts at once; what those beside say follows when the others have ended. Fails if any does."""
    with contextlib.ExitStack() as stack:
        running = []
        for some in ([BROWSER], *halves()):
            said = stack.enter_context(tempfile.TemporaryFile())
            part = subprocess.Popen([*PYTEST, *some], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
            running.append((stack.enter_context(part), said))
        try:
            others = subprocess.run([*PYTEST, f"--ignore={BROWSER}", f"--ignore={PROGRAMS}"], cwd=ROOT, check=False)
            ended = [others.returncode, *(part.wait() for part, _ in running)]
        except BaseException:
            for part, _ in running:
                part.terminate()
            raise
        for _, said in running:
            said.seek(0)
            sys.stdout.write(said.read().decode(errors="replace"))
    return max(ended, key=abs)


if __name__ == "__main__":
    try:
        given = sys.argv[1:]
        sys.exit(subprocess.run([*PYTEST, *given], cwd=ROOT, check=False).returncode if given else run_all())
    except KeyboardInterrupt:
        sys.exit(130)
