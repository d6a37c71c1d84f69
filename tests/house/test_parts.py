"""How the tests are dealt out to processes."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "tests.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that runs them, on a machine with two processors."""
    spec = importlib.util.spec_from_file_location("the_tests", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    return module


def test_every_test_is_in_one_part(script: ModuleType) -> None:
    """Without arguments: those of adapters, those in the browser, those of whole programs, and all others."""
    others, *beside = script.parts_of([])
    left_out = {one.removeprefix("--ignore=") for one in others}
    assert left_out == {"tests/adapters", "tests/browser", "tests/e2e"}
    files = [one for part in beside for one in part if one not in left_out]
    programs = sorted(
        str(file.relative_to(SCRIPT.parents[1])) for file in SCRIPT.parents[1].glob("tests/e2e/test_*.py")
    )
    assert sorted(files) == programs
    assert ["tests/adapters"] in beside
    assert ["tests/browser"] in beside


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("tests/domain", [["tests/domain"]]),
        ("a b c -k scripts", [["a", "c", "-k", "scripts"], ["b", "-k", "scripts"]]),
        ("--ignore tests/e2e tests", [["--ignore", "tests/e2e", "tests"]]),
        ("-m nightly", [["-m", "nightly"]]),
    ],
)
def test_paths_that_come_first_run_beside_each_other(script: ModuleType, given: str, parts: list[list[str]]) -> None:
    """As many as there are processors, each with all options; whatever comes behind an option is pytest's to read."""
    assert script.parts_of(given.split()) == parts
