"""`targets` and `servers`: who is watched."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.asking import ASKING, Asking, data, decoded, get, post
from sightline.adapters.inbound.cli.printing import Column
from sightline.adapters.inbound.cli.program import Ended, Exit, app

_TARGETS: Final = (
    Column("Job"),
    Column("Instance", folds=True),
    Column("Health"),
    Column("Last scrape"),
    Column("Took", right=True),
    Column("Error", folds=True),
)
_SERVERS: Final = (
    Column("Host name", folds=True),
    Column("Address"),
    Column("System"),
    Column("Agent"),
    Column("Last seen"),
    Column("Id"),
)

servers = App(
    name="servers",
    help="List the servers that report over REST, or add one.",
    help_format="plaintext",
    help_epilogue="""Examples:
  sightline servers
  sightline servers add web-1 --ip-address 10.0.0.7 --os linux --label team=shop
  sightline servers --json
""",
)
app.command(servers)


@app.command(
    help_epilogue="""Examples:
  sightline targets
  sightline targets --state dropped
  sightline targets | awk -F'\\t' '$3 != "up"'
"""
)
def targets(
    *,
    state: Annotated[
        Literal["active", "dropped", "any"],
        Parameter(help="Those that are scraped, those relabelling dropped, or both."),
    ] = "active",
    asking: Asking = ASKING,
) -> int:
    """List what is scraped, and how the last scrape went."""
    answer = get(asking, "/api/v1/targets", {"state": state})
    found = data(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
        return Exit.DONE
    rows = [_target(one) for one in found.get("activeTargets", ())]
    rows += [_dropped(one) for one in found.get("droppedTargets", ())]
    empty = "No targets. Name some under [[scrape]] in sightline.toml."
    printing.show(_TARGETS, rows, "Relabelling dropped no targets." if state == "dropped" else empty)
    return Exit.DONE


@servers.default
def list_servers(*, asking: Asking = ASKING) -> int:
    """List the servers that report over REST."""
    answer = get(asking, "/api/v1/servers")
    found = decoded(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        empty = "No servers yet. Add one with `sightline servers add HOSTNAME`."
        printing.show(_SERVERS, map(_server, found.get("servers", ())), empty)
    return Exit.DONE


@servers.command(
    help_epilogue="""Examples:
  sightline servers add web-1
  sightline servers add web-1 --ip-address 10.0.0.7 --os linux --label team=shop --json
"""
)
def add(
    hostname: Annotated[str, Parameter(help="The server's host name; a known one is updated.")],
    /,
    *,
    ip_address: Annotated[str | None, Parameter(help="Its address.")] = None,
    os: Annotated[str | None, Parameter(help="Its operating system, such as linux.")] = None,
    agent_version: Annotated[str | None, Parameter(help="The version of the agent that reports.")] = None,
    label: Annotated[tuple[str, ...], Parameter(help="name=value; may be repeated.")] = (),
    asking: Asking = ASKING,
) -> int:
    """Register a server, or update the one with that host name; prints its id, which its reports must carry."""
    import json

    given = {
        "hostname": hostname,
        "ip_address": ip_address,
        "os": os,
        "agent_version": agent_version,
        "labels": dict(map(_label, label)) or None,
    }
    body = json.dumps({name: value for name, value in given.items() if value is not None}).encode()
    answer = post(asking, "/api/v1/servers", body, {"Content-Type": "application/json"})
    found = decoded(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        print(found.get("id", ""))
    return Exit.DONE


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Ended(Exit.USAGE, f"--label {text}: write --label name=value")
    return name, value


def _target(one: Mapping[str, Any]) -> tuple[str, ...]:
    labels = one.get("labels", {})
    return (
        str(one.get("scrapePool", labels.get("job", ""))),
        str(labels.get("instance", one.get("scrapeUrl", ""))),
        str(one.get("health", "")),
        printing.moment_text(one.get("lastScrape")),
        f"{float(one.get('lastScrapeDuration', 0)):.3f} s",
        str(one.get("lastError", "")),
    )


def _dropped(one: Mapping[str, Any]) -> tuple[str, ...]:
    labels = one.get("discoveredLabels", {})
    return str(one.get("scrapePool", labels.get("job", ""))), str(labels.get("__address__", "")), "dropped", "", "", ""


def _server(one: Mapping[str, Any]) -> tuple[str, ...]:
    texts = [str(one.get(name) or "") for name in ("hostname", "ip_address", "os", "agent_version")]
    return (*texts, printing.moment_text(one.get("last_seen")), str(one.get("id", "")))
