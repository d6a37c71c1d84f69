"""Checks as Healthchecks' management API has them in JSON, version 3.

Source: https://healthchecks.io/docs/api/. What is told to whom is a matter of routes here, so `channels` is taken and not looked
at; filters by subject and body are not there, and refused where they are asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from sightline.adapters.wire import check_rules, fields
from sightline.adapters.wire.instants import instant_text
from sightline.domain.errors import InvalidField
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.heartbeat import Deadlines, HeartbeatState, Pulse
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.ping import Ping
from sightline.domain.probes.state import CheckState, Transition
from sightline.domain.timerange import SECOND

MAX_BYTES: Final = 1 << 18
_TEXT: Final = "a text"
_SECONDS: Final = "a whole number of seconds from 60 to 31536000"
EXPECTED: Final = {
    **dict.fromkeys(("name", "slug", "tags", "desc", "schedule", "tz", "channels", "methods"), _TEXT),
    **dict.fromkeys(("timeout", "grace"), _SECONDS),
    "manual_resume": "true or false",
    "unique": "an array of name, slug, tags, timeout and grace",
}
"""What each field wants, in words."""
STATUSES: Final[Mapping[HeartbeatState, str]] = {
    HeartbeatState.NEW: "new",
    HeartbeatState.UP: "up",
    HeartbeatState.LATE: "grace",
    HeartbeatState.DOWN: "down",
    HeartbeatState.PAUSED: "paused",
}
"""What a heartbeat's states are called there."""
_NOT_IN_LABELS: Final = re.compile(r"[^a-zA-Z0-9_]")
_YES: Final = "true"
_UNKNOWN: Final = ("subject", "subject_fail", "start_kw", "success_kw", "failure_kw", "filter_subject", "filter_body")
_FLIPPED: Final = {CheckState.UP: 1, CheckState.DEGRADED: 1, CheckState.DOWN: 0, CheckState.UNREACHABLE: 0}


class WrittenCheck(msgspec.Struct, kw_only=True):
    """What people write; None is not said."""

    name: str | None = None
    slug: str | None = None
    tags: str | None = None
    desc: str | None = None
    timeout: int | None = None
    grace: int | None = None
    schedule: str | None = None
    tz: str | None = None
    manual_resume: bool | None = None
    methods: str | None = None
    channels: str | None = None
    unique: tuple[Literal["name", "slug", "tags", "timeout", "grace"], ...] = ()
    subject: str | None = None
    subject_fail: str | None = None
    start_kw: str | None = None
    success_kw: str | None = None
    failure_kw: str | None = None
    filter_subject: bool | None = None
    filter_body: bool | None = None


_DECODER: Final = msgspec.json.Decoder(WrittenCheck)


def from_json(text: bytes) -> WrittenCheck:
    """Read what somebody wrote; nothing at all says nothing.

    Raises:
        MalformedBody: no JSON.
        InvalidField: a field of another type, or one that is not done here.
    """
    said = fields.decode(_DECODER, text or b"{}", EXPECTED)
    for name in _UNKNOWN:
        if getattr(said, name):
            raise InvalidField(f"{name}: pings are not filtered here: say what they mean in their address", field=name)
    if said.methods:
        raise InvalidField("methods: pings are taken by any method: leave it out", field="methods")
    for name in ("timeout", "grace"):
        seconds = getattr(said, name)
        if seconds is not None and not 60 <= seconds <= 31_536_000:
            raise InvalidField(f"{name}: wants {_SECONDS}", field=name)
    return said


def definition_of(said: WrittenCheck, before: Definition | None, unnamed: str) -> Definition:
    """The definition that somebody wrote, or what it makes of the one before. unnamed: a name for what has none.

    Raises:
        InvalidField: it cannot be.
    """
    made = before if before is not None else Definition(name=said.name or said.slug or unnamed, options=Heartbeat())
    options = made.options
    if not isinstance(options, Heartbeat):
        raise InvalidField("this check waits for no pings", field="")
    changes: dict[str, Any] = {}
    if said.timeout is not None:
        changes |= {"period": said.timeout * SECOND, "cron": ""}
    if said.schedule is not None:
        changes["cron"] = said.schedule
    for name, value in (("slug", said.slug), ("timezone", said.tz), ("manual_resume", said.manual_resume)):
        if value is not None:
            changes[name] = value
    if said.grace is not None:
        changes["grace"] = said.grace * SECOND
    about: dict[str, Any] = {"options": replace(options, **changes)}
    if said.name:
        about["name"] = said.name
    if said.desc is not None:
        about["description"] = said.desc
    if said.tags is not None:
        about["tags"] = _tags(said.tags)
    found = replace(made, **about)
    for path, problem in check_rules.problems(found):
        name = _THEIRS.get(path, path)
        raise InvalidField(f"{name}: {problem}", field=name)
    return found


