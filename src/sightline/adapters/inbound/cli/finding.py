"""`labels` and `series`: what there is to ask about."""

from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.asking import ASKING, Asking, Fields, data, get, post_form
from sightline.adapters.inbound.cli.printing import Column
from sightline.adapters.inbound.cli.program import Exit, app
from sightline.adapters.inbound.cli.queries import instant_text, series_text

Start = Annotated[
    str | None, Parameter(help="Only what has samples since: -1h, seconds, RFC 3339.", allow_leading_hyphen=True)
]
End = Annotated[str | None, Parameter(help="Only what has samples until, written likewise.", allow_leading_hyphen=True)]
Limit = Annotated[int | None, Parameter(help="At most so many.")]


@app.command(
    help_epilogue="""Examples:
  sightline labels                                 all label names
  sightline labels __name__                        all metric names
  sightline labels device --match node_disk_read_bytes_total
"""
)
def labels(
    name: Annotated[str | None, Parameter(help="A label, to list its values [default: list the names].")] = None,
    /,
    *,
    match: Annotated[tuple[str, ...], Parameter(help="Only of series that this selects; may be repeated.")] = (),
    start: Start = None,
    end: End = None,
    limit: Limit = None,
    asking: Asking = ASKING,
) -> int:
    """List label names, or the values of one label."""
    path = "/api/v1/labels" if name is None else f"/api/v1/label/{quote(name, safe='')}/values"
    answer = get(asking, path, _fields(match, start, end, limit))
    found = data(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        printing.show((Column("Label" if name is None else name, folds=True),), ((one,) for one in found))
    return Exit.DONE


@app.command(
    help_epilogue="""Examples:
  sightline series node_load1
  sightline series '{job="node",mode="idle"}' --start -1h
  sightline series up node_uname_info --json
"""
)
def series(
    *selectors: Annotated[str, Parameter(help="Which series, such as 'up{job=\"node\"}'; several mean all of theirs.")],
    start: Start = None,
    end: End = None,
    limit: Limit = None,
    asking: Asking = ASKING,
) -> int:
    """List the series that selectors match."""
    answer = post_form(asking, "/api/v1/series", _fields(selectors, start, end, limit))
    found = data(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        printing.show((Column("Series", folds=True),), ((series_text(one),) for one in found))
    return Exit.DONE


def _fields(match: tuple[str, ...], start: str | None, end: str | None, limit: int | None) -> Fields:
    return {
        "match[]": match,
        "start": None if start is None else instant_text("--start", start),
        "end": None if end is None else instant_text("--end", end),
        "limit": None if limit is None else str(limit),
    }
