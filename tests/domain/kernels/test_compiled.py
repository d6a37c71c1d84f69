import os
import shutil
import subprocess
import sys
from pathlib import Path

import sightline
from sightline.domain.kernels import compiled
from sightline.domain.kernels.compiled import JIT

SOURCES = Path(sightline.__file__).parents[1]


def python(program: str, **environment: str) -> str:
    """What a fresh process prints; without SIGHTLINE_JIT unless given."""
    known = {name: value for name, value in os.environ.items() if name != JIT}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**known, "PYTHONPATH": str(SOURCES), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_kernels_compiles_nothing() -> None:
    """Start-up does not pay for Numba: the twins answer until compiling was asked for."""
    program = """
import sys, numpy as np
from sightline.domain.kernels import compiled, reduce, window
out, found = np.empty((1, 1)), np.empty((1, 1), bool)
reduce.fold(np.array([[1.0], [2.0]]), np.ones((2, 1), bool), np.zeros(2, np.int64), reduce.SUM, out, found)
print(out[0, 0], compiled.state(), 'numba' in sys.modules, window.rate.is_compiled)
"""
    assert python(program).split() == ["3.0", "cold", "False", "False"]


def test_kernels_become_machine_code_in_the_background() -> None:
    """After start_compiling all kernels run machine code, and asking twice is asking once."""
    program = """
from sightline.domain.kernels import compiled
thread = compiled.start_compiling()
assert compiled.state() in (compiled.State.COMPILING, compiled.State.READY)
assert compiled.start_compiling() is thread
thread.join()
from sightline.domain.kernels import window
print(compiled.state(), window.rate.is_compiled, repr(compiled.failure()))
"""
    assert python(program).split() == ["ready", "True", "''"]


def test_jit_off_keeps_the_twins() -> None:
    """SIGHTLINE_JIT=off starts no thread."""
    program = "from sightline.domain.kernels import compiled; print(compiled.start_compiling(), compiled.state())"
    assert python(program, SIGHTLINE_JIT="off").split() == ["None", "off"]


def test_a_failure_leaves_the_twins() -> None:
    """A module that cannot be imported is a failure that is told, not a crash."""
    program = """
from sightline.domain.kernels import compiled
compiled.start_compiling(["no.such.module"]).join()
print(compiled.state(), compiled.failure())
"""
    assert python(program).split()[:2] == ["failed", "ModuleNotFoundError:"]


def test_a_changed_subroutine_elsewhere_changes_the_folder(tmp_path: Path) -> None:
    """Machine code is never found again after a source has changed that it was compiled from, and is after none has."""
    package = tmp_path / "sightline"
    shutil.copytree(SOURCES / "sightline" / "domain", package / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").touch()
    (package / "outside.py").write_text(
        "from sightline.domain.kernels.compiled import FLOATS, kernel\n"
        "from sightline.inside import twice\n"
        "@kernel(f'void({FLOATS}, float64[::1])', twin=lambda values, out: None)\n"
        "def double(values, out):\n"
        "    for i in range(len(values)):\n"
        "        out[i] = twice(values[i])\n"
    )
    program = """
import numpy as np
from sightline import outside
from sightline.domain.kernels import compiled
compiled._REGISTRY.kernels[:] = [outside.double]
for _ in compiled.compile_all([]): pass
out = np.empty(1)
outside.double(np.array([3.0]), out)
print(out[0])
"""
    folders = []
    for factor in (2, 2, 5):
        (package / "inside.py").write_text(
            f"from sightline.domain.kernels.compiled import subroutine\n@subroutine\ndef twice(x):\n    return x * {factor}\n"
        )
        assert python(program, PYTHONPATH=str(tmp_path)) == f"{3.0 * factor}\n"
        folders.append(len(list((package / "domain" / "kernels" / "__pycache__" / "compiled").iterdir())))
    assert folders == [1, 1, 2]


def test_an_unwritable_cache_is_taken_along(tmp_path: Path, monkeypatch: object) -> None:
    """Where the installed folder cannot be written, the user's cache starts with what it holds."""
    assert compiled._is_writable(tmp_path / "new")
    (tmp_path / "file").touch()
    assert not compiled._is_writable(tmp_path / "file" / "below")