def is_same(said: WrittenCheck, check: Check) -> bool:
    """Whether a check has all that `unique` names, so that it is the one that is meant; without any it is not."""
    if not said.unique or any(getattr(said, name) is None for name in said.unique):
        return False
    shown = _settings(check)
    return all(getattr(said, name) == shown.get(name) for name in said.unique if name != "tags") and (
        "tags" not in said.unique or set((said.tags or "").split()) == set(str(shown["tags"]).split())
    )


def has_tags(check: Check, wanted: tuple[str, ...]) -> bool:
    """Whether a check has all of some tags."""
    return set(wanted) <= set(_words(check.definition.tags).split())


@dataclass(frozen=True, slots=True)
class Links:
    """Where things are found. site: scheme and host, and a path where there is one."""

    site: str

    def ping(self, token: str) -> str:
        """Where a heartbeat is pinged."""
        return f"{self.site}/ping/{token}"

    def api(self, token: str, rest: str = "") -> str:
        """Where it is managed."""
        return f"{self.site}/api/v3/checks/{token}{rest}"


def shown(check: Check, pulse: Pulse, lines: Deadlines, links: Links) -> dict[str, Any]:
    """The JSON object of a check."""
    options = check.definition.options
    token = options.token if isinstance(options, Heartbeat) else ""
    said: dict[str, Any] = {
        **_settings(check),
        "n_pings": pulse.pings,
        "status": STATUSES[pulse.state],
        "started": pulse.is_running,
        "last_ping": _time(pulse.last_ping),
        "next_ping": _time(min((one for one in (lines.due, _run_start(pulse)) if one is not None), default=None)),
        "uuid": token,
        "ping_url": links.ping(token),
        "update_url": links.api(token),
        "pause_url": links.api(token, "/pause"),
        "resume_url": links.api(token, "/resume"),
        "channels": "",
    }
    if pulse.seconds is not None:
        said["last_duration"] = int(pulse.seconds)
    return said


def shown_ping(ping: Ping, body_url: str) -> dict[str, Any]:
    """The JSON object of a ping. body_url: where its body is found."""
    said: dict[str, Any] = {
        "type": ping.kind.value,
        "date": instant_text(ping.at),
        "n": ping.number,
        "scheme": ping.scheme,
        "remote_addr": ping.remote,
        "method": ping.method,
        "ua": ping.agent,
        "rid": ping.run or None,
        "body_url": body_url if ping.body else None,
    }
    if ping.exit_status is not None:
        said["exitstatus"] = ping.exit_status
    if ping.seconds is not None:
        said["duration"] = ping.seconds
    return said


def flips(transitions: list[Transition], since: int) -> list[dict[str, Any]]:
    """When a check went up and down, the newest first. since: ms; what was before only tells from where it went."""
    found, was = [], None
    for one in transitions:
        up = _FLIPPED.get(one.state)
        if up is None or up == was:
            continue
        if one.at >= since:
            found.append({"timestamp": _time(one.at), "up": up})
        was = up
    return found[::-1]


_THEIRS: Final = {"options.cron": "schedule", "options.timezone": "tz", "options.slug": "slug", "tags": "tags"}
"""What fields are called there."""


def _settings(check: Check) -> dict[str, Any]:
    options = check.definition.options
    if not isinstance(options, Heartbeat):
        raise TypeError(check.definition.kind)
    said: dict[str, Any] = {
        "name": check.name,
        "slug": options.slug,
        "tags": _words(check.definition.tags),
        "desc": check.definition.description,
        "grace": options.grace // SECOND,
        "manual_resume": options.manual_resume,
        "methods": "",
        **dict.fromkeys(_UNKNOWN[:5], ""),
        **dict.fromkeys(_UNKNOWN[5:], False),
    }
    if options.cron:
        return {**said, "schedule": options.cron, "tz": options.timezone}
    return {**said, "timeout": options.period // SECOND}


def _tags(words: str) -> dict[str, str]:
    """Words as tags, which become labels: `prod` is true, `env:x` has a value, and any other is the value of what is like it."""
    return dict(map(_tag, words.split()))


def _tag(word: str) -> tuple[str, str]:
    name, _, value = word.partition(":")
    if _label(word) == word:
        return word, _YES
    if _label(name) == name and value not in {"", _YES} and _label(value) != name:
        return name, value
    return _label(word), word


def _words(tags: Mapping[str, str]) -> str:
    return " ".join(map(_word, tags, tags.values()))


def _word(name: str, value: str) -> str:
    if value == _YES:
        return name
    return value if _label(value) == name else f"{name}:{value}"


def _label(word: str) -> str:
    label = _NOT_IN_LABELS.sub("_", word)
    return f"_{label}" if label[:1].isdigit() or not label else label


def _run_start(pulse: Pulse) -> int | None:
    return pulse.runs[0][1] if pulse.runs and pulse.state is not HeartbeatState.DOWN else None


def _time(at: int | None) -> str | None:
    """Seconds, with the offset of UTC in numbers, as Healthchecks writes it."""
    return None if at is None else instant_text(at // SECOND * SECOND).replace(".000Z", "+00:00")
