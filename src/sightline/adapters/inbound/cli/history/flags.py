"""The flags of imports: what this loads is loaded for every command, so it is little."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter


class Format(StrEnum):
    """What stands in a file."""

    AUTO = "auto"
    TSDB_DUMP = "tsdb-dump"
    OPENMETRICS = "openmetrics"
    PROMETHEUS = "prometheus"
    VICTORIAMETRICS = "victoriametrics"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Importing:
    """What every import may be told."""

    start: Annotated[
        str | None,
        Parameter(help="Only samples from here on: -1y, seconds since 1970 or RFC 3339.", allow_leading_hyphen=True),
    ] = None
    end: Annotated[
        str | None, Parameter(help="Only samples up to here, written likewise.", allow_leading_hyphen=True)
    ] = None
    skip_old: Annotated[bool, Parameter(help="Leave out what is older than the server keeps.", show_default=False)] = (
        False
    )
    dry_run: Annotated[bool, Parameter(help="Read and count everything, and send nothing.", show_default=False)] = False
    again: Annotated[bool, Parameter(help="Begin anew, wherever an earlier run ended.", show_default=False)] = False
    state: Annotated[
        Path | None,
        Parameter(help="Where to remember how far it came [default: ~/.local/state/sightline/imports/...]."),
    ] = None
    quiet: Annotated[bool, Parameter(help="No progress bar.", show_default=False)] = False


IMPORTING: Final = Importing()

FileNames = Annotated[
    Path, Parameter(help="Files, packed or not; - or none reads standard input.", allow_leading_hyphen=True)
]
Label = Annotated[
    tuple[str, ...],
    Parameter(
        help="name=value for every series, in place of a label of that name; may be repeated.", show_default=False
    ),
]
Match = Annotated[
    tuple[str, ...],
    Parameter(
        help="Only series that a selector finds, as 'up{job=\"node\"}' [default: all]; may be repeated.",
        show_default=False,
    ),
]
KeepNan = Annotated[
    bool,
    Parameter(
        help="Keep NaN of dumps and exports as a value: else it ends its series, as it mostly does there.",
        show_default=False,
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Credentials:
    """As whom to ask the source."""

    source_token_file: Annotated[
        Path | None, Parameter(help="File with a bearer token for the source; user:password may stand in its address.")
    ] = None
    source_tenant: Annotated[str | None, Parameter(help="X-Scope-OrgID for the source.")] = None


NOBODY: Final = Credentials()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table are; what is not said is seen in the heading and the first rows."""

    time_column: Annotated[
        str,
        Parameter(help="Column of the time [default: the one named time, timestamp, date ...].", show_default=False),
    ] = ""
    time_format: Annotated[
        str,
        Parameter(
            help="s, ms, us, ns, iso or a pattern as '%d.%m.%Y %H:%M' [default: as it looks].",
            show_default=False,
        ),
    ] = ""
    time_zone: Annotated[str, Parameter(help="Zone of times that say none, as Europe/Berlin.")] = "UTC"
    metric: Annotated[
        str,
        Parameter(help="Name of the metric; before the column's name where several hold values.", show_default=False),
    ] = ""
    metric_column: Annotated[str, Parameter(help="Column that names the metric.", show_default=False)] = ""
    value_column: Annotated[
        tuple[str, ...],
        Parameter(help="Column of values; may be repeated [default: all others of numbers].", show_default=False),
    ] = ()
    label_column: Annotated[
        tuple[str, ...],
        Parameter(help="Column that is a label; may be repeated [default: all others].", show_default=False),
    ] = ()
    columns: Annotated[
        str, Parameter(help="Names of all columns, a,b,c: the files have no heading.", show_default=False)
    ] = ""
    delimiter: Annotated[
        str,
        Parameter(
            help="What stands between cells [default: , ; tab or |, as the first line looks].", show_default=False
        ),
    ] = ""


COLUMNS: Final = Columns()
