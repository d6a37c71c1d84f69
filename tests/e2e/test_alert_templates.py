"""Templates of alerts are filled as promtool, which is Prometheus', fills them: many at once, each an annotation of one rule."""

import json
import math
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.domain.alerts.template import parse_template
from sightline.domain.labels import Labels

LABELS: Final = Labels.of(__name__="m", instance="web-1.example.org:9100", job="node", path='/a b?c=<d>&e="f"', word="été")
FAILED: Final = "<error expanding template: "
Require = Callable[[str, str], str]


def expanded(promtool: str, folder: Path, texts: Sequence[str], value: str) -> list[str]:
    """What promtool makes of templates for an element with `LABELS` and a value."""
    labels = ", ".join(f"{name}={json.dumps(each)}" for name, each in LABELS if name != "__name__")
    rule = {"alert": "A", "expr": "m", "annotations": {f"a{at:05d}": f"[{text}]" for at, text in enumerate(texts)}}
    (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}))
    case = {
        "interval": "1m",
        "input_series": [{"series": f"m{{{labels}}}", "values": value}],
        "alert_rule_test": [{"eval_time": "0m", "alertname": "A", "exp_alerts": []}],
    }
    (folder / "tests.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "tests": [case]}))
    done = subprocess.run(
        [promtool, "test", "rules", "tests.yml"], capture_output=True, text=True, cwd=folder, timeout=60, check=False
    )
    said = done.stdout + done.stderr
    found = {
        int(name): json.loads(re.sub(r"\\x([0-9a-f]{2})", r"\\u00\1", shown).replace("\\a", "\\u0007").replace("\\v", "\\u000b"))
        for name, shown in re.findall(r'a(\d{5})=("(?:[^"\\]|\\.)*")', said.partition("Annotations:")[2])
    }
    assert len(found) == len(texts), said[:2000]
    return [found[at] for at in range(len(texts))]


def agrees(promtool: str, folder: Path, texts: Sequence[str], value: float, written: str) -> None:
    """Require that every template is filled with the same text, or fails in both."""
    different = []
    for text, theirs in zip(texts, expanded(promtool, folder, texts, written), strict=True):
        ours = parse_template(f"[{text}]").fill(LABELS, value)
        if ours != theirs and not (ours.startswith(FAILED) and theirs.startswith(FAILED)):
            different.append((text, ours, theirs))
    assert different == []


SYNTAX: Final = r"""
plain
{{ $value }} {{.Value}} {{ $.Value }} {{ $labels.job }} {{ .Labels.job }} {{ $labels.missing }}
{{ . }} {{ $labels }} {{ .ExternalLabels }} {{ $externalURL }}
a {{- " b " -}} c {{- /* comment */ -}} d {{/* another */}} e
{{- 3 }} {{ -3 }} {{ +3 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ 1e3 }} {{ .5 }} {{ 1. }} {{ 0x1p4 }} {{ 'a' }} {{ '\n' }} {{ true }} {{ false }}
{{ "a\tb\"\\\x41\u00e9\U0001F600\101" }} {{ `raw \n "x"` }}
{{ $x := 1 }}{{ $x }}{{ $x = 2 }}{{ $x }}{{ if true }}{{ $x := 3 }}{{ $x }}{{ $x = 4 }}{{ end }}{{ $x }}
{{ if true }}{{ $x := 3 }}{{ end }}{{ $x := 5 }}{{ with $x := 6 }}{{ $x }}{{ . }}{{ end }}{{ $x }}
{{ if $x := $labels.job }}{{ $x }}{{ else }}no{{ end }}{{ if $labels.no }}a{{ else if eq $labels.job "node" }}b{{ else }}c{{ end }}
{{ if 0 }}a{{ else }}b{{ end }}{{ if 0.0 }}a{{ else }}b{{ end }}{{ if "" }}a{{ else }}b{{ end }}{{ if false }}a{{ else }}b{{ end }}
{{ if . }}a{{ end }}{{ if $labels }}a{{ end }}{{ if .ExternalLabels }}a{{ else }}b{{ end }}{{ if nil }}a{{ else }}b{{ end }}
{{ range $labels }}{{ . }},{{ end }} {{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }} {{ range $v := $labels }}{{ $v }}{{ end }}
{{ range .ExternalLabels }}a{{ else }}none {{ $value }}{{ end }} {{ range nil }}a{{ else }}none{{ end }}
{{ range $k, $v := $labels }}{{ if eq $k "job" }}{{ break }}{{ end }}{{ $k }}{{ end }}
{{ range $k, $v := $labels }}{{ if eq $k "job" }}{{ continue }}{{ end }}{{ $k }}{{ end }}
{{ $k := "" }}{{ $v := "" }}{{ range $k, $v = $labels }}{{ end }}{{ $k }}{{ $v }}
{{ with $labels.job }}{{ . }} {{ $.Value }}{{ end }}{{ with $labels.no }}a{{ else }}{{ .Value }}{{ end }}
{{ define "x" }}<{{ . }}>{{ end }}{{ template "x" "a" }}{{ template "x" .Labels.job }}{{ template "x" }}
{{ define "x" }}{{ $.a }}{{ .b }}{{ end }}{{ template "x" .Labels }}{{ block "y" 1 }}({{ . }}){{ end }}
{{ define "x" }}{{ range . }}{{ template "y" . }}{{ end }}{{ end }}{{ define "y" }}-{{ . }}{{ end }}{{ template "x" .Labels }}
{{ template "none" }}
{{ (index .Labels "job") }} {{ (args 1 "a").arg1 }} {{ (printf "%s" "a") | printf "%s%s" "b" }}
{{ ("a" | toUpper) }}{{ "a" | toUpper | printf "%q" }}{{ print (len "abc") (print 1 2) }}
{{ args }} {{ args 1 "a" nil 1.5 true }} {{ (args 1).arg5 }} {{ (args (args 2)).arg0.arg0 }}
{{ .Nope }}
{{ $labels.job.x }}
{{ $value.x }}
{{ range 1.5 }}{{ end }}
{{ range "abc" }}{{ end }}
{{ and 1 0 2 }} {{ and 1 2 }} {{ or 0 "" "x" }} {{ or 0 "" }} {{ not 0 }} {{ not "a" }} {{ 1 | and 0 }} {{ and 0 (index "a" 9) }} {{ or 1 .Nope }}
{{ eq 1 1 }} {{ eq 1 2 3 1 }} {{ eq "a" "b" }} {{ eq 1.5 1.5 }} {{ eq true false }} {{ eq nil nil }} {{ ne 1 2 }} {{ ne "a" "a" }}
{{ lt 1 2 }} {{ lt 1.5 1.0 }} {{ lt "a" "b" }} {{ le 1 1 }} {{ le 2 1 }} {{ gt 2 1 }} {{ gt 1 1 }} {{ ge 1 1 }} {{ ge 1 2 }} {{ gt $value 1.0 }}
{{ eq 1 1.0 }}
{{ eq 1 1 "a" }}
{{ eq 1 "a" 1 }}
{{ lt 1 "a" }}
{{ lt true false }}
{{ gt $value 1 }}
{{ eq $labels $labels }}
{{ eq 1 nil }} {{ ne nil 1 }}
{{ eq 1 }}
{{ len "été" }} {{ len .Labels }} {{ len "" }}
{{ len 1 }}
{{ index .Labels "job" }} {{ index .Labels "none" }} {{ index "abc" 1 }} {{ index "abc" }}
{{ index "abc" 3 }}
{{ index .Labels 1 }}
{{ index 1 1 }}
{{ slice "abcdef" 1 3 }} {{ slice "abc" 1 }} {{ slice "abc" }} {{ slice "abc" 3 }}
{{ slice "abc" 2 1 }}
{{ slice "abc" 1 2 3 }}
{{ slice "abc" 4 }}
{{ print 1 2 "a" "b" 3 4.5 true nil }} {{ print }} {{ println 1 "a" }} {{ print nil nil }} {{ println }}
{{ html "<a href='x'>\"&\"</a>" }} {{ html 1 2 }} {{ js "it's <\"a\"> = & \\ \n é" }} {{ urlquery "a b&c=d/é~" }} {{ html $labels.path }}
{{ "quoted 'text'" }} {{ print "}}" }} {{ print `{{` }}
{{
  printf "%d"
    1
}}
"""
FUNCTIONS: Final = r"""
{{ humanize 1234567.0 }} {{ humanize "0.001" }} {{ humanize 3 }} {{ humanize1024 1048576.0 }} {{ humanizeDuration 90061 }} {{ humanizePercentage "0.123" }}
{{ humanize "1e3" }} {{ humanize "Inf" }} {{ humanize "-inf" }} {{ humanize "nan" }} {{ humanize "0x1p4" }} {{ humanize "+5" }} {{ humanize ".5" }}
{{ humanize "a" }}
{{ humanize "1_000" }}
{{ humanize " 1" }}
{{ humanize "" }}
{{ humanize "1e999" }}
{{ humanize true }}
{{ humanize $labels }}
{{ humanizeTimestamp 1435065584.128 }} {{ humanizeTimestamp 0 }} {{ humanizeTimestamp -0.5 }} {{ humanizeTimestamp 1435065584.1289 }} {{ humanizeTimestamp "12" }}
{{ humanizeTimestamp "NaN" }} {{ humanizeTimestamp "Inf" }} {{ humanizeTimestamp -6000000000.25 }}
{{ humanizeTimestamp 1e15 }}
{{ title "foo bar-baz x_y don't a.b 1a" }} {{ title $labels.word }} {{ toUpper "aBc é ß" }} {{ toLower "ABC É İ Σ" }} {{ title "ß été…là" }}
{{ match "a+" "baac" }} {{ match "^a+$" "baac" }} {{ match "a.b" "a\nb" }} {{ match "(?s)a.b" "a\nb" }} {{ match "" "" }}
{{ match "(" "a" }}
{{ reReplaceAll "(.*):\\d+" "$1" $labels.instance }} {{ reReplaceAll "a(x*)b" "${1}W" "-ab-axxb-" }} {{ reReplaceAll "x*" "-" "abxd" }} {{ "abc" | reReplaceAll "b" "$$" }}
{{ reReplaceAll "" "-" "été" }} {{ reReplaceAll "a|" "-" "baac" }} {{ reReplaceAll "(?P<n>a)" "$n$m." "aba" }} {{ reReplaceAll "$" "x" "a" }}
{{ reReplaceAll "(" "a" "b" }}
{{ parseDuration "1h30m" }} {{ parseDuration "1d" }} {{ parseDuration "5ms" }} {{ parseDuration "0" }} {{ parseDuration "1y2w3d4h5m6s7ms" }}
{{ parseDuration "" }}
{{ parseDuration "1.5h" }}
{{ parseDuration "300y" }}
{{ parseDuration "5m1h" }}
{{ stripPort $labels.instance }} {{ stripPort "[::1]:80" }} {{ stripPort "a" }} {{ stripPort "a:b:c" }} {{ stripPort "::1" }} {{ stripPort ":80" }} {{ stripPort "a:" }}
{{ stripDomain $labels.instance }} {{ stripDomain "a.b" }} {{ stripDomain "1.2.3.4:80" }} {{ stripDomain "[::1]:80" }} {{ stripDomain "1.2.3.4" }} {{ stripDomain "a.b:" }} {{ stripDomain "::1" }} {{ stripDomain "256.1.1.1" }}
{{ safeHtml "<b>" }} {{ graphLink "up{a=\"b\"} + 1" }} {{ tableLink "rate(x[5m])" }}
{{ title 1 }}
{{ title nil }}
{{ toUpper $value }}
{{ parseDuration 5 }}
{{ $labels.job | title | printf "%s is %s" $labels.word }} {{ printf "%.2f" $value }} {{ with printf "%s" $labels.job }}{{ . | toUpper }}{{ end }}
"""
VERBS: Final = "v d s f F e E g G x X q t T c U b o O z".split()
FLAGS: Final = ["", "5", "-5", "05", "+", " ", "#", "+05", "8.2", "-8.2", ".0", ".1", ".3", "#.3", "08.3", "+.2", "010", "x<5"]
VALUES: Final = ["1", "-42", "0", "65", "1.5", "-0.25", "1e21", "123456789.0", '"a"', '"h\\"é\\n`"', '""', "true", "nil", "$labels.job"]
FORMATS: Final = r"""
{{ printf "%d %d" 1 }}|{{ printf "%d" 1 2 "a" nil }}|{{ printf "%" }}|{{ printf "%%" }}|{{ printf "%!" }}|{{ printf "%z" 1 }}|{{ printf "100%" }}
{{ printf "%[2]d %[1]d" 1 2 }}|{{ printf "%[3]d" 1 }}|{{ printf "%[1]d %d" 1 2 }}|{{ printf "%[x]d" 1 }}|{{ printf "%[1d" 1 }}|{{ printf "%[2]*[1]d" 1 5 }}
{{ printf "%*d|%-*d|" 5 1 5 2 }}|{{ printf "%.*f" 2 1.239 }}|{{ printf "%*d" "a" 1 }}|{{ printf "%.*f" -1 1.5 }}|{{ printf "%*d" -5 1 }}
{{ printf "%6.2f|%-8s|%+d|%x" 3.14159 "ab" 5 255 }}|{{ printf "% d|% x|%#x|%# x" 5 "abc" "abc" "abc" }}|{{ printf "%6q|%-6q|%+q" "a" "b" "é" }}
{{ printf "%v %s" $labels $labels }}|{{ printf "%v" . }}|{{ printf "%q" (args 1 "a") }}|{{ printf "%5v" (args 1 "a") }}|{{ printf "%.1s" $labels }}
{{ printf "%s" 1 | printf "%q" }}|{{ printf "%t %v" true false }}|{{ printf "%08.3f|%+08d|%-08d|" 3.14159 42 42 }}|{{ printf "%e %E %.0e" 123.456 0.001 15.0 }}
{{ printf "%c%c %U %#q" 97 233 233 97 }}|{{ printf "%08b|%o|%#o|%#x|%X|%O" 5 8 8 255 255 8 }}|{{ printf "%3c|%-3c|" 65 66 }}
{{ printf "%10.3v|%-10v|%010v" 3.14159 1.5 -1.5 }}|{{ printf "%.3x %x %X" 3.14159 0.1 -1024.0 }}|{{ printf "%s %d" nil nil }}
{{ printf 1 }}
"""


def lines(text: str) -> list[str]:
    """The templates of a list, one a line; one that spans lines begins with `{{` alone."""
    return [each.strip("\0").replace("\0", "\n") for each in re.sub(r"(?m)^\{\{\n(?:  .*\n)+\}\}", multiline, text).split("\n") if each]


def multiline(found: re.Match[str]) -> str:
    """A template of some lines on one, its line feeds to be put back."""
    return found[0].replace("\n", "\0")


def test_syntax_and_functions_are_those_of_prometheus(tmp_path: Path, require_binary: Require) -> None:
    """Actions, variables, blocks and all functions give the same text; what fails, fails in both."""
    texts = [*lines(SYNTAX), *lines(FUNCTIONS), *lines(FORMATS)]
    agrees(require_binary("promtool", "prometheus"), tmp_path, texts, 93.4375, "93.4375")


def test_verbs_are_those_of_go(tmp_path: Path, require_binary: Require) -> None:
    """`printf` writes every kind of value by every verb, with flags, width and precision, as Go does."""
    texts = [
        " ".join(f'{{{{ printf "%{flags}{verb}" {value} }}}}' for flags in FLAGS)
        for verb in VERBS
        for value in VALUES
    ]
    agrees(require_binary("promtool", "prometheus"), tmp_path, texts, 1.0, "1")


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.floats(-1e7, 1e7), min_size=50, max_size=50))
def test_floats_are_written_as_go_writes_them(tmp_path: Path, require_binary: Require, numbers: list[float]) -> None:
    """Any number has the same digits by every verb."""
    forms = ("%v", "%g", "%.3g", "%f", "%.1f", "%.0f", "%e", "%.2e", "%12.4f", "%x", "%.2x", "%#.4g")
    texts = [
        " ".join(f'{{{{ printf "{form}" {written} }}}}' for form in forms) + f" {{{{ {written} }}}} {{{{ humanize {written} }}}}"
        for written in (f"{number!r}" if "e" in repr(number) or "." in repr(number) else f"{number!r}.0" for number in numbers)
    ]
    agrees(require_binary("promtool", "prometheus"), tmp_path, texts, 1.0, "1")


@pytest.mark.parametrize(("written", "value"), [("NaN", math.nan), ("Inf", math.inf), ("-Inf", -math.inf), ("-0", -0.0)])
def test_what_is_no_number_is_written_as_in_go(tmp_path: Path, require_binary: Require, written: str, value: float) -> None:
    """NaN, infinities and zero below zero have the same names, signs and places."""
    forms = [f"%{flags}{verb}" for verb in "vgfeFEGxd" for flags in ("", "+", " ", "08", "-8", ".2", "+08.1")]
    texts = [f'{{{{ printf "{form}|" $value }}}}' for form in forms]
    texts += ["{{ $value }}", "{{ humanize $value }} {{ humanizePercentage $value }} {{ humanizeTimestamp $value }}"]
    texts += ["{{ if $value }}a{{ end }}{{ gt $value 1.0 }}{{ ge $value 1.0 }}{{ lt $value 1.0 }}{{ le $value 1.0 }}{{ eq $value $value }}"]
    agrees(require_binary("promtool", "prometheus"), tmp_path, texts, value, written)
