"""Queries laid out: the same text as a real Prometheus gives at /api/v1/format_query."""

import json
import random
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from tests.conformance import servers

from sightline.domain.promql.format import pretty
from sightline.domain.promql.numerals import shortest
from sightline.domain.promql.parse import parse_as_written

# What Prometheus 3 prints otherwise than 2, whose text the peer gives, by name, and the queries that it is about. Functions,
# modifiers and names that came with 3 are in tests/domain/promql/test_format.py.
CHANGED = {
    "numbers have no exponent": re.compile(r"(?<![\w.@])(\d{7,}|\d+e[6-9]|\d+e\d\d)"),
    "group_left and group_right after ignoring () are kept": re.compile(r"ignoring *\(\) *group_"),
    "a matcher of the empty name is kept": re.compile(r'__name__ *= *""'),
}
GENERATED = 500

HAND_PICKED = r"""
up
up{}
up{job="a"}
up{job="a",instance!="b",x=~"c.*",y!~"d|e"}
up{b="2",a="1",}
{job="a"}
{__name__="up"}
{__name__=~"up|down",a="b"}
{__name__="up",__name__!="x"}
{a="b",__name__="up"}
a:b:c
:a
up{a="quote\"backslash\\newline\ntab\tbell\a"}
up{a='single "quoted"'}
up{a=`raw \n "text"`}
up{a="é",b="日本語",c="\u200b\u00a0",d="\x07\x7f"}
sum
sum{a="b"}
offset
by{by="by"}
group_left
start
end
bool
up[5m]
up[300s]
up[90s]
up[1d]
up[7d]
up[8d]
up[365d]
up[1y2w]
up[1h30m15s500ms]
up[61m]
up offset 5m
up offset -5m
up offset 0s
up @ 1
up @ -1.5
up @ 1e9
up @ 1.23456
up @ start()
up @ end() offset 1h
up offset 1h @ end()
up[5m] offset 1h @ 12.3456
up[5m:]
up[5m:1m]
up[5m:60s] offset 2m @ start()
sum(up)[1h:5m]
(up + up)[1h:5m] offset -1d
max_over_time(rate(up[5m])[1h:5m])
1
1.0
0.1
100000
1e3
0x1F
-1
+1
- 1
--1
-(1)
+(1)
- up
+ up
-up ^ 2
-(up)
+sum(up)
-+up
Inf
-Inf
NaN
"text"
'it''s'
"a\\b\"c\nd"
`raw\n`
1 + 2
1+2*3
(1+2)*3
2 ^ 3 ^ 2
(2 ^ 3) ^ 2
up == 1
up == bool 1
up > bool on(job) down
up atan2 down
a and b
a and on() b
a or ignoring(x) b unless on(y) c
a + ignoring() b
a + on(x) b
a + on (x,y) group_left b
a + on (x,y) group_left(z) b
a * ignoring(x) group_right(y,z) b
a % on(job,instance) group_right b / c
sum(a)
sum by () (a)
sum by (x) (a)
sum without () (a)
sum without (x,y) (a)
sum(a) by (x, y)
SUM(a) WITHOUT (x)
Count By(x)(a)
topk(5, a)
topk by (x) (5, a)
bottomk(1+2, a)
quantile(0.9, a)
quantile without(le) (0.9, a)
count_values("v", a)
count_values by (x) ('v', a)
group(a)
stddev(a) + stdvar(a)
rate(a[5m])
rate( a [5m] )
time()
vector(1)
scalar(a)
abs(-a)
round(a, 0.5)
clamp(a, 0, 1)
absent(a{b="c"})
absent_over_time(a[5m])
label_replace(a, "d", "$1", "s", "(.*)")
label_join(a, "d", ",", "x", "y", "z")
histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))
predict_linear(a[1h], 3600)
holt_winters_is_gone
days_in_month()
hour(a)
pi()
sort_desc(a)
sum(rate(http_requests_total{job="api",code=~"5.."}[5m])) by (job) / sum(rate(http_requests_total{job="api"}[5m])) by (job)
a + a_metric_with_quite_a_long_name + another_metric_with_a_long_name + yet_another_metric_with_a_long_name_to_break
-(a + a_metric_with_quite_a_long_name + another_metric_with_a_long_name + yet_another_metric_with_a_long_name_to_br)
+sum(a + a_metric_with_quite_a_long_name + another_metric_with_a_long_name + yet_another_metric_with_a_long_name_to_br)
topk by (job, instance) (10, max_over_time(rate(http_requests_total{job="api",code=~"5.."}[5m])[1h:5m] offset 1d)) > bool 0.5
(((((((a + b) * (c + d)) / (e + f)) ^ (g + h)) % (i + j)) == bool (k + l)) and on (x, y) (m + n)) or ignoring (z) (o - p)
avg_over_time((sum by (instance) (rate(node_cpu_seconds_total{mode!="idle"}[5m])) / count(node_cpu_seconds_total))[1d:5m] @ end())
label_replace(up{job="a_long_job_name_number_one"}, "destination", "$1-and-something-more", "instance", "(.*):[0-9]+")
up{a="ééééééééééééééééééééééééééééééééééé"} + up{b="ééééééééééééééééééééééé"}
up{a_very_long_label_name_number_one="a very long value",another_very_long_label_name="another very long value that breaks nothing"}
# a comment
up # another
""".strip().splitlines()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, require_binary: Callable[[str, str], str]) -> Iterator[str]:
    """The URL of a Prometheus that has nothing to do."""
    folder = tmp_path_factory.mktemp("prometheus")
    with servers.prometheus(require_binary("prometheus", "prometheus"), folder) as url:
        yield url


