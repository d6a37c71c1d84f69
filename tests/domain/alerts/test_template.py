import math
import re
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.domain.alerts.go_values import Sample, Samples, Texts
from sightline.domain.alerts.template import MAX_DEPTH, MAX_OUTPUT, MAX_SOURCE, MAX_STEPS, parse_template
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels

LABELS = Labels.of(instance="web-1", job="node")
ADDRESS: Final = "https://sightline.example.org/at/"
WORDS = st.sampled_from(
    re.split(
        " +",
        """{{ }} {{- -}} . .Labels .Value .a $ $x $x, $labels.job $value := = | ( ) if else end range with define template
        break continue and or not eq lt len index slice print printf html js urlquery humanize title match args reReplaceAll
        block nil true "%d" "%5.2f|%*d" "a" `b` 'c' 1 2.5 -3 0x1F 1e9 /* */ text query first value label sortByLabel toUpper""",
    )
)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("", ""),
        ("one } or { is text", "one } or { is text"),
        ("on {{ $labels.instance }}!", "on web-1!"),
        ("{{$labels.instance}}{{$labels.job}}", "web-1node"),
        ("{{ $labels.missing }}", ""),
        ("{{ $value }} %", "93.4375 %"),
        ('{{ $value | printf "%.1f" }} %', "93.4 %"),
        ("{{ .Labels.job }} {{ .Value }}", "node 93.4375"),
        ("{{ $value | humanize }} {{ humanize .Value }}", "93.44 93.44"),
        ("{{ externalURL }} {{ $externalURL }} {{ pathPrefix }}", f"{ADDRESS} {ADDRESS} /at/"),
        ("{{ $externalLabels }}{{ .ExternalLabels.a }}", "map[]"),
        ('{{ range 3 }}{{ . }}{{ else }}none{{ end }}{{ with $labels.no }}{{ else with "a" }}{{ . }}{{ end }}', "012a"),
    ],
)
def test_gaps_are_filled(text: str, filled: str) -> None:
    """A template is its text with labels, value and what follows from them in their places."""
    assert parse_template(text).fill(LABELS, 93.4375, ADDRESS) == filled


