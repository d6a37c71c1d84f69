"""`locations`: places that probe for the server."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.asking import ASKING, Asking, decoded, delete, get, post, succeed
from sightline.adapters.inbound.cli.printing import Column
from sightline.adapters.inbound.cli.program import Exit, app, say

_COLUMNS: Final = (
    Column("Name", folds=True),
    Column("Checks", right=True),
    Column("Last heard"),
    Column("Waiting", right=True),
    Column("Clock"),
    Column("Version"),
    Column("Description", folds=True),
)
_PATH: Final = "/api/v1/locations"
_JSON: Final = {"Content-Type": "application/json"}
_TOLD: Final = 1_000
"""ms from which on a difference between clocks is shown in words."""

locations = App(
    name="locations",
    help="List the places that probe for the server, or add one.",
    help_format="plaintext",
    help_epilogue="""Examples:
  sightline locations
  sightline locations add berlin --description "Hetzner, rack 3" > berlin.key
  sightline locations key berlin > berlin.key
  sightline locations remove berlin
""",
)
app.command(locations)

Name = Annotated[str, Parameter(help="The location's name.")]


@locations.default
def list_locations(*, asking: Asking = ASKING) -> int:
    """List the places that probe for the server, and when they were last heard."""
    answer = get(asking, _PATH)
    found = decoded(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        empty = "No locations: all is probed by the server. Add one with `sightline locations add NAME`."
        printing.show(_COLUMNS, map(_row, found.get("locations", ())), empty)
    return Exit.DONE


locations.command(list_locations, name="list")


@locations.command
def add(
    name: Name,
    /,
    *,
    description: Annotated[str, Parameter(help="What people should know of it.")] = "",
    asking: Asking = ASKING,
) -> int:
    """Add a location; prints its key, which is shown this once: `sightline probe` wants it there."""
    return _show_key(asking, _PATH, {"name": name, "description": description})


@locations.command
def key(name: Name, /, *, asking: Asking = ASKING) -> int:
    """Give a location a new key, and print it; the one before opens nothing any more."""
    return _show_key(asking, f"{_PATH}/{quote(name, safe='')}/key", {})


@locations.command
def remove(name: Name, /, *, asking: Asking = ASKING) -> int:
    """Remove a location, and have its key open nothing any more; what it found stays."""
    succeed(asking, delete(asking, f"{_PATH}/{quote(name, safe='')}"))
    return Exit.DONE


def _show_key(asking: Asking, path: str, body: Mapping[str, str]) -> int:
    answer = post(asking, path, json.dumps(body).encode(), _JSON)
    found = decoded(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
        return Exit.DONE
    print(found.get("key", ""))
    say(f"the key of {found.get('name', '')} is shown this once; keep it where `sightline probe` runs")
    return Exit.DONE


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    skew = one.get("clock_skew_ms")
    heard = printing.moment_text(one["heard_at"]) if one.get("heard_at") else "not since the start"
    cut_off = ", cut off" if one.get("cut_off") else ""
    return (
        str(one.get("name", "")),
        str(one.get("checks", 0)),
        heard + cut_off,
        str(one.get("waiting", 0)),
        "" if skew is None else "ok" if abs(skew) < _TOLD else f"{skew / _TOLD:+.0f} s",
        str(one.get("version", "")),
        str(one.get("description", "")),
    )
