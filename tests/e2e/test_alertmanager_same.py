"""By the same configuration receivers are told what Debian's Alertmanager tells them of the same alerts, in groups and order."""

import json
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from tests.adapters.test_alertmanager_notices import alertmanager, post
from tests.adapters.webhook_receiver import Receiver, receiving
from tests.e2e.program import running

# Soon after the first notice and after each further post; what is posted waits until both receivers heard all of before.
TIMES = "group_wait: 1s, group_interval: 2s, repeat_interval: 1h"
RECEIVERS = """
receivers:
- name: team
  webhook_configs: [{url: URL/team}]
- name: both
  webhook_configs: [{url: URL/first}, {url: URL/second, send_resolved: false}]
- name: other
  webhook_configs: [{url: URL/other, max_alerts: 2}]
- name: nobody
"""


@dataclass(frozen=True)
class Case:
    """A configuration, and what is posted: alerts that begin or, with `-` before them, end; and how many notices follow.

    An alert is written as its values of alertname, instance and team. told: how many notices each path gets.
    """

    config: str
    script: Sequence[tuple[Sequence[str], int]]
    told: Mapping[str, int]
    silenced: str = ""
    beneath: str = field(default=RECEIVERS)


CASES = {
    "nested": Case(
        f"""
route:
  receiver: team
  group_by: [alertname]
  {TIMES.replace(", ", chr(10) + "  ")}
  routes:
  - matchers: [team="db"]
    receiver: both
    continue: true
    routes:
    - matchers: [alertname=~"Cold|Wet"]
      receiver: other
      group_by: [team]
  - matchers: [team=~"db|web", instance!=""]
    receiver: other
    group_by: [team, instance]
  - matchers: [alertname="Quiet"]
    receiver: nobody
""",
        [
            (["Hot a db", "Hot b db", "Cold a db", "Hot a web", "Hot c ", "Quiet a "], 7),
            (["Hot d db", "Wet a db", "-Hot a web"], 6),
            (["-Hot a db", "-Hot b db", "-Cold a db", "-Wet a db", "-Hot c "], 5),
        ],
        {"team": 2, "first": 3, "second": 2, "other": 11},
    ),
    "inhibition": Case(
        f"""
route: {{receiver: team, group_by: [alertname], {TIMES}}}
inhibit_rules:
- source_matchers: [alertname="Down"]
  target_matchers: [alertname=~"Hot|Down"]
  equal: [instance]
""",
        [(["Down a ", "Hot a ", "Hot b "], 2), (["Cold a "], 1), (["-Down a "], 2)],
        {"team": 5},
    ),
    "times and silences": Case(
        f"""
route:
  receiver: team
  group_by: [alertname, team]
  {TIMES.replace(", ", chr(10) + "  ")}
  routes:
  - {{matchers: [alertname="Hot"], receiver: team, mute_time_intervals: [ever]}}
  - {{matchers: [alertname="Cold"], receiver: team, active_time_intervals: [never]}}
  - {{matchers: [alertname="Wet"], receiver: other, active_time_intervals: [ever]}}
time_intervals:
- name: ever
  time_intervals: [{{}}]
- name: never
  time_intervals: [{{years: ['1999']}}]
""",
        [
            (["Hot a x", "Cold a x", "Wet a x", "Dry a x", "Quiet a x"], 2),
            (["Wet b x", "Wet c x"], 1),
            (["-Wet a x"], 1),
        ],
        {"team": 1, "other": 3},
        silenced="Quiet",
    ),
    "each by itself": Case(
        f"route: {{receiver: both, group_by: ['...'], {TIMES}}}",
        [(["Hot a db", "Hot b db"], 4), (["-Hot a db"], 1), (["Hot a db", "Cold z "], 4), (["-Hot b db"], 1)],
        {"first": 6, "second": 4},
    ),
    "all together": Case(
        f"route: {{receiver: team, {TIMES}}}",
        [
            (["Hot a db", "Hot b db", "Cold c web"], 1),
            (["-Hot a db"], 1),
            (["Hot a db"], 1),
            (["-Hot b db", "-Cold c web"], 1),
        ],
        {"team": 4},
    ),
}


def written(text: str, starts: Mapping[str, datetime], now: datetime) -> dict[str, Any]:
    """An alert as Prometheus posts it."""
    name, instance, team = text.removeprefix("-").split(" ")
    labels = {"alertname": name, "instance": instance, "team": team}
    return {
        "labels": {key: value for key, value in labels.items() if value},
        "annotations": {"summary": f"{name} <b> ü", "who": instance},
        "startsAt": starts[text.removeprefix("-")].isoformat(),
        "generatorURL": "http://g/?a=1&b",
        **({"endsAt": now.isoformat()} if text.startswith("-") else {}),
    }


_OWN: Final = frozenset({"externalURL", "notification_reason"})


def told(receiver: Receiver) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What each path was told of each group, in order.

    Without where the program is reached, and what happened, which Alertmanager says from a later version on.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for path, body in zip(receiver.paths, receiver.bodies, strict=True):
        its = found.setdefault((path.rpartition("/")[2], body["groupKey"]), [])
        its.append({key: value for key, value in body.items() if key not in _OWN})
    return found


@pytest.mark.timeout(120)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_receivers_are_told_the_same(case: Case, require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """Posted the same at the same time, both programs tell each receiver the same in the same order."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    with ExitStack() as stack:
        theirs, ours = stack.enter_context(receiving()), stack.enter_context(receiving())
        text = case.config + case.beneath
        real = stack.enter_context(alertmanager(program, tmp_path, text.replace("URL", theirs.url)))
        config = tmp_path / "ours.yml"
        config.write_text(text.replace("URL", ours.url))
        flags = ("--alertmanager-config", str(config), "--set", "alerts.cooldown=0s", "--set", "host.enabled=false")
        own = stack.enter_context(running(tmp_path / "data", *flags)).url
        doors = (real, own)
        if case.silenced:
            for door in doors:
                silence(door, case.silenced)
        starts, expected = dict[str, datetime](), 0
        for alerts, notices in case.script:
            now = datetime.now(UTC)
            now = now.replace(microsecond=now.microsecond // 1_000 * 1_000)
            starts |= {one: now - timedelta(milliseconds=1) for one in alerts if not one.startswith("-")}
            for door in doors:
                post(f"{door}/api/v2/alerts", [written(one, starts, now) for one in alerts])
            expected += notices
            for receiver in (theirs, ours):
                assert receiver.wait_for(expected), (expected, told(receiver))
        threading.Event().wait(2.5)  # nothing more comes from either process
    assert told(ours) == told(theirs)
    counts = {path: sum(len(its) for (where, _), its in told(ours).items() if where == path) for path in case.told}
    assert counts == case.told


def silence(door: str, name: str) -> None:
    """Silence alerts of a name for an hour."""
    now = datetime.now(UTC)
    post(
        f"{door}/api/v2/silences",
        {
            "matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "me",
            "comment": "known",
        },
    )
    with urllib.request.urlopen(f"{door}/api/v2/silences", timeout=30) as answer:
        assert [one["status"]["state"] for one in json.load(answer)] == ["active"]
