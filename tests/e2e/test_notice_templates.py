"""Templates of notices are filled as amtool and Alertmanager fill them."""

import json
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from time import monotonic
from typing import Any, Final
from urllib.error import URLError

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serving import serving
from typing_extensions import override

from sightline.adapters.wire.notice_json import read_notice
from sightline.domain.alerts.go_time import Moment
from sightline.domain.alerts.notice_templates import NoticeTemplates, TemplateFile, read_templates
from sightline.domain.alerts.notification import Notification, Status, in_order
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import BadData, Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT

Require = Callable[[str, str], str]

HERE: Final = Path(__file__).parent
START: Final = 1_763_800_000_000
DATA: Final = {
    "receiver": "team-a\\.b",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DiskFull", "job": "node", "instance": "a:1", "Zone": "x"},
            "annotations": {"summary": "disk <b> & 'full'", "description": "two\nlines"},
            "startsAt": "2025-11-22T08:26:40.1234Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://p/g?x=1&y=<2>",
            "fingerprint": "395384154ea4ceeb",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "DiskFull", "job": "node", "instance": "b:1", "Zone": "x"},
            "annotations": {"summary": "disk full"},
            "startsAt": "2025-11-22T14:26:40.5+05:30",
            "endsAt": "2025-11-23T15:29:41.75+05:30",
            "generatorURL": "javascript:alert(1)",
            "fingerprint": "647ad119123185ea",
        },
    ],
    "groupLabels": {"alertname": "DiskFull"},
    "commonLabels": {"alertname": "DiskFull", "job": "node", "Zone": "x"},
    "commonAnnotations": {},
    "externalURL": "https://s.example/x/",
}
FILES: Final = {
    "first.tmpl": 'outside {{ define "greeting" }}hello {{ . }}{{ end }}{{ define "twice" }}first{{ end }}',
    "second.tmpl": '{{ define "twice" }}second{{ end }}{{ define "blank" }}x{{ end }}{{ define "calls" }}'
    '{{ template "greeting" .Status }}{{ end }}',
    "third.tmpl": '{{ define "blank" }} {{/* nothing */}} {{ end }}'
    '{{ define "page" }}<p title="{{ .Status }}">{{ range .Alerts }}<a href="{{ .GeneratorURL }}">{{ .Labels.instance }}</a>'
    "{{ end }}</p>{{ end }}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files of templates and of data are."""
    found = tmp_path_factory.mktemp("templates")
    for name, text in FILES.items():
        (found / name).write_text(text)
    (found / "data.json").write_text(json.dumps(DATA))
    return found


def filled(amtool: str, folder: Path, text: str, kind: str) -> str | None:
    """What amtool makes of a template; None where it fails."""
    globs = [f"--template.glob={folder / '*.tmpl'}", f"--template.data={folder / 'data.json'}"]
    command = [amtool, "template", "render", *globs, f"--template.type={kind}", f"--template.text={text}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout if done.returncode == 0 else None


def ours(text: str, *, as_html: bool = False) -> str | None:
    """What we make of it; None where we fail."""
    templates = read_templates([TemplateFile(name, source) for name, source in FILES.items()]).templates
    try:
        return templates.fill(text, read_notice(json.dumps(DATA).encode(), Moment(START * 1_000_000)), as_html=as_html)
    except (BadData, Unprocessable):
        return None


def different(amtool: str, folder: Path, texts: Sequence[str], kind: str) -> list[Any]:
    """The templates that are filled in another way."""
    pairs = [(text, ours(text, as_html=kind == "html"), filled(amtool, folder, text, kind)) for text in texts]
    return [pair for pair in pairs if pair[1] != pair[2]]


FAILING: Final = (
    *(
        "{{ nosuch }}",
        '{{ template "nosuch" }}',
        "{{ .Nope }}",
        "{{ toUpper 1 }}",
        '{{ join "," 1 }}',
        "{{ .Status.Foo }}",
    ),
    *(
        "{{ (index .Alerts 0).Foo }}",
        "{{ .CommonLabels.SortedPairs.Foo }}",
        '{{ define "a"',
        "{{ .Alerts.Firing.Firing }}",
    ),
    *(
        "{{ (index .Alerts 9).Foo }}",
        "{{ $x := 1 }}{{ $x.Foo }}",
        '{{ .CommonLabels.Remove "a" }}',
        "{{ .Alerts.Foo }}",
    ),
    *(
        '{{ .Status "a" }}',
        "{{ .CommonLabels.Remove }}",
        '{{ .CommonLabels.Names "a" }}',
        "{{ stringSlice 1 }}",
        "{{ nil }}",
    ),
    *(
        "{{ .Alerts.Firing 1 }}",
        "{{ index .CommonLabels 1 }}",
        "{{ index . 0 }}",
        "{{ len . }}",
        "{{ range . }}{{ end }}",
    ),
    *(
        "{{ lt (index .Alerts 0).StartsAt 1 }}",
        '{{ (index .Alerts 0).StartsAt.Add "1m" }}',
        '{{ reReplaceAll "(" "" "" }}',
    ),
    *('{{ match "(" "" }}', "{{ eq .CommonLabels.Names .CommonLabels.Names }}", "{{ (1) 2 }}", "{{ humanize 1 }}"),
)


def test_templates_are_filled_as_amtool_fills_them(folder: Path, require_binary: Require) -> None:
    """Data, methods, times, functions, printing and definitions of files give the same text; what fails, fails in both."""
    texts = [*(HERE / "notice_templates.txt").read_text().splitlines(), *FAILING]
    assert different(require_binary("amtool", "prometheus-alertmanager"), folder, texts, "text") == []


def test_html_is_escaped_as_amtool_escapes_it(folder: Path, require_binary: Require) -> None:
    """In text, attributes, URLs and styles the same is escaped, and the same is refused."""
    texts = (HERE / "notice_pages.txt").read_text().splitlines()
    assert different(require_binary("amtool", "prometheus-alertmanager"), folder, texts, "html") == []


PAGES: Final = st.lists(
    st.sampled_from(
        (
            *(
                "<p>",
                "</p>",
                '<a href="',
                '<a title="',
                "<b lang='",
                '">',
                "'>",
                " ",
                "x",
                "/",
                "?a=",
                "#",
                "&amp;",
                "<br/>",
                "=",
                ">",
            ),
            *(
                "<!--",
                "-->",
                "<title>",
                "</title>",
                "<textarea>",
                "</textarea>",
                "<",
                '"',
                "'",
                " id=",
                " src=",
                ":",
                "http://x/",
            ),
        )
    ),
    max_size=12,
)
TEXTS: Final = st.text(st.sampled_from("ab <>&'\"+/:?#%4=`é\t;()-[]"), max_size=8)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(PAGES, TEXTS), min_size=1, max_size=3))
def test_any_page_is_escaped_as_amtool_escapes_it(
    folder: Path, require_binary: Require, pieces: list[tuple[list[str], str]]
) -> None:
    """Wherever values stand in a page that Go takes, they are written in the same way."""
    text = "".join("".join(page) + "{{ " + json.dumps(value, ensure_ascii=False) + " }}" for page, value in pieces)
    theirs = filled(require_binary("amtool", "prometheus-alertmanager"), folder, text, "html")
    if theirs is not None:
        assert ours(text, as_html=True) == theirs


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.sampled_from("aBéß_-.'1:/ \t,ÇñŞ"), max_size=12), min_size=1, max_size=20))
def test_titles_are_those_of_amtool(folder: Path, require_binary: Require, words: list[str]) -> None:
    """Capitals stand at the beginnings of words, wherever words begin, and nowhere else."""
    text = "|".join("{{ title " + json.dumps(word, ensure_ascii=False) + " }}" for word in words)
    assert ours(text) == filled(require_binary("amtool", "prometheus-alertmanager"), folder, text, "text")


