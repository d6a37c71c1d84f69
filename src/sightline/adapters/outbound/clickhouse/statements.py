"""SQL text: read from `sql/`, and the one place that writes values into it.

Values travel as parameters, `{name:Type}` in the text. Settings and the paths of files cannot, so they are written
here, quoted, and nowhere else.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

Param = str | int
"""A parameter's value as chDB takes it; text and arrays are written by `text` and `numbers`."""
Params = Mapping[str, Param]

MATCHERS: Final = "/*matchers*/"
"""Where a statement wants the conditions of `matching.conditions`."""

_SINCE: Final = "/*since*/"
_ROWS: Final = "/*rows*/"

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8").strip()


def text(value: str) -> str:
    """A string as the value of a `String` parameter, which chDB reads like a field of TabSeparated."""
    return value.translate(_ESCAPES)


def numbers(values: Iterable[int]) -> str:
    """Numbers as the value of an `Array(UInt64)` parameter."""
    return f"[{','.join(map(str, values))}]"


def with_settings(sql: str, settings: Mapping[str, float | str]) -> str:
    """A statement with its SETTINGS clause."""
    return f"{sql}\nSETTINGS {', '.join(f'{name} = {_literal(value)}' for name, value in settings.items())}"


def with_rows(sql: str, path: str) -> str:
    """A statement that reads rows, `file(/*rows*/, ...)` in its text, with the path of the file that holds them."""
    return sql.replace(_ROWS, _literal(path))


def with_since(sql: str, since: Mapping[int, int]) -> str:
    """A statement that reads some checks each from a time (ms) on, `(/*since*/)` in its text.

    Written out, each is a range of the primary key; a condition over arrays would have all that they ever had read.
    """
    ranges = (f"target_id = {check:d} AND ts >= fromUnixTimestamp64Milli({start:d})" for check, start in since.items())
    return sql.replace(_SINCE, " OR ".join(ranges))


def frozen(table: str, name: str) -> str:
    """The statement that links the parts of a table under a name; neither can be a parameter."""
    return f"ALTER TABLE {table} FREEZE WITH NAME {_literal(name)}"


def _literal(value: float | str) -> str:
    if not isinstance(value, str):
        return str(value)
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{quoted}'"
