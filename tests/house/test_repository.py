"""What the repository's own texts promise: they name nobody's machine, and they agree with the code."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written in pieces, so that this file does not break its own rules.
HOSTS = (
    "pypi+.org pythonhosted+.org registry.npmjs+.org registry.npmjs+.com registry.yarnpkg+.com deb.debian+.org "
    "archive.ubuntu+.com deb.nodesource+.com docker+.io/ ghcr+.io crates+.io proxy.golang+.org"
)
REGISTRIES = re.compile(re.escape(HOSTS.replace("+", "")).replace(r"\ ", "|"))
HOMES = ("/" + "root/", "/" + r"home/(?!sightline\b)\w", "/" + "Users/", "/" + "work/", r"[A-Z]:\\" + r"Users\\")
MACHINES = re.compile("|".join(HOMES))


@pytest.fixture(scope="session")
def texts(tracked_files: list[Path]) -> dict[Path, str]:
    """Every tracked text, by path; what holds a zero byte is none."""
    contents = {path: (ROOT / path).read_bytes() for path in tracked_files}
    return {path: content.decode("utf-8", "replace") for path, content in contents.items() if b"\0" not in content}


def places(texts: dict[Path, str], pattern: re.Pattern[str]) -> list[str]:
    """Where a pattern occurs."""
    lines = (
        (path, number, line) for path, text in texts.items() for number, line in enumerate(text.splitlines(), start=1)
    )
    return [f"{path}:{number}: {match[0]}" for path, number, line in lines if (match := pattern.search(line))]


def targets() -> set[str]:
    """The commands of the Makefile."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def test_no_registry_is_named(texts: dict[Path, str]) -> None:
    """No file names the host of a package registry: everybody installs from where their machine is configured to."""
    assert places(texts, REGISTRIES) == []


def test_no_machine_is_named(texts: dict[Path, str]) -> None:
    """No file holds a path of the machine it was written on."""
    assert places(texts, MACHINES) == []


def test_locks_hold_no_addresses() -> None:
    """Both lock files pin versions and hashes and say nothing of where they came from."""
    assert "://" not in (ROOT / "uv.lock").read_text()
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry and not entry.get("link")] == []


def test_commands_of_the_texts_exist(texts: dict[Path, str]) -> None:
    """Every `make` command that README and CONTRIBUTING mention is one the Makefile has."""
    named = {
        name
        for page in ("README.md", "CONTRIBUTING.md")
        for block in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", texts[Path(page)], flags=re.DOTALL)
        for name in re.findall(r"\bmake ([a-z]+)", " ".join(block))
    }
    assert {"run", "test"} <= named
    assert named <= targets()


def test_doors_are_all_there() -> None:
    """The Makefile has every door that it promises, and its help tells each."""
    assert targets() >= {"setup", "run", "start", "test", "lint", "types", "bench", "docs", "web", "help", "clean"}


def test_links_of_the_texts_lead_somewhere(texts: dict[Path, str]) -> None:
    """Every relative link of a page leads to a file or folder that is there."""
    pages = ((path, text) for path, text in texts.items() if path.suffix == ".md")
    links = [(path, link) for path, text in pages for link in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", text)]
    assert [f"{path}: {link}" for path, link in links if not (ROOT / path.parent / link).exists()] == []


def test_changes_have_a_kind_and_an_area(texts: dict[Path, str]) -> None:
    """Every line of the changelog says its kind and its area."""
    lines = [line for line in texts[Path("CHANGELOG.md")].splitlines() if line.startswith("- ")]
    assert lines
    shape = re.compile(r"- \[(FEATURE|CHANGE|FIX|PERF|SECURITY)\] [a-z ]+: .+\.")
    assert [line for line in lines if not shape.fullmatch(line)] == []


def test_lint_exemptions_have_reasons() -> None:
    """Every rule that ruff is told to ignore has its reason on the line."""
    section = (
        (ROOT / "pyproject.toml")
        .read_text()
        .partition("[tool.ruff.lint]")[2]
        .partition("[tool.ruff.lint.pydocstyle]")[0]
    )
    lines = [line for line in section.splitlines() if re.match(r'\s+"[A-Z]+\d*",', line)]
    assert lines
    assert [line for line in lines if not re.search(r'",\s+# \S', line)] == []


def test_the_version_has_one_place() -> None:
    """pyproject.toml takes the version from the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" in project["project"]["dynamic"]
    assert re.search(
        r'^__version__ = "\d+\.\d+\.\d+', (ROOT / project["tool"]["hatch"]["version"]["path"]).read_text(), re.MULTILINE
    )
