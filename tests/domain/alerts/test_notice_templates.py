from dataclasses import replace
from html.parser import HTMLParser
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from sightline.domain.alerts import notice_templates
from sightline.domain.alerts.notice_functions import MAX_OUTPUT, MAX_SOURCE, MAX_STEPS, NOTICES
from sightline.domain.alerts.notice_templates import TemplateFile, read_templates
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.template_parse import MAX_DEPTH
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT

START: Final = 1_700_000_000_500
NOW: Final = START + 100_000
DEFAULTS: Final = read_templates([]).templates
FAILED: Final = "<error expanding template: "


def alert(instance: str, *, ended: bool = False, **annotations: str) -> PostedAlert:
    """An alert that fires, or has for a minute."""
    labels = Labels.of(alertname="DiskFull", job="node", instance=instance)
    end = START + 60_000 if ended else NOW + 3_600_000
    return PostedAlert(
        DEFAULT_TENANT, labels, Labels.of(annotations), START, end, START, generator_url="http://p/g?x=1"
    )


def notification(
    *alerts: PostedAlert, status: Status = Status.FIRING, url: str = "https://s.example/x/"
) -> Notification:
    """What a receiver is told of them, by the name of the alert."""
    group = Labels.of(alertname="DiskFull")
    return Notification("i", DEFAULT_TENANT, "team.a", "k", group, status, alerts, NOW, url)


BOTH: Final = notification(alert("a", summary="full"), alert("b", ended=True, summary="full"))


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("plain", "plain"),
        ('{{ template "__subject" . }}', "[FIRING:1] DiskFull (node)"),
        ('{{ template "__description" . }}', ""),
        ('{{ template "__alertmanagerURL" . }}', "https://s.example/x/alerts"),
        ('{{ template "slack.default.fallback" . }}', "[FIRING:1] DiskFull (node) | https://s.example/x/alerts"),
        (
            '{{ template "__text_alert_list" .Alerts.Firing }}',
            (
                "Labels:\n - alertname = DiskFull\n - instance = a\n - job = node\nAnnotations:\n - summary = full\n"
                "Source: http://p/g?x=1\n"
            ),
        ),
        (
            '{{ template "__text_alert_list_markdown" .Alerts.Firing }}',
            (
                "\nLabels:\n  - alertname = DiskFull\n  - instance = a\n  - job = node\n\nAnnotations:\n  - summary = full\n\n"
                "Source: http://p/g?x=1\n\n"
            ),
        ),
        ("{{ .Receiver }} {{ .Status }} {{ .NotificationReason }}", "team\\.a firing "),
        ("{{ range .Alerts }}{{ .Status }} {{ .EndsAt.IsZero }} {{ end }}", "firing true resolved false "),
        ("{{ (index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt }}", "1m0s"),
        ("{{ (index .Alerts 0).StartsAt }}", "2023-11-14 22:13:20.5 +0000 UTC"),
        ('{{ (index .Alerts 0).StartsAt | tz "Europe/Berlin" | date "15:04 MST" }}', "23:13 CET"),
        ("{{ since (index .Alerts 0).StartsAt | humanizeDuration }}", "1m 40s"),
        ("{{ humanizeDuration 90061 }} {{ humanizeDuration `0.05` }}", "1d 1h 1m 1s 50ms"),
        ("{{ trimSpace ` \u3000a ` }} {{ urlUnescape `a+b%20c%C3%A9` }}", "a a b cé"),
        (
            "{{ toJson (index .Alerts 0).Labels }}{{ toJson .CommonLabels.SortedPairs }}",
            (
                '{"alertname":"DiskFull","instance":"a","job":"node"}'
                '[{"Name":"alertname","Value":"DiskFull"},{"Name":"job","Value":"node"}]'
            ),
        ),
        ('{{ toJson `<é"\\\n\b\u2028>` }}', '"\\u003cé\\"\\\\\\n\\u0008\\u2028\\u003e"'),
        (
            "{{ toJson 1 }} {{ toJson 1.5 }} {{ toJson nil }} {{ toJson true }} {{ toJson 1e30 }} {{ toJson 1e-7 }}",
            "1 1.5 null true 1e+30 1e-7",
        ),
        (
            "{{ toJson (index .Alerts 0).StartsAt }} {{ toJson ((index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt) }}",
            '"2023-11-14T22:13:20.5Z" 60000000000',
        ),
        ('{{ template "slack.default.color" . }}', "danger"),
    ],
)
def test_templates_are_filled(text: str, filled: str) -> None:
    """Data, methods, functions and the defaults give Alertmanager's texts."""
    assert DEFAULTS.text(text, BOTH) == filled


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ nosuch }}", "template, line 1, column 4: there is no function 'nosuch'"),
        (
            "{{ humanize 1 }}",
            "template, line 1, column 4: 'humanize' is there in templates of rules alone, not in those of notices",
        ),
        (
            "{{ query `up` }}",
            "template, line 1, column 4: 'query' is there in templates of rules alone, not in those of notices",
        ),
        ("a\n{{ .Nope }}", "line 2, column 4, .Nope: there is no field Nope in template.Data"),
        ("{{ .Status.Foo }}", "line 1, column 4, .Foo: there is no field Foo in string"),
        ("{{ .Status 1 }}", "line 1, column 4, .Status: Status is no method of template.Data, and takes no arguments"),
        (
            "{{ .CommonLabels.Remove }}",
            "line 1, column 4, .Remove: wrong number of arguments: 1 are wanted, and there are 0",
        ),
        ("{{ .CommonLabels.Remove 1 }}", "line 1, column 4, .Remove: wrong type for value; expected []string; got int"),
        ("{{ date `2006` 1 }}", "line 1, column 4, date: wrong type for value; expected time.Time; got int"),
        (
            "{{ tz `No/Where` (index .Alerts 0).StartsAt }}",
            "line 1, column 4, tz: 'No/Where' is no time zone of this machine; write a name such as Europe/Berlin",
        ),
        ("{{ urlUnescape `%zz` }}", "line 1, column 4, urlUnescape: invalid URL escape '%zz'"),
        ("{{ toJson now }}", "template, line 1, column 11: there is no function 'now'"),
        ('{{ template "nosuch" . }}', "line 1, column 4, template: template 'nosuch' is not defined"),
        (
            '{{ template "__subject" }}',
            "'__subject' of the defaults, line 6, column 15, .Status: there is no field Status in nil",
        ),
        (
            "{{ (index .Alerts 0).StartsAt.AddDate 9999 0 0 }}",
            "line 1, column 4, .AddDate: a time must lie in the years 1 to 9999",
        ),
    ],
)
def test_what_fails_says_so_in_place_of_the_notice(text: str, problem: str) -> None:
    """A notice is never lost to its template: one line says what is wrong and where, as text and, escaped, as HTML."""
    assert DEFAULTS.text(text, BOTH) == f"{FAILED}{problem}>"
    page = DEFAULTS.html(text, BOTH)
    assert page.startswith("&lt;error expanding template: ")
    assert "<" not in page
    assert "\n" not in page


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("{{ range 1000000000 }}{{ end }}", f"more than {MAX_STEPS} steps"),
        ("{{ range 1000000000 }}{{ $x := $.Alerts.Firing }}{{ end }}", f"more than {MAX_STEPS} steps"),
        ('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}', f"more than {MAX_DEPTH} deep"),
        ('{{ range 1000 }}{{ printf "%9999d" 1 }}{{ end }}', f"more than {MAX_OUTPUT} characters"),
        ("a" * (MAX_SOURCE + 1), f"more than the {MAX_SOURCE}"),
    ],
)
def test_no_template_takes_more_than_it_may(text: str, limit: str) -> None:
    """Loops, methods, templates that call themselves and what is not written all end with the limit that they passed."""
    assert limit in DEFAULTS.html(text, BOTH)