LAYOUTS: Final = st.lists(
    st.sampled_from(
        (
            *(
                "2006",
                "06",
                "01",
                "1",
                "Jan",
                "January",
                "02",
                "_2",
                "2",
                "002",
                "__2",
                "Mon",
                "Monday",
                "15",
                "03",
                "3",
                "04",
                "4",
            ),
            *(
                "05",
                "5",
                "PM",
                "pm",
                "MST",
                "-0700",
                "-07:00",
                "-07",
                "Z0700",
                "Z07:00",
                "Z07",
                ".000",
                ".999",
                ",00",
                ",9",
                ":05.00",
            ),
            *("_2006", "-", "/", ":", "T", ".", ",", "0", "9", "7", "a", "Ja", "M"),
        )
    ),
    max_size=8,
).map("".join)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(LAYOUTS, min_size=1, max_size=20))
def test_times_are_written_as_go_writes_them(folder: Path, require_binary: Require, layouts: list[str]) -> None:
    """Whatever a layout is made of, its parts become those of the time."""
    text = "|".join(
        f"{{{{ (index .Alerts {at % 2}).StartsAt.Format {json.dumps(layout)} }}}}" for at, layout in enumerate(layouts)
    )
    assert ours(text) == filled(require_binary("amtool", "prometheus-alertmanager"), folder, text, "text")


