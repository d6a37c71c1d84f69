import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FunctionType
from typing import cast

import pytest

import sightline
from sightline.domain.kernels import compiled
from sightline.domain.kernels.compiled import JIT, subroutine

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
out, _ = reduce.fold(np.array([[1.0], [2.0]]), np.ones((2, 1), bool), np.zeros(2, np.int64), 1, reduce.SUM)
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


def test_what_runs_machine_code_is_not_compiled_again() -> None:
    """Asked for again, only kernels that were registered since are compiled."""
    program = """
from sightline.domain.kernels.compiled import compile_all
for name in ("reduce", "reduce", "trend"):
    print([one.partition('.')[0] for one in compile_all(["sightline.domain.kernels." + name])])
"""
    first, again, other = python(program).splitlines()
    assert ("'reduce'" in first, again) == (True, "[]")
    assert "'trend'" in other
    assert "'reduce'" not in other


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


@subroutine
def twice(x: float) -> float:
    """A subroutine whose source the test below changes."""
    return x * FACTOR


def loop(out: list[float]) -> None:
    """What a kernel looks like."""
    out[0] = twice(out[0])


FACTOR = 2


def test_what_a_kernel_is_compiled_from_decides_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed source of a subroutine elsewhere or a changed constant leads to another folder, nothing changed to the same."""

    def folder() -> Path:
        return compiled._folder(tmp_path, cast("FunctionType", loop), importlib.import_module("numba"))

    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("version 1")
    moved = cast("FunctionType", twice)
    monkeypatch.setattr(moved, "__code__", moved.__code__.replace(co_filename=str(elsewhere)))
    first = folder()
    assert folder() == first
    elsewhere.write_text("version 2")
    second = folder()
    assert second != first
    monkeypatch.setitem(globals(), "FACTOR", 5)
    assert folder() not in {first, second}


def test_a_kernel_is_compiled_anew_for_what_it_imports_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the modules beside it those count that it names, and those that they name; who edits another waits for no compiler."""
    texts = {
        "compiled": "sightline.domain.kernels.other",
        "own": "from sightline.domain.kernels.near import (\n    ONE,\n)\nimport sightline.domain.kernels.compiled",
        "near": "from sightline.domain.kernels.far import TWO\nfrom sightline.domain.kernels.gone import X",
        "far": "from sightline.domain.kernels.own import loop",
        "other": "from sightline.domain.kernels.own import loop",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "compiled.py"))
    found = compiled._with_imported({tmp_path / "own.py"})
    assert {path.stem for path in found} == {"own", "near", "far", "compiled"}


def test_an_unwritable_cache_is_taken_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the installed folder cannot be written, the user's takes its place with what it holds, else a new temporary one."""
    installed = tmp_path / "installed" / "__pycache__" / "compiled"
    user = tmp_path / "cache" / "sightline" / "compiled"
    (installed / "digest").mkdir(parents=True)
    (installed / "digest" / "code.nbi").write_text("machine code")
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "installed" / "compiled.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert compiled._cache() == (installed, False)
    monkeypatch.setattr(compiled, "_is_writable", lambda folder: folder != installed)
    assert compiled._cache() == (user, False)
    assert (user / "digest" / "code.nbi").read_text() == "machine code"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    root, is_temporary = compiled._cache()
    assert (root.parent, is_temporary) == (tmp_path, True)
    assert (root / "digest" / "code.nbi").exists()


def test_writable_means_that_a_file_can_be_made(tmp_path: Path) -> None:
    """A folder that is not there yet is made; below a file there can be none."""
    assert compiled._is_writable(tmp_path / "new" / "folder")
    (tmp_path / "file").touch()
    assert not compiled._is_writable(tmp_path / "file" / "below")