@pytest.mark.parametrize(
    ("value", "plain", "fixed"),
    [
        (90.0, "90", "90.0"),
        (0.1, "0.1", "0.1"),
        (1_000_000.0, "1e+06", "1000000.0"),
        (math.nan, "NaN", "NaN"),
        (math.inf, "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf"),
    ],
)
def test_values_are_written_as_prometheus_writes_them(value: float, plain: str, fixed: str) -> None:
    """Whole numbers have no decimals unless asked for, large ones an exponent, and what is no number has its name."""
    assert parse_template("{{ $value }}").fill(LABELS, value) == plain
    assert parse_template('{{ $value | printf "%.1f" }}').fill(LABELS, value) == fixed


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("{{ $external }}", (1, 4), "no variable \\$external"),
        ("a\n {{ foo }}", (2, 5), "no function 'foo'"),
        ("{{ query }}", (1, 4), "query takes 1 arguments, and has 0"),
        ("{{ tmpl `x` }}", (1, 4), "consoles alone"),
        ("{{ humanize }}", (1, 4), "humanize takes 1 arguments, and has 0"),
        ("{{ $labels.instance", (1, 1), "never closed by '}}'"),
        ("{{ /* a }}", (1, 4), "must not stand here"),
        ("{{/* a }}", (1, 1), "never closed by '\\*/'"),
        ('{{ "a }}', (1, 4), 'quote " is never closed'),
        ("{{}}", (1, 3), "needs a value"),
        ("{{ if true }}", (1, 4), "{{if}} is never closed by {{end}}"),
        ("{{ end }}", (1, 4), "closes nothing"),
        ("{{ break }}", (1, 4), "outside of {{range}}"),
        ("{{ if true }}{{ else }}{{ else }}{{ end }}", (1, 27), "second {{else}}"),
        ("{{ if true }}{{ define `a` }}{{ end }}{{ end }}", (1, 17), "within nothing else"),
        ("{{ define `a` }}b{{ end }}{{ define `a` }}c{{ end }}", (1, 30), "defined twice"),
        ("{{ 1 | 2 }}", (1, 8), "no function"),
        ("{{ nil }}", (1, 4), "nil is no command"),
        ("{{ 99999999999999999999 }}", (1, 4), "64 bits"),
        ("{{ '' }}", (1, 4), "not one character"),
        ('{{ "\\q" }}', (1, 4), "no escape sequence"),
        ("{{ 1x }}", (1, 4), "'1x' is no number"),
        ("{{ $value.1 }}", (1, 10), "'.1' must not stand here"),
    ],
)
def test_what_is_no_template_is_refused(text: str, place: tuple[int, int], problem: str) -> None:
    """The message says what is wrong, and the detail has line and column, from 1."""
    with pytest.raises(BadData, match=problem) as refused:
        parse_template(text)
    assert (refused.value.detail["line"], refused.value.detail["column"]) == place
    assert refused.value.message.startswith(f"template, line {place[0]}, column {place[1]}: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ title $value }}", "line 1, column 4, title: wrong type for value; expected string; got float64"),
        ("{{ .Nope }}", "line 1, column 4, .Nope: there is no field Nope in the data of an alert"),
        ('a\n{{ template "x" }}', "line 2, column 4, template: template 'x' is not defined"),
        ("{{ eq 1 1.5 }}", "line 1, column 4, eq: incompatible types for comparison: int and float64"),
    ],
)
def test_what_fails_says_so_in_its_place(text: str, problem: str) -> None:
    """An alert is never lost to its template: the text is the error, with its place."""
    assert parse_template(text).fill(LABELS, 1.0) == f"<error expanding template: {problem}>"


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("{{ range 1000000000 }}{{ end }}", f"more than {MAX_STEPS} steps"),
        ("{{ range 200 }}{{ range 200 }}{{ end }}{{ end }}", f"more than {MAX_STEPS} steps"),
        ('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}', f"more than {MAX_DEPTH} deep"),
        (
            '{{ define "a" }}{{ template "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
            f"more than {MAX_DEPTH} deep",
        ),
        ('{{ printf "%99999d" 1 }}', f"more than {MAX_OUTPUT} characters"),
        ('{{ range 100 }}{{ printf "%9999d" 1 }}{{ end }}', f"more than {MAX_OUTPUT} characters"),
        ('{{ $x := "ab" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}', f"more than {MAX_OUTPUT} characters"),
        (
            '{{ $x := printf "%9999d" 1 }}{{ range 100 }}{{ reReplaceAll "" $x $x }}{{ end }}',
            f"more than {MAX_OUTPUT} characters",
        ),
        (
            '{{ $x := printf "%9999d" 1 }}{{ range 1000 }}{{ $y := toUpper $x }}{{ end }}',
            f"more than {MAX_STEPS} steps",
        ),
        ("{{ $x := args 1 }}{{ range 100 }}{{ $x = args $x $x }}{{ end }}{{ $x }}", "args within args"),
    ],
)
def test_no_template_takes_more_than_it_may(text: str, limit: str) -> None:
    """Loops, templates that call themselves and texts that grow end with the limit that they passed."""
    filled = parse_template(text).fill(LABELS, 1.0)
    assert filled.startswith("<error expanding template: ")
    assert limit in filled


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("a" * (MAX_SOURCE + 1), f"more than the {MAX_SOURCE}"),
        ("{{ " + "(" * 1000 + "1" + ")" * 1000 + " }}", f"more than {MAX_DEPTH} deep"),
        ("{{ if 1 }}" * 1000 + "{{ end }}" * 1000, f"more than {MAX_DEPTH} deep"),
        ("{{ if 1 }}" + "{{ else if 1 }}" * 1000 + "{{ end }}", f"more than {MAX_DEPTH} deep"),
        ("{{ " + "1" * (MAX_SOURCE - 100) + " }}", r"1\.\.\.$"),
        ("{{ 1 " + " " * (MAX_SOURCE - 100), "never closed"),
        ("{{ '" + "\\" * (MAX_SOURCE - 100), "never closed"),
    ],
)
def test_no_template_is_larger_or_deeper_than_it_may_be(text: str, limit: str) -> None:
    """What is too long or too deeply nested is refused before it is made ready."""
    with pytest.raises(BadData, match=limit):
        parse_template(text)