# What Alertmanager itself says, with its own templates.

ASKED: Final = (
    '{{ template "__subject" . }}',
    '[{{ template "__description" . }}]',
    '{{ template "__text_alert_list" .Alerts }}',
    '{{ template "__text_alert_list" .Alerts.Resolved }}',
    '{{ template "slack.default.text" . }}{{ template "slack.default.title" . }}',
    "{{ .Receiver }} {{ .Status }} {{ .GroupLabels }} {{ .CommonLabels }} {{ .CommonAnnotations }} {{ .ExternalURL }}",
    "{{ range .Alerts }}{{ .Status }} {{ .Fingerprint }} {{ .StartsAt }} {{ .EndsAt }} {{ .Labels }};{{ end }}",
)


@contextmanager
def listening() -> Iterator[tuple[str, "Queue[Any]"]]:
    """Takes what is posted to it: its address, and the bodies."""
    bodies: Queue[Any] = Queue()

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Take)) as server:
        yield f"http://127.0.0.1:{server.server_port}/", bodies


@contextmanager
def alertmanager(program: str, folder: Path, config: dict[str, Any]) -> Iterator[str]:
    """Runs Alertmanager: its address, where it answers."""
    (folder / "am.yml").write_text(json.dumps(config))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = [f"--config.file={folder / 'am.yml'}", f"--storage.path={folder}", f"--web.listen-address=127.0.0.1:{port}"]
    command = [program, *flags, "--cluster.listen-address=", "--web.external-url=https://s.example/x"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield f"http://127.0.0.1:{port}/x"
        finally:
            process.kill()


def posted_to(url: str, body: object) -> None:
    """Post JSON to a program that may still be starting."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    until = monotonic() + 30
    while monotonic() < until:
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
    pytest.fail(f"{url} never answered")


def test_defaults_say_what_alertmanagers_say(tmp_path: Path, require_binary: Require) -> None:
    """Subject, description and lists of alerts are, for a group of which some fires and some does not, to the letter the same."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    now = round(datetime.now(UTC).timestamp() * 1000)
    labels = [Labels.of(alertname="DiskFull", job="node", instance=name, Zone="x") for name in ("b:1", "a:1")]
    annotations = Labels.of(summary="disk <b> & 'full'", note="two\nlines")
    ends = (now + 3_600_000, now - 1_000)
    alerts = in_order(
        PostedAlert(DEFAULT_TENANT, each, annotations, now - 60_000, end, now, generator_url="http://p/g?x=1&y=2")
        for each, end in zip(labels, ends, strict=True)
    )
    notification = Notification(
        *("n", DEFAULT_TENANT, "team-a.b", "k", Labels.of(alertname="DiskFull"), Status.FIRING, alerts, now),
        external_url="https://s.example/x",
    )
    with listening() as (address, bodies):
        slack = {
            "api_url": address,
            "channel": "c",
            "send_resolved": True,
            "fields": [{"title": str(at), "value": f"[{text}]"} for at, text in enumerate(ASKED)],
        }
        config = {
            "route": {"receiver": "team-a.b", "group_by": ["alertname"], "group_wait": "1s"},
            "receivers": [{"name": "team-a.b", "slack_configs": [slack]}],
        }
        with alertmanager(program, tmp_path, config) as url:
            posted_to(f"{url}/api/v2/alerts", [as_posted(alert) for alert in alerts])
            (attachment,) = bodies.get(timeout=60)["attachments"]
    templates: NoticeTemplates = read_templates([]).templates
    said = {int(field["title"]): field["value"] for field in attachment["fields"]}
    assert [said[at] for at in range(len(ASKED))] == [templates.text(f"[{text}]", notification) for text in ASKED]
    assert attachment["title"] == templates.text('{{ template "slack.default.title" . }}', notification)


def as_posted(alert: PostedAlert) -> dict[str, Any]:
    """An alert as Alertmanager takes it."""
    assert alert.ends_at is not None
    times = [datetime.fromtimestamp(at / 1000, UTC).isoformat() for at in (alert.starts_at, alert.ends_at)]
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": times[0],
        "endsAt": times[1],
        "generatorURL": alert.generator_url,
    }
