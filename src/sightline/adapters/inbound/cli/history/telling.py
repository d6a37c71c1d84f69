"""How far an import is, on standard error: a bar where a person looks, nothing elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sightline.adapters.inbound.cli.history.source import Source
from sightline.adapters.inbound.cli.history.tally import Tally


class Telling(Protocol):
    """Is told how far a source is."""

    def __call__(self, reached: int) -> None:
        """`reached` in the source's own unit."""
        ...


@contextmanager
def telling(source: Source, tally: Tally, *, quiet: bool) -> Iterator[Telling]:
    """A bar with the share done, samples, samples a second and the time left, as long as the context lasts."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _reached: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns: list[Any] = [
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[samples]:,} samples"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("import", total=source.total, samples=tally.before, rate=0.0)

        def tell(reached: int) -> None:
            taken = tally.stored or tally.read
            elapsed = progress.tasks[0].elapsed or 0.0
            rate = taken / elapsed if elapsed else 0.0
            progress.update(task, completed=reached, samples=tally.before + taken, rate=rate)

        yield tell