def test_the_deepest_template_is_filled() -> None:
    """What is nested as deep as may be is read and filled."""
    assert parse_template("{{ " + "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH + " }}").fill(LABELS, 1.0) == "1"
    assert parse_template("{{ if 1 }}" * MAX_DEPTH + "a" + "{{ end }}" * MAX_DEPTH).fill(LABELS, 1.0) == "a"


def test_a_long_template_is_filled() -> None:
    """What is long without being nested is no deeper for it."""
    assert parse_template("{{ 1" + " | print" * 3_000 + " }}").fill(LABELS, 1.0) == "1"
    assert parse_template("{{ print" + " 1" * 10_000 + " }}").fill(LABELS, 1.0) == " ".join("1" * 10_000)
    assert "no field a in string" in parse_template("{{ .Labels" + ".a" * 10_000 + " }}").fill(LABELS, 1.0)


@given(st.text(alphabet=st.characters(exclude_characters="{")), st.floats(allow_nan=False))
def test_text_without_gaps_stays_as_it_is(text: str, value: float) -> None:
    """Text that opens no gap is filled to itself, and a plain value reads back as the same number."""
    assert parse_template(text).fill(LABELS, value) == text
    assert float(parse_template("{{ $value }}").fill(LABELS, value)) == value


@given(
    st.text() | st.lists(WORDS, max_size=30).map(" ".join).map("{{{{ {} }}}}".format) | st.lists(WORDS).map(" ".join)
)
@example('{{ if "" }}{{ . }}{{ else }}{{ printf "%[3]*.[2]*[1]f|%[5]d|%z|%" 1.5 2 6 }}{{ end }}')
def test_any_text_is_a_template_or_refused(text: str) -> None:
    """Whatever is written either fills to a text or is bad data."""
    try:
        filled = parse_template(text).fill(LABELS, 1.0)
    except BadData as error:
        refused, filled = error.message, ""
    else:
        refused = "template"
    assert refused.startswith("template")
    assert len(refused) < 1_000
    assert len(filled) <= MAX_OUTPUT


@pytest.mark.parametrize(
    "text",
    [
        "{{ $value }}",
        "{{ humanize $value }}",
        "{{ .Value }}",
        "{{ $.Value }}",
        "{{ . }}",
        "{{ $ }}",
        "{{ with $labels }}{{ $.Value }}{{ end }}",
        "{{ if gt (.Value) 1.0 }}{{ end }}",
        '{{ define "a" }}{{ .Value }}{{ end }}{{ template "a" . }}',
        "{{ if true }}{{ else }}{{ print ($value | humanize) }}{{ end }}",
    ],
)
def test_a_template_knows_that_it_uses_the_value(text: str) -> None:
    """A text may change with the value if it mentions it, or all of the data, wherever that is."""
    assert parse_template(text).uses_value


@pytest.mark.parametrize("text", ["a", "{{ $labels.Value }}", "{{ range .Labels }}{{ . }}{{ end }}", "{{ $labels }}"])
def test_a_template_knows_that_it_does_not_use_the_value(text: str) -> None:
    """A text over labels alone stays while the value changes."""
    assert not parse_template(text).uses_value


def sample(value: float, **labels: str) -> Sample:
    """An element of the result of a query."""
    return Sample(Texts(labels), value)


