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
from tests.application.rule_world import RuleWorld

from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.alerts.template import shown_template
from sightline.domain.labels import Labels

LABELS: Final = Labels.of(
    __name__="m", instance="web-1.example.org:9100", job="node", path='/a b?c=<d>&e="f"', word="été"
)
FAILED: Final = "<error expanding template: "
TEMPLATES: Final = Path(__file__).with_name("alert_templates.txt")
"""One template a line."""

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
        int(name): json.loads(re.sub(r"\\(?:x([0-9a-f]{2})|.)", as_json, shown))
        for name, shown in re.findall(r'a(\d{5})=("(?:[^"\\]|\\.)*")', said.partition("Annotations:")[2])
    }
    assert len(found) == len(texts), said[:2000]
    return [found[at] for at in range(len(texts))]


def as_json(escape: re.Match[str]) -> str:
    """An escape sequence of Go's in JSON."""
    code = {"\\a": "07", "\\v": "0b"}.get(escape[0]) or escape[1]
    return f"\\u00{code}" if code else escape[0]


def agrees(promtool: str, folder: Path, texts: Sequence[str], value: float, written: str) -> None:
    """Require that every template is filled with the same text, or fails in both."""
    different = []
    for text, theirs in zip(texts, expanded(promtool, folder, texts, written), strict=True):
        ours = shown_template(f"[{text}]").fill(LABELS, value)
        if ours != theirs and not (ours.startswith(FAILED) and theirs.startswith(FAILED)):
            different.append((text, ours, theirs))
    assert different == []


VERBS: Final = ("v", "d", "s", "f", "F", "e", "E", "g", "G", "x", "X", "q", "t", "T", "c", "U", "b", "o", "O", "z")
FLAGS: Final = [
    "",
    "5",
    "-5",
    "05",
    "+",
    " ",
    "#",
    "+05",
    "8.2",
    "-8.2",
    ".0",
    ".1",
    ".3",
    "#.3",
    "08.3",
    "+.2",
    "010",
    "x<5",
]
VALUES: Final = [
    "1",
    "-42",
    "0",
    "65",
    "1.5",
    "-0.25",
    "1e21",
    "123456789.0",
    '"a"',
    '"h\\"é\\n`"',
    '""',
    "true",
    "nil",
    "$labels.job",
]


def test_syntax_and_functions_are_those_of_prometheus(tmp_path: Path, require_binary: Require) -> None:
    """Actions, variables, blocks and all functions give the same text; what fails, fails in both."""
    texts = [*TEMPLATES.read_text().splitlines(), '{{\n  printf "%d"\n    1\n}}']
    agrees(require_binary("promtool", "prometheus"), tmp_path, texts, 93.4375, "93.4375")


def test_verbs_are_those_of_go(tmp_path: Path, require_binary: Require) -> None:
    """`printf` writes every kind of value by every verb, with flags, width and precision, as Go does."""
    texts = [
        " ".join(f'{{{{ printf "%{flags}{verb}" {value} }}}}' for flags in FLAGS)
        for verb in VERBS
        for value in VALUES
        # `%#x` of fractions fills up by decimal digits; the test of floats has the others.
        if verb not in "xX" or "." not in value
    ]
    agrees(require_binary("promtool", "prometheus"), tmp_path, texts, 1.0, "1")


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.floats(-1e7, 1e7), min_size=50, max_size=50))
def test_floats_are_written_as_go_writes_them(tmp_path: Path, require_binary: Require, numbers: list[float]) -> None:
    """Any number has the same digits by every verb."""
    forms = ("%v", "%g", "%.3g", "%f", "%.1f", "%.0f", "%e", "%.2e", "%12.4f", "%x", "%.2x", "%#.4g")
    texts = [
        " ".join(f'{{{{ printf "{form}" {written} }}}}' for form in forms)
        + f" {{{{ {written} }}}} {{{{ humanize {written} }}}}"
        for written in (
            f"{number!r}" if "e" in repr(number) or "." in repr(number) else f"{number!r}.0" for number in numbers
        )
    ]
    agrees(require_binary("promtool", "prometheus"), tmp_path, texts, 1.0, "1")


