"""What every test gets: sockets by folder, real programs by name, recorded data where there is some."""

import gc
import os
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import hypothesis
import pytest

TESTS: Final = Path(__file__).parent
ROOT: Final = TESTS.parent
FOLDERS_WITH_SOCKETS: Final = frozenset({"adapters", "bench", "browser", "conformance", "contracts", "e2e"})
LOOPBACK: Final = ["127.0.0.1", "::1", "localhost"]
RECORDED_DATA: Final = "SIGHTLINE_TEST_DATA"

# Examples take as long as the machine lets them; a deadline on a busy one would fail for no reason. At a desk they are new ones in
# every run, so that few find in the end what many would; in CI more, and always the same ones, so that a change is judged and
# not luck.
# `--hypothesis-profile=thorough` takes many at once.
hypothesis.settings.register_profile("local", deadline=None, derandomize=False, max_examples=10)
hypothesis.settings.register_profile(
    "ci", hypothesis.settings.get_profile("local"), derandomize=True, print_blob=True, max_examples=20
)
hypothesis.settings.register_profile("thorough", hypothesis.settings.get_profile("local"), max_examples=500)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Close sockets to every test but those of a few folders, and open loopback alone to them; browser tests go last."""
    # Playwright keeps an event loop running in this thread, in which no asynchronous test could start its own.
    items.sort(key=lambda item: "browser" in item.path.relative_to(ROOT).parts)
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        allowed = folder in FOLDERS_WITH_SOCKETS
        item.add_marker(pytest.mark.allow_hosts(LOOPBACK) if allowed else pytest.mark.disable_socket)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was imported and collected, and look less often: it took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count and name the tests that were skipped for want of recorded data."""
    skipped = [report for report in terminalreporter.getreports("skipped") if RECORDED_DATA in str(report.longrepr)]
    if skipped:
        terminalreporter.section(f"{len(skipped)} skipped for want of recorded data: set {RECORDED_DATA} to its folder")
        for report in skipped:
            terminalreporter.line(report.nodeid)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that asynchronous tests run on: the product's own kind, once."""
    return "asyncio"


_ADMINISTRATORS: Final = "/usr/sbin:/sbin"
"""Where Debian keeps programs that only administrators have on their PATH."""


@pytest.fixture(scope="session")
def require_binary() -> Callable[[str, str], str]:
    """Ask for a real program by name and Debian package: gives its path; without it the test skips, or fails in CI."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["sightline"]["debian-packages"]

    def ask(program: str, package: str) -> str:
        if package not in declared:
            pytest.fail(f"{package} is not declared: add it to [tool.sightline.debian-packages] in pyproject.toml")
        found = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:{_ADMINISTRATORS}")
        if found is None:
            reason = f"needs {program} from the Debian package {package}"
            if os.environ.get("CI"):
                pytest.fail(f"{reason}; nothing skips in CI")
            pytest.skip(reason)
        return found

    return ask


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """The folder of recorded data that SIGHTLINE_TEST_DATA names; without it the test skips and is counted."""
    named = os.environ.get(RECORDED_DATA)
    if not named:
        pytest.skip(f"needs recorded data: {RECORDED_DATA} is not set")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"{RECORDED_DATA} names {folder}, which is no folder")
    return folder
