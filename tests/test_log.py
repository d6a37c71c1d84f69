"""The program's log, as a process writes it."""

import json
import subprocess
import sys
from typing import Final

_SAYS: Final = """
import logging, structlog
from sightline.log import configure

configure("info", "json")
structlog.get_logger().info("ours", number=1)
logging.getLogger("library").warning("theirs, %s", 2)
logging.getLogger("library").info("not said")
token = "hidden"
try:
    raise ValueError("broken")
except ValueError:
    logging.getLogger("library").exception("it failed")
"""


def test_what_libraries_log_has_the_form_of_our_own_lines() -> None:
    """With `log.format = json` every line is an object with its time and level, also those of the standard library's logging."""
    written = subprocess.run([sys.executable, "-c", _SAYS], capture_output=True, check=True, text=True).stderr
    ours, theirs, failed = (json.loads(line) for line in written.splitlines())
    assert (ours["event"], ours["level"], ours["number"]) == ("ours", "info", 1)
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("theirs, 2", "warning", "library")
    assert (failed["event"], failed["level"], failed["exception"][0]["exc_value"]) == ("it failed", "error", "broken")
    assert all("timestamp" in line for line in (ours, theirs, failed))
    assert "hidden" not in written