def formatted(url: str, query: str) -> str | None:
    """What Prometheus makes of a query; None where it refuses it."""
    form = urllib.parse.urlencode({"query": query}).encode()
    try:
        with urllib.request.urlopen(f"{url}/api/v1/format_query", form, timeout=30) as answer:
            text: str = json.loads(answer.read())["data"]
    except urllib.error.HTTPError:
        return None
    return text


def changed(query: str) -> str:
    """Why Prometheus 3 prints a query otherwise than 2; empty where it does not."""
    return next((reason for reason, pattern in CHANGED.items() if pattern.search(query)), "")


class Writer:
    """Writes expressions that are valid in 2 and 3, spaced and spelled at random."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def _pick(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def vector(self, depth: int) -> str:
        """An instant vector."""
        if depth <= 0:
            return self._selector() + self._modifiers()
        return self._chance.choice((self._aggregation, self._operation, self._call))(self.vector(depth - 1), depth)

    def _aggregation(self, inner: str, _: int) -> str:
        labels, by = self._labels(), self._pick("by", " without", " BY ")
        return self._pick(
            f"{self._pick('sum', 'AVG', 'max', 'group')}({inner})",
            f"{self._pick('min', 'count', 'stddev')} {by} {labels}({inner})",
            f"{self._pick('min', 'count', 'stdvar')}( {inner} ){by}{labels}",
            f"{self._pick('topk', 'quantile')} without{labels}({self._number()},{inner})",
            f"count_values {by}{labels}({self._string()}, {inner})",
        )

    def _operation(self, inner: str, depth: int) -> str:
        labels, other = self._labels(), self.vector(depth - self._chance.randrange(1, 4))
        on = self._pick(
            "", f" on{labels}", f" ignoring {labels}", f" on {labels}group_left{self._pick('', self._labels())}"
        )
        return self._pick(
            f"({inner}) {self._pick('+', '-', '*', '/', '%', '^', 'atan2')}{on} {other}",
            f"{inner} {self._pick('==', '!=', '<', '>=')} {self._pick('', 'bool')} {self._number()}",
            f"{inner} {self._pick('and', 'or', 'UNLESS')} {self._pick('', f'on {labels}')} {other}",
            f"{self._pick('-', '+', '- ')}{self._pick(inner, f'({inner})')}",
        )

    def _call(self, inner: str, depth: int) -> str:
        return self._pick(
            f"{self._pick('abs', 'ceil', 'sort', 'absent')}( {inner})",
            f'label_replace({inner},"a", {self._string()}, `b`, "(.*)")',
            f"{self._pick('rate', 'max_over_time', 'changes')}({self._matrix(depth)})",
        )

    def _matrix(self, depth: int) -> str:
        if self._chance.random() < 0.5:
            return f"{self._selector()}[{self._duration()}]{self._modifiers()}"
        step = self._pick("", self._duration())
        return f"({self.vector(depth - 1)})[{self._duration()}:{step}]{self._modifiers()}"

    def _selector(self) -> str:
        name = self._pick("up", "a:b", "http_requests_total", "node_cpu_seconds_total", "")
        known = ("a", "job", "le", "instance", "a_long_label_name")
        labels = self._chance.sample(known, self._chance.randrange(0 if name else 1, 4))
        inside = ",".join(f"{one}{self._pick('=', '!=', '=~', '!~')}{self._string()}" for one in labels)
        if not name:
            inside = f'x="y",{inside}'
        return f"{name}{{{inside}}}" if inside else name

    def _modifiers(self) -> str:
        at = self._pick("", "", " @ end()", " @start()", " @ 1.5", " @ -3")
        offset = self._pick("", "", f" offset {self._duration()}", f" offset -{self._duration()}")
        return at + offset if self._chance.random() < 0.5 else offset + at

    def _labels(self) -> str:
        labels = self._chance.sample(("a", "b", "job", "on", "by", "instance"), self._chance.randrange(4))
        return f"({self._pick(',', ' , ').join(labels)})"

    def _duration(self) -> str:
        return self._pick("5m", "300s", "1h30m", "90s", "1d", "14d", "52w", "1y", "1500ms", "36h", "1w2d", "7d12h")

    def _number(self) -> str:
        return self._pick(
            "1", "0.5", "-3", "1e3", "Inf", "-inf", "NaN", "0x10", "+2.50", "12345.125", "1e9", "(3)", "2 ^ 3"
        )

    def _string(self) -> str:
        return self._pick('"v"', "'w x'", "`raw.*`", '"\\"q\\" \\\\d"', '"é ü"', '"tab\\t\\u200b"', "'$1-\"'")


def test_hand_picked_queries_are_laid_out_alike(prometheus: str) -> None:
    """What Prometheus takes is printed as Prometheus prints it, but for what version 3 changed."""
    different, taken = {}, 0
    for query in HAND_PICKED:
        expected = formatted(prometheus, query)
        if expected is not None and not changed(query):
            taken += 1
            if (found := pretty(parse_as_written(query))) != expected:
                different[query] = found, expected
    assert different == {}
    assert taken > 120


@pytest.mark.parametrize(
    "number", [0.0, 0.1, 1e-4, 9.9e-5, 1e-7, 123456.5, 999999.0, 1e6, 1234567.125, 1e20, 1e21, 1e300]
)
def test_numbers_are_written_as_version_2_prints_them(prometheus: str, number: float) -> None:
    """Messages and fill modifiers write numbers still in the way in which version 2 printed all of them."""
    assert shortest(number) == formatted(prometheus, repr(number))


def test_generated_queries_are_laid_out_alike(prometheus: str) -> None:
    """So are expressions of every kind, nested at random."""
    writer, different, taken = Writer(5), {}, 0
    for number in range(GENERATED):
        query = writer.vector(1 + number % 5)
        expected = formatted(prometheus, query)
        if expected is not None and not changed(query):
            taken += 1
            if (found := pretty(parse_as_written(query))) != expected:
                different[query] = found, expected
    assert different == {}
    assert taken > 0.9 * GENERATED
