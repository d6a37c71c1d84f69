"""Results as people read them on a terminal and as programs read them from a pipe."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

NOTHING: Final = "Nothing matches."

_READABLE: Final = 28
_BETWEEN: Final = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table on a terminal. folds: a long text goes on in the next line, instead of being kept in one."""

    head: str
    right: bool = False
    folds: bool = False


def show(columns: Sequence[Column], rows: Iterable[Sequence[str]], empty: str = NOTHING) -> None:
    """A table on a terminal; elsewhere a line a row, fields separated by tabs, without a head."""
    if not on_terminal():
        for row in rows:
            print("\t".join(_field(text) for text in row))
        return
    found = list(rows)
    if not found:
        print(empty)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column.head,
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=not column.folds,
        )
    for row in found:
        table.add_row(*map(_plain, row))
    size = Console().size
    # A terminal that is too narrow breaks lines itself: better than a column of single letters.
    Console(width=max(size.width, _least_width(columns, found)), height=size.height).print(table)


def show_json(value: Any) -> None:
    """A value as indented JSON."""
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))


def show_body(body: bytes) -> None:
    """JSON as it came."""
    print(body.decode())


def on_terminal() -> bool:
    """Whether a person reads the output."""
    return sys.stdout is not None and sys.stdout.isatty()


def visible(text: str) -> str:
    """The text in one line that a terminal shows and does not obey."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def time_text(seconds: float) -> str:
    """An instant as it is printed everywhere, in UTC."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):  # further away than a calendar reaches
        return str(seconds)


def moment_text(text: object) -> str:
    """A time of the API to the second, in UTC; Go's zero time and null are never."""
    if not isinstance(text, str) or text.startswith("0001-"):
        return "never"
    return text[:19].replace("T", " ") + ("Z" if text.endswith("Z") else text[-6:])


def _least_width(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """Characters that a table needs so that only columns that fold are narrowed, and those not below what can be read."""
    widest = [
        max(len(text) for text in cells) for cells in zip((column.head for column in columns), *rows, strict=True)
    ]
    wanted = (min(width, _READABLE) if column.folds else width for column, width in zip(columns, widest, strict=True))
    return sum(wanted) + _BETWEEN * len(columns)


def _field(text: str) -> str:
    """A field in one line that holds no tab."""
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _plain(text: str) -> Any:
    """Text whose brackets are no markup."""
    from rich.text import Text

    return Text(visible(text))
