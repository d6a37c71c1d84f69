"""A crash between any two steps of a flush loses nothing and doubles nothing."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.crashing_flush import BATCHES, batch

STEPS = ["sealed", "series", "samples", "written", "noted", "dropped", "released"]


def expected(tenant: str) -> list[float]:
    return sorted(v for n in range(BATCHES) if "ab"[n % 2] == tenant for v in batch(n).values.tolist())


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).with_name("crashing_flush.py")
    command = [sys.executable, str(script), str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_after_any_step_of_a_flush_over_three_months_is_repaired(step: str, tmp_path: Path) -> None:
    """What was acknowledged before the process died is in the store once, also when it dies a second time while repairing."""
    died = run(tmp_path, "die", step)
    assert died.returncode == -signal.SIGKILL, died.stderr
    finished = run(tmp_path, "finish")
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    assert found["waiting"] == 0
    assert found["seen"] == {"a": expected("a"), "b": expected("b")}
    assert found["rows"] == len(expected("a")) + len(expected("b"))
