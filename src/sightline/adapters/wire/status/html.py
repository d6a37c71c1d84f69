"""A status page as HTML: whole in itself, without scripts, fit for phones, keyboards and screen readers, printed or not."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from sightline.adapters.wire.instants import instant_text
from sightline.adapters.wire.status.bars import DEFINITIONS, bars, troubled
from sightline.adapters.wire.status.style import STYLE
from sightline.adapters.wire.status.words import CLASSES, OVERALL, STATES, length, moment, sign
from sightline.domain.probes.incident import EntryKind
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.status_page import StatusPage
from sightline.domain.probes.status_view import Line, Planned, Section, ShownIncident, View
from sightline.domain.probes.uptime import share, worst

MOST_TROUBLED: Final = 30
"""Days that are told in words of one check."""
_ICON: Final = (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='{}'/%3E%3C/svg%3E"
)
_COLOURS: Final = {
    "up": "%232b8a57",
    "degraded": "%23d9992b",
    "down": "%23cf3a30",
    "unknown": "%2377828f",
    "maintenance": "%233d78d6",
}


def page_html(view: View) -> bytes:
    """The page."""
    kind = OVERALL[view.overall]
    page = view.page
    parts = [
        _head(page, page.title, _ICON.format(_COLOURS[kind]), is_open=True),
        f"<body>{DEFINITIONS}<div class=top></div><header><h1>{_linked(page)}</h1>",
        f'<p class="quiet text">{escape(page.description)}</p>' if page.description else "",
        "</header><main>",
        _banner(view, kind),
        f'<section class="card said text" aria-label="Announcement">{escape(page.announcement)}</section>'
        if page.announcement
        else "",
        _incidents("Current incidents", view.open_incidents, view),
        _maintenance(view) if page.shows.maintenance else "",
        *(_section(one, view) for one in view.sections),
        f'<p class="quiet small">{view.left_out} more checks are not shown.</p>' if view.left_out else "",
        _past(view) if page.shows.incidents else "",
        _subscribe(page),
        "</main>",
        _footer(view),
        "</body></html>",
    ]
    return "".join(parts).encode("utf-8", "replace")


def _head(page: StatusPage, title: str, icon: str, *, is_open: bool) -> str:
    """is_open: whether the reader may know more of the page than its title."""
    theme = "" if page.theme == "auto" else f" data-theme={page.theme}"
    accent = f' style="--accent:{page.accent}"' if page.accent else ""
    rss = (
        f'<link rel=alternate type="application/rss+xml" title="{escape(page.title)}" href="/status/{page.slug}/feed.xml">'
        if is_open and "rss" in page.subscribe
        else ""
    )
    about = (
        f'<meta name=description content="{escape(page.description[:200])}">' if page.description and is_open else ""
    )
    return (
        f'<!doctype html><html lang=en{theme}{accent}><head><meta charset=utf-8><meta name=viewport content="width=device-width">'
        f'<title>{escape(title)}</title>{about}{rss}<link rel=icon href="data:image/svg+xml,{icon}">'
        f"<style>{STYLE}</style></head>"
    )


def _linked(page: StatusPage) -> str:
    return f'<a href="{escape(page.link)}">{escape(page.title)}</a>' if page.link else escape(page.title)


def _banner(view: View, kind: str) -> str:
    zone = view.page.zone
    as_of = f"As of {_time(view.at, view)}."
    if view.alive_at is not None:
        as_of = f"Nothing is known since {_time(view.alive_at, view)}. {as_of}"
    elif view.unknown_since is not None:
        count = sum(state is CheckState.UNKNOWN for one in view.sections for state in one.states)
        systems = "1 system" if count == 1 else f"{count} systems"
        as_of = f"Of {systems} nothing is known since {escape(moment(view.unknown_since, zone))}. {as_of}"
    as_of = f"{_failing(view)}{as_of}"
    return (
        f'<section class="banner {kind}" aria-label="Overall state">{sign(kind)}'
        f"<div><h2>{escape(view.headline)}</h2><p>{as_of}</p></div></section>"
    )


def _failing(view: View) -> str:
    """How many of several systems are down, for a page of hundreds is not read to its end."""
    states = [state for one in view.sections for state in one.states]
    unreachable = states.count(CheckState.UNREACHABLE)
    count = states.count(CheckState.DOWN) + unreachable
    if not count or len(states) == 1:
        return ""
    what = "down or unreachable" if unreachable else "down"
    return f"{count} of {len(states)} systems {'is' if count == 1 else 'are'} {what}. "


def _time(at: int, view: View) -> str:
    return f'<time datetime="{instant_text(at)}">{escape(moment(at, view.page.zone))}</time>'


def _state(state: CheckState, title: str = "") -> str:
    kind = CLASSES[state]
    said = f' title="{escape(title)}"' if title else ""
    return f'<span class="state {kind}"{said}>{sign(kind)}{STATES[state]}</span>'


def _section(section: Section, view: View) -> str:
    group, states = section.group, section.states
    lines = "".join(_line(one, view) for one in section.lines)
    if not group.name:
        return f'<section class="card list" aria-label="Systems">{lines}</section>'
    name = escape(group.name)
    if not group.collapsed:
        return f'<section><h2>{name}</h2><div class="card list">{lines}</div></section>'
    its = worst(state for state in states if state is not CheckState.PAUSED) or CheckState.PAUSED
    opened = "" if its in (CheckState.UP, CheckState.PAUSED) else " open"
    return f'<details class="card group"{opened}><summary><h2>{name}</h2>{_state(its)}</summary>{lines}</details>'


def _line(line: Line, view: View) -> str:
    since = f"since {moment(line.since, view.page.zone)}" if line.since is not None else ""
    parts = [f"<article class=check><div class=row><h3>{escape(line.name)}</h3>{_state(line.state, since)}</div>"]
    if line.state is not CheckState.UP and line.since is not None:
        parts.append(f'<p class="quiet small">For {length(max(0, view.at - line.since))}, {escape(since)}</p>')
    told = _told(line, view)
    if line.days:
        first = len(line.days)
        parts += [
            f"<div class=bars>{bars(view.ranges, line.days)}</div><div class=scale>",
            f"<span><span class=long>{first}</span><span class=short>{first // 2}</span> days ago</span>",
            f"<span class=told>{told}</span><span>Today</span></div>",
            _days(line, view),
        ]
    elif told:
        parts.append(f'<p class="quiet small">{told}</p>')
    parts.append(_latency(line))
    parts.append("</article>")
    return "".join(parts)


def _told(line: Line, view: View) -> str:
    """Uptime in words, as it counts, and beside it as a reader saw it where that is less."""
    if not view.page.shows.uptime or not line.windows:
        return ""
    said = []
    for name, its in line.windows.items():
        corrected, raw = its.corrected(view.page.unknown), its.raw
        less = corrected is not None and raw is not None and raw < corrected and share(raw) != share(corrected)
        figure = f"{share(corrected)} ({share(raw)} raw)" if less else share(corrected)
        said.append(f"{figure} uptime in {name}" if len(line.windows) == 1 else f"{name} {figure}")
    return escape(" · ".join(said))


def _days(line: Line, view: View) -> str:
    said = list(troubled(view.ranges, line.days))
    if not said:
        return ""
    items = "".join(f"<li>{escape(one)}</li>" for one in said[:MOST_TROUBLED])
    more = f"<li>{len(said) - MOST_TROUBLED} more</li>" if len(said) > MOST_TROUBLED else ""
    days = "1 day" if len(said) == 1 else f"{len(said)} days"
    return f"<details class=days><summary>{days} with trouble</summary><ul>{items}{more}</ul></details>"


def _latency(line: Line) -> str:
    """A line through the last day; gaps are gaps."""
    known = [one for one in line.latency if one is not None]
    if not known:
        return ""
    most = max(known) or 1.0
    path, pen = [], "M"
    for place, one in enumerate(line.latency):
        if one is None:
            pen = "M"
            continue
        path.append(f"{pen}{place} {27 - 25 * one / most:.1f}")
        pen = "L"
    mean = _seconds(sum(known) / len(known))
    said = f"Latency in 24 hours: {mean} in the mean, {_seconds(max(known))} at most"
    return (
        f'<div class=latency><svg viewBox="0 0 {max(1, len(line.latency) - 1)} 28" preserveAspectRatio="none" role="img" '
        f'aria-label="{said}"><title>{said}</title><path d="{"".join(path)}"/></svg><span>{mean} in 24h</span></div>'
    )


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _incidents(title: str, shown: Sequence[ShownIncident], view: View) -> str:
    if not shown:
        return ""
    return f"<section><h2>{title}</h2>{''.join(_incident(one, view) for one in shown)}</section>"


def _incident(shown: ShownIncident, view: View) -> str:
    its, affects = shown.incident, shown.affects
    lasts = its.ended_at is None
    when = f"Since {_time(its.started_at, view)}"
    if its.ended_at is not None:
        when = f"{_time(its.started_at, view)}, for {length(max(0, its.ended_at - its.started_at))}"
    affected = f" · Affects {escape(_some(affects))}" if len(affects) > 1 or (affects and its.check is None) else ""
    updates = "".join(
        f"<li>{_said(one.status, one.kind)}<span class=text>{escape(one.text)}</span>"
        f'<br><span class="quiet small">{_time(one.at, view)}</span></li>'
        for one in shown.updates
    )
    kind = "up" if not lasts else {"down": "down", "unreachable": "down"}.get(its.kind.value, "degraded")
    resolved = "" if lasts else f'<span class="state up">{sign("up")}Resolved</span>'
    return (
        f'<article class="card said {kind}" id="incident-{its.id}"><div class=row><h3>{escape(shown.title)}</h3>{resolved}</div>'
        f'<p class="quiet small">{when}{affected}</p>{f"<ol class=updates>{updates}</ol>" if updates else ""}</article>'
    )


def _said(status: str, kind: EntryKind) -> str:
    word = "Afterwards" if kind is EntryKind.POST_MORTEM else status.capitalize()
    return f"<b>{escape(word)}</b>: " if word else ""


def _some(names: Sequence[str], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _maintenance(view: View) -> str:
    if not view.planned:
        return ""
    return f"<section><h2>Maintenance</h2>{''.join(_planned(one, view) for one in view.planned)}</section>"


def _planned(one: Planned, view: View) -> str:
    runs = one.start <= view.at
    names = [name for check, name in view.names.items() if check in one.checks]
    said = f'<p class="text">{escape(one.description)}</p>' if one.description else ""
    state = _state(CheckState.MAINTENANCE) if runs else '<span class="quiet small">Planned</span>'
    return (
        f'<article class="card said maintenance" id="maintenance-{one.id}-{one.start}">'
        f"<div class=row><h3>{escape(one.title or 'Maintenance')}</h3>{state}</div>"
        f'<p class="quiet small">{_time(one.start, view)} to {_time(one.end, view)} · '
        f"Affects {escape(_some(names))}</p>{said}</article>"
    )


def _past(view: View) -> str:
    days = view.page.shows.incidents
    title = f"Past incidents, last {days} days"
    if view.past_incidents:
        return _incidents(title, view.past_incidents, view)
    return f'<section><h2>{title}</h2><p class="card quiet">None.</p></section>'


def _subscribe(page: StatusPage) -> str:
    if not page.subscribe:
        return ""
    parts = ['<section class=nav><h2 id=subscribe>Get updates</h2><div class="card">']
    if "rss" in page.subscribe:
        parts.append(
            f'<p style="margin:0">Follow the <a href="/status/{page.slug}/feed.xml">RSS feed</a> of incidents and maintenance.</p>'
        )
    if "email" in page.subscribe:
        parts.append(_form(page, "email", "E-mail address", "email", "Subscribe by e-mail"))
    if "webhook" in page.subscribe:
        parts.append(_form(page, "url", "Address of a webhook", "url", "Subscribe a webhook"))
    parts.append("</div></section>")
    return "".join(parts)


def _form(page: StatusPage, name: str, label: str, kind: str, button: str) -> str:
    complete = " autocomplete=email" if kind == "email" else ""
    return (
        f'<form method=post action="/status/{page.slug}/subscribe"><div class=field><label for="s-{name}">{label}</label>'
        f'<input id="s-{name}" name={name} type={kind} required maxlength=2000{complete}></div><button>{button}</button></form>'
    )


def _footer(view: View) -> str:
    said = escape(view.page.footer)
    return (
        f'<footer><span class="text">{said}</span>'
        f"<span>Uptime leaves out maintenance{_policy(view)}. Days are of {escape(view.page.timezone)}.</span></footer>"
    )


def _policy(view: View) -> str:
    return {
        "ignore": " and time of which nothing is known",
        "up": " and counts time of which nothing is known as up",
        "down": " and counts time of which nothing is known as down",
    }[view.page.unknown.value]


def login_html(page: StatusPage, message: str = "") -> bytes:
    """What asks for a page's password. The page's own words are not shown before, but for its title."""
    said = f'<p role=alert class="small state down" id=problem>{escape(message)}</p>' if message else ""
    invalid = " aria-invalid=true aria-describedby=problem" if message else ""
    body = (
        f'<form class=narrow method=post action="/status/{page.slug}/login"><div class=field>'
        f"<label for=password>Password</label><input id=password name=password type=password required autofocus "
        f"autocomplete=current-password maxlength=1000{invalid}></div><button>Open</button></form>{said}"
    )
    return _plain(page, "This page is protected", body)


def message_html(page: StatusPage, title: str, text: str, button: str = "", action: str = "", token: str = "") -> bytes:
    """A page that says one thing, and may have a button for it, which brings a token to an address."""
    form = (
        f'<form method=post action="{escape(action)}"><input type=hidden name=token '
        f'value="{escape(token)}"><button>{escape(button)}</button></form>'
        if button
        else ""
    )
    back = f'<p><a href="/status/{page.slug}">Back to the page</a></p>'
    return _plain(page, title, f"<p style=margin:0>{escape(text)}</p>{form}{back}")


def _plain(page: StatusPage, title: str, body: str) -> bytes:
    parts: Iterable[str] = (
        _head(page, f"{title} · {page.title}", _ICON.format(_COLOURS["unknown"]), is_open=False),
        f'<body><div class=top></div><header><h1>{escape(page.title)}</h1></header><main><section class="card">',
        f"<h2 style=margin-top:0>{escape(title)}</h2>{body}</section></main></body></html>",
    )
    return "".join(parts).encode("utf-8", "replace")
