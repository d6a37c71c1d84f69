"""Runs the tests: without arguments everything but the nightly ones, else what pytest makes of the arguments.

Those in the browser run beside all others, for both halves wait more than they compute.
"""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BROWSER = "tests/browser"
PYTEST = [sys.executable, "-m", "pytest"]


def run_all() -> int:
    """Run both halves at once; what the browser half says follows when the other has ended. Fails if either does."""
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen([*PYTEST, BROWSER], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT) as browser:
            try:
                others = subprocess.run([*PYTEST, f"--ignore={BROWSER}"], cwd=ROOT, check=False).returncode
            except BaseException:
                browser.terminate()
                raise
        said.seek(0)
        sys.stdout.write(said.read().decode(errors="replace"))
    return others or browser.returncode


if __name__ == "__main__":
    try:
        given = sys.argv[1:]
        sys.exit(subprocess.run([*PYTEST, *given], cwd=ROOT, check=False).returncode if given else run_all())
    except KeyboardInterrupt:
        sys.exit(130)