UP: Final = Samples([sample(1.0, i="b", n="1"), sample(2.0, i="a", n="2"), sample(3.0, i="b", n="3")])


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ('{{ range query "up" }}{{ .Labels.i }}={{ .Value }};{{ end }}', "b=1;a=2;b=3;"),
        ('{{ range $at, $it := query "up" | sortByLabel "i" }}{{ $at }}{{ label "n" $it }} {{ end }}', "02 11 23 "),
        ('{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}', "1"),
        ('{{ query "up" | first | label "none" }}|{{ query "up" | first | strvalue }}', "|"),
        ('{{ len (query "up") }} {{ (index (query "up") 2).Value }} {{ len (slice (query "up") 1) }}', "3 3 2"),
        ('{{ query "up" | first }} {{ printf "%v" (query "up" | first) }}', "{map[i:b n:1] 1} &{map[i:b n:1] 1}"),
        ('{{ with query "none" }}some{{ else }}none{{ end }}', "none"),
        ('{{ query (printf "%s" "up") | first | value }}', "1"),
    ],
)
def test_results_of_queries_are_worked_on(text: str, filled: str) -> None:
    """As Prometheus does; sorting keeps the order of what is equal."""
    template = parse_template(text)
    assert template.asks
    answers = {"up": UP, "none": Samples()}
    assert template.asked(LABELS, 1.0, "", answers) is None
    assert template.fill(LABELS, 1.0, "", answers) == filled


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{{ query "none" | first }}', "no elements"),
        ('{{ query "wrong" }}', "parse error"),
        ('{{ query "up" | value }}', "expected \\*template.sample; got template.queryResult"),
        ('{{ first "a" }}', "expected template.queryResult; got string"),
        ("{{ query 1 }}", "expected string"),
        ('{{ (query "up").Value }}', "no field Value in template.queryResult"),
        ('{{ eq (query "up") 1 }}', "cannot be compared"),
        ('{{ index (query "up") 3 }}', "out of range"),
    ],
)
def test_what_cannot_be_done_with_results_is_told(text: str, problem: str) -> None:
    """The text says what is wrong, and so it does where the query failed."""
    answers: dict[str, Samples | str] = {"up": UP, "none": Samples(), "wrong": "parse error"}
    template = parse_template(text)
    assert template.asked(LABELS, 1.0, "", answers) is None
    assert re.search(problem, template.fill(LABELS, 1.0, "", answers))


def test_a_template_tells_what_it_asks_one_by_one() -> None:
    """What is asked next may follow from what was answered; without an answer the text says so."""
    template = parse_template('{{ query (printf "x%v" (query $labels.job | first | value)) | len }}')
    answers: dict[str, Samples | str] = {}
    assert template.asked(LABELS, 1.0, "", answers) == "node"
    assert "query 'node' was not asked" in template.fill(LABELS, 1.0, "", answers)
    answers["node"] = Samples([sample(5.0)])
    assert template.asked(LABELS, 1.0, "", answers) == "x5"
    answers["x5"] = Samples()
    assert template.asked(LABELS, 1.0, "", answers) is None
    assert template.fill(LABELS, 1.0, "", answers) == "0"


def test_work_on_long_results_takes_steps() -> None:
    """So that sorting again and again comes to an end."""
    many = Samples([sample(float(number), i=str(number)) for number in range(1_000)])
    text = '{{ $all := query "all" }}{{ range 1000 }}{{ $all = sortByLabel "i" $all }}{{ end }}'
    assert f"more than {MAX_STEPS} steps" in parse_template(text).fill(LABELS, 1.0, "", {"all": many})


@pytest.mark.parametrize("text", ["{{ $value }}", "query", '{{ "query" }}', "{{ .query }}"])
def test_a_template_that_asks_nothing_knows_it(text: str) -> None:
    """The word alone is no question."""
    assert not parse_template(text).asks
