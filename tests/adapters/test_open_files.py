"""How many files may be open."""

import subprocess
import sys

LIMITS = """
import resource
from sightline.adapters.outbound.system.open_files import allow_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(allow_open_files({wanted}), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limits(soft: int, hard: int, wanted: int) -> str:
    """What a process has that began with these."""
    command = [sys.executable, "-c", LIMITS.format(soft=soft, hard=hard, wanted=wanted)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_the_limit_is_raised_as_far_as_the_machine_lets_us() -> None:
    """And no further than is of use; one that is larger stays."""
    assert limits(100, 150, 1000) == "150 150 150"
    assert limits(100, 500, 200) == "200 200 500"
    assert limits(300, 500, 200) == "300 300 500"