@pytest.mark.parametrize(
    ("written", "value"), [("NaN", math.nan), ("Inf", math.inf), ("-Inf", -math.inf), ("-0", -0.0)]
)
def test_what_is_no_number_is_written_as_in_go(
    tmp_path: Path, require_binary: Require, written: str, value: float
) -> None:
    """NaN, infinities and zero below zero have the same names, signs and places."""
    forms = [f"%{flags}{verb}" for verb in "vgfeFEGxd" for flags in ("", "+", " ", "08", "-8", ".2", "+08.1")]
    texts = [f'{{{{ printf "{form}|" $value }}}}' for form in forms]
    texts += ["{{ $value }}", "{{ humanize $value }} {{ humanizePercentage $value }} {{ humanizeTimestamp $value }}"]
    texts += [
        "{{ if $value }}a{{ end }}{{ gt $value 1.0 }}{{ ge $value 1.0 }}{{ le $value 1.0 }}{{ eq $value $value }}"
    ]
    agrees(require_binary("promtool", "prometheus"), tmp_path, texts, value, written)


QUERIES: Final = (
    '{{ range query "sum by (job) (m)" }}{{ .Labels }} {{ .Value }} {{ .Labels.job }}{{ .Labels.none }}{{ end }}',
    '{{ query "m" | first }} {{ query "m" | first | value }}',
    '{{ query "m" | first | label "job" }} {{ query "m" | first | strvalue }}',
    '{{ with query "m" }}{{ . | first | value | humanize }}{{ len . }}{{ end }}{{ with query "none" }}a{{ else }}b{{ end }}',
    '{{ printf "m{instance=%q}" $labels.instance | query | first | value }}',
    '{{ $all := query "m or label_replace(m, `n`, `0`, ``, ``)" | sortByLabel "n" }}{{ len $all }}',
    '{{ range $at, $it := query "label_replace(m, `n`, `0`, ``, ``)" | sortByLabel "n" }}{{ $at }}{{ $it.Labels.n }};{{ end }}',
    '{{ range query "m or label_replace(m, `job`, `a`, ``, ``)" | sortByLabel "job" }}{{ .Labels.job }};{{ end }}',
    '{{ query "1 + 1" | first | value }} {{ query "scalar(m)" | first }} {{ len (query "vector(1)") }}',
    '{{ (index (query "m") 0).Value }} {{ len (slice (query "m") 0 1) }} {{ range slice (query "m") 1 }}x{{ end }}',
    '{{ $all := query "m" }}{{ if $all }}yes{{ end }}{{ range $all }}{{ .Value }}{{ break }}{{ end }}',
    '{{ define "x" }}{{ . | first | value }}{{ end }}{{ template "x" (query "m * 2") }}',
    '{{ printf "%v %T" (query "m" | first) (query "m" | first) }} {{ printf "%T" (query "m") }}',
    '{{ printf "%+v %#v" (query "m" | first) (query "m" | first) }}{{ if query "m" | first }}yes{{ end }}',
    '{{ query "m" | first | label "none" | printf "%q" }} {{ tableLink "m > 1" }} {{ graphLink "m" }}',
    '{{ query "m" | sortByLabel "instance" | first | value }} {{ sortByLabel "a" (query "none") | len }}',
    '{{ query "none" | first }}',
    '{{ query "sum(" }}',
    '{{ query `"text"` }}',
    '{{ query "m[5m]" }}',
    '{{ query "m" | value }}',
    '{{ first "m" }}',
    '{{ label "a" (query "m") }}',
    '{{ (query "m").Value }}',
    "{{ query 1 }}",
    '{{ index (query "m") 1 }}',
    '{{ (query "m" | first).Nope }}',
    '{{ and (query "none") "a" | len }} {{ or (query "none") "a" }} {{ not (query "m") }}',
)


@pytest.mark.anyio
async def test_queries_are_answered_as_in_prometheus(tmp_path: Path, require_binary: Require) -> None:
    """Templates that ask queries give the same text, over the engine that runs in operation; what fails, fails in both."""
    world = RuleWorld()
    await world.write(0, (LABELS, 93.4375))
    annotations = {f"a{at:02d}": f"[{text}]" for at, text in enumerate(QUERIES)}
    state = await world.begin(AlertingRule("A", "m", annotations=annotations))
    await world.evaluate(state, 0)
    (alert,) = state.rules[0].alerts.values()
    theirs = expanded(require_binary("promtool", "prometheus"), tmp_path, QUERIES, "93.4375")
    different = [
        (text, ours, other)
        for text, (_, ours), other in zip(QUERIES, alert.annotations, theirs, strict=True)
        if ours != other and not (ours.startswith(FAILED) and other.startswith(FAILED))
    ]
    assert different == []
