"""Every Python file of the repository, parsed once for all the rules of the house."""

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: where it is, relative to the repository, and what it says."""

    path: Path
    tree: ast.Module

    def within(self, *folders: str) -> bool:
        """Whether the file lies in one of the folders, or is one of the files."""
        return any(self.path.is_relative_to(folder) for folder in folders)

    def at(self, node: ast.AST) -> str:
        """A place as editors understand it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def _tracked() -> Iterator[Path]:
    """Files that git knows or would know; without git, those of the folders it would."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = [name for name in listed.stdout.split("\0") if name] if listed.returncode == 0 else []
    if not names:
        folders = [ROOT / each for each in ("src", "tests", "scripts", "docs", "deploy", "bench")]
        names = [str(path.relative_to(ROOT)) for folder in folders for path in folder.rglob("*") if path.is_file()]
        names += [path.name for path in ROOT.iterdir() if path.is_file()]
    for name in sorted(names):
        if (ROOT / name).is_file() and "__pycache__" not in name:
            yield Path(name)


@pytest.fixture(scope="session")
def tracked_files() -> list[Path]:
    """Every file of the repository, relative to it."""
    return list(_tracked())


@pytest.fixture(scope="session")
def sources(tracked_files: list[Path]) -> list[Source]:
    """Every Python file of the repository, parsed."""
    python = [path for path in tracked_files if path.suffix == ".py"]
    return [Source(path, ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))) for path in python]


@pytest.fixture(scope="session")
def read() -> Callable[[Source], str]:
    """The text of a file, with its comments."""
    return lambda source: (ROOT / source.path).read_text(encoding="utf-8")
