"""A crash between any two steps of a flush loses nothing and doubles nothing."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.crashing_flush import BATCHES, batch, told

STEPS = ["sealed", "series", "histograms", "samples", "written", "noted", "dropped", "released"]


def expected(tenant: str) -> list[float]:
    batches = [batch(n) for n in range(BATCHES) if "ab"[n % 2] == tenant]
    return sorted(v for one in batches for v in told(one.values, one.histograms))


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """How the two lives ended by the step after which the first died, and what the second found."""
    script = Path(__file__).with_name("crashing_flush.py")
    command = [sys.executable, str(script), str(tmp_path_factory.mktemp("lives")), *STEPS]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=100, check=True)
    ended: dict[str, Any] = json.loads(done.stdout)
    return ended


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_after_any_step_of_a_flush_over_three_months_is_repaired(step: str, lives: dict[str, Any]) -> None:
    """What was acknowledged before the process died is in the store once."""
    codes, found = lives[step]["codes"], lives[step]["found"]
    assert codes == [-signal.SIGKILL, 0]
    assert found["waiting"] == 0
    assert found["seen"] == {"a": expected("a"), "b": expected("b")}
    assert found["rows"] == len(expected("a")) + len(expected("b"))
    assert found["histograms"] == sum(len(batch(n).histograms) for n in range(BATCHES))