@pytest.mark.parametrize(
    "text",
    [
        "<!--{{ range 1000000000 }}{{ $ }}{{ end }}-->",
        (
            '{{ $x := "2006" }}{{ range 12 }}{{ $x = print $x $x }}{{ end }}'
            "{{ range 100000 }}{{ $y := (index $.Alerts 0).StartsAt.Format $x }}{{ end }}"
        ),
    ],
)
def test_what_is_not_shown_takes_steps_too(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in a comment, or is formatted and not written, counts by its length."""
    monkeypatch.setattr(notice_templates, "NOTICES", replace(NOTICES, steps=10_000))
    assert "more than 10000 steps" in DEFAULTS.html(text, BOTH)


def test_files_define_templates_in_their_order() -> None:
    """What a later file defines counts, an empty definition replaces none, and a file is a template itself."""
    read = read_templates(
        [
            TemplateFile("/t/a.tmpl", '{{ define "__subject" }}first{{ end }}{{ define "x" }}x{{ end }}outside'),
            TemplateFile("/t/b.tmpl", '{{ define "__subject" }}{{ .Status }}{{ end }}{{ define "x" }} {{ end }}'),
        ]
    )
    assert read.problems == ()
    text = '{{ template "slack.default.title" . }} {{ template "x" }} {{ template "a.tmpl" }}'
    assert read.templates.text(text, BOTH) == "firing x outside"
    assert read.templates.text('{{ define "x" }}own{{ end }}{{ template "x" }}', BOTH) == "own"
    assert DEFAULTS.text('{{ template "slack.default.title" . }}', BOTH) == "[FIRING:1] DiskFull (node)"


def test_problems_of_files_have_their_places() -> None:
    """A file that cannot be used is named with line and column and left out; what fails later names template and file."""
    read = read_templates(
        [
            TemplateFile("/t/bad.tmpl", 'a\n{{ define "x" }}{{ nosuch }}{{ end }}'),
            TemplateFile("/t/good.tmpl", '{{ define "y" }}\n{{ .Nope }}{{ end }}'),
        ]
    )
    assert read.problems == ("/t/bad.tmpl:2:20: there is no function 'nosuch'",)
    assert "template 'x' is not defined" in read.templates.text('{{ template "x" }}', BOTH)
    assert read.templates.text('{{ template "y" . }}', BOTH) == (
        f"{FAILED}'y' of /t/good.tmpl, line 2, column 4, .Nope: there is no field Nope in template.Data>"
    )


def test_every_default_can_be_filled() -> None:
    """For alerts that fire and that do not, with and without an address of ours, no default fails, as text or as HTML."""
    names = [line.split('"')[1] for line in _defined()]
    assert len(names) > 50
    for told in (BOTH, notification(alert("a", ended=True), status=Status.RESOLVED, url="")):
        for name in names:
            given = ".Alerts" if "list" in name or name.endswith(("_alerts", ".instances")) else "."
            given = {
                "__sightline.mail_pairs": ".CommonLabels.SortedPairs",
                "__sightline.mail_alert": "(index .Alerts 0)",
            }.get(name, given)
            text = f'{{{{ template "{name}" {given} }}}}'
            if name != "__sightline.mail_part":
                assert FAILED not in DEFAULTS.text(text, told), name
                assert "error expanding" not in DEFAULTS.html(text, told), name


def _defined() -> list[str]:
    from sightline.domain.alerts.notice_defaults import DEFAULTS as source  # noqa: N811, PLC0415 - two defaults

    return [piece for piece in source.split("{{") if " define " in piece]


class Seen(HTMLParser):
    """The elements, attributes and text of a page, as a program that reads mail would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    @override
    def handle_data(self, data: str) -> None:
        self.words += data


@given(st.text(st.sampled_from("ab<>&'\"=/ !-+:\n\t(){}\0;#é"), max_size=30))
def test_what_alerts_say_never_becomes_markup(said: str) -> None:
    """Whatever stands in annotations and addresses, the page has the same elements, and every word is there to be read."""
    plain, page = (
        Seen(
            DEFAULTS.html(
                '{{ template "email.default.html" . }}', notification(alert("a", summary="s", note=text or "n"))
            )
        )
        for text in ("n", said)
    )
    assert page.tags == plain.tags
    assert (said or "n").replace("\0", "\ufffd").replace("\n", "").replace("\t", "") in page.words.replace(
        "\n", ""
    ).replace("\t", "")


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", " JaVaScRiPt:x", "data:text/html,x", "vbscript:x", "java\nscript:x"]
)
def test_links_do_nothing_but_lead_somewhere(link: str) -> None:
    """An address with a scheme that is not of the web is replaced in a page."""
    page = Seen(DEFAULTS.html('<a href="{{ .CommonAnnotations.link }}">x</a>', notification(alert("a", link=link))))
    assert page.links == ["#ZgotmplZ"]
    trusted = DEFAULTS.html('<a href="{{ safeUrl "tel:1" }}">x</a>', BOTH)
    assert trusted == '<a href="tel:1">x</a>'


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<script>x = {{ .Status }}</script>", "<script>x = ZgotmplZ</script>"),
        ('<p onclick="f({{ .Status }})">', '<p onclick="f(ZgotmplZ)">'),
        ('<p on{{ "click" }}="{{ .Status }}">', '<p onclick="ZgotmplZ">'),
        ('<iframe srcdoc="{{ .Status }}">', '<iframe srcdoc="ZgotmplZ">'),
        ("<p>{{ safeHtml `<b>&amp;</b>` }}{{ html `<` }}", "<p><b>&amp;</b>&lt;"),
        ("<p title={{ `` }}>", "<p title=ZgotmplZ>"),
        ("<p {{ .Status }}>{{ index .CommonLabels `no` }}", "<p firing>"),
    ],
)
def test_html_is_escaped_for_its_place(text: str, page: str) -> None:
    """Values within scripts are refused, and what is HTML already is not escaped twice."""
    assert DEFAULTS.html(text, BOTH) == page


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "{{ ",
                    " }}",
                    "{{- ",
                    " -}}",
                    ".",
                    ".Alerts",
                    ".CommonLabels",
                    ".Names",
                    ".Remove",
                    ".StartsAt",
                    ".Format",
                    "$x",
                    ":=",
                    "|",
                    "(",
                ),
                *(
                    ")",
                    "if ",
                    "else",
                    "end",
                    "range ",
                    "with ",
                    'define "a"',
                    'template "a" ',
                    'template "__subject" ',
                    "join ",
                    '","',
                    "index ",
                    "0",
                ),
                *("toJson ", "since ", "date ", "<a href='", '">', "<!--", "-->", "<b ", "=", "</", "x", " "),
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_no_template_breaks_anything(text: str) -> None:
    """Whatever stands in a template, the answer is a text, and a problem is one line."""
    for found in (DEFAULTS.text(text, BOTH), DEFAULTS.html(text, BOTH)):
        assert isinstance(found, str)
    filled = DEFAULTS.text(text, BOTH)
    assert "error expanding" not in filled or "\n" not in filled
