"""`report`: what happened in a day or a week."""

import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from sightline.adapters.inbound.cli.asking import ASKING, Asking, data, get
from sightline.adapters.inbound.cli.printing import show_json
from sightline.adapters.inbound.cli.program import Ended, Exit, app

_OK: Final = 200
_PATH: Final = "/api/v1/reports"


@app.command(
    help_epilogue="""Examples:
  sightline report
  sightline report --since 1d
  sightline report --html report.html
"""
)
def report(
    *,
    since: Annotated[str, Parameter(help="How long the time is that the report is about.")] = "7d",
    html: Annotated[Path | None, Parameter(help="File that the report is written to as a page.")] = None,
    asking: Asking = ASKING,
) -> int:
    """Sum up which alerts fired, who was told, how rules are evaluated, and how checks did."""
    form = "json" if asking.as_json else "text" if html is None else "html"
    answer = get(asking, _PATH, {"period": since, "format": form})
    if form == "json" or answer.status != _OK:
        show_json(data(asking, answer))
        return Exit.DONE
    if html is None:
        sys.stdout.write(answer.body.decode())
        return Exit.DONE
    try:
        html.write_bytes(answer.body)
    except OSError as error:
        raise Ended(Exit.REFUSED, f"{html} cannot be written: {error.strerror}") from None
    return Exit.DONE
