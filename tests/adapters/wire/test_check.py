"""Definitions of checks: what people write is what is read, what cannot be is named, and secrets stay secrets."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.check import (
    ALIASES,
    KINDS,
    changed_check,
    from_json,
    read_check,
    shown,
    shown_definition,
    try_check,
    written,
)
from sightline.adapters.wire.plain_yaml import read_plain, write_plain
from sightline.domain.errors import InvalidField, MalformedBody
from sightline.domain.probes.address import address_of
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.options import (
    BasicAuth,
    BearerAuth,
    Composed,
    Dns,
    Heartbeat,
    Http,
    Mail,
    Postgres,
    Promql,
    Tcp,
    TlsTrust,
)

EVERY: list[dict[str, Any]] = [
    {"type": "http", "url": "https://shop.example/health", "headers": {"X-A": "b"}, "tls": {"verify": False}},
    {"type": "http", "url": "http://[::1]:8080", "auth": {"username": "u", "password": "p"}, "version": "2"},
    {"type": "tcp", "url": "db.example:5432", "talk": [{"send": "QUIT\r\n", "expect": "^221"}], "tls": {}},
    {"type": "tls", "url": "shop.example", "starttls": "smtp", "certificate_days": 30},
    {"type": "dns", "url": "_dmarc.shop.example", "record_type": "TXT", "resolver": "192.0.2.53", "expected": ["v=1"]},
    {"type": "icmp", "url": "2001:db8::1", "count": 3},
    {"type": "grpc", "url": "grpc.example:50051", "service": "shop.v1", "metadata": {"authorization": "x"}},
    {"type": "websocket", "url": "wss://shop.example/socket", "send": "ping", "expect": "pong"},
    {"type": "mail", "url": "mx.example", "protocol": "imap", "security": "tls"},
    {"type": "postgres", "url": "db.example", "username": "u", "password": "p", "query": "SELECT 1"},
    {"type": "mysql", "url": "db.example:3307"},
    {"type": "redis", "url": "[2001:db8::2]", "password": "p"},
    {"type": "mongodb", "url": "db.example"},
    {"type": "ntp", "url": "time.example", "conditions": ["offset < 100ms"]},
    {"type": "ssh", "url": "host.example"},
    {"type": "domain", "url": "shop.example", "days": 60},
    {"type": "heartbeat", "cron": "0 3 * * *", "timezone": "Europe/Berlin", "grace": "10m", "slug": "backup"},
    {"type": "promql", "expr": 'up{job="shop"} == 1', "conditions": ["value > 0"]},
    {"type": "composed", "checks": ["a", "b"], "need": 1},
]


def refused(value: Any, stored: Definition | None = None) -> list[str]:
    """What is said of a definition that cannot be."""
    found, problems = try_check(value, stored)
    assert found is None
    return [problem.message for problem in problems]


def test_name_url_type_and_enabled_suffice() -> None:
    """What is not said is as usual."""
    body = b'{"name": "shop", "url": "https://shop.example", "type": "http", "enabled": true}'
    found = read_check(from_json(body))
    assert found == Definition(name="shop", url="https://shop.example", options=Http())
    assert read_check({"name": "shop", "url": "https://shop.example"}) == found


@pytest.mark.parametrize("value", EVERY, ids=lambda one: one["type"])
def test_every_kind_comes_back_as_it_went_in(value: dict[str, Any]) -> None:
    """As JSON with all fields, and as the short YAML that people write."""
    found = read_check({"name": "x", **value})
    assert found.kind == value["type"]
    assert read_check(json.loads(json.dumps(shown_definition(found)))) == found
    assert read_check(json.loads(json.dumps(shown(Check(3, found, 0, 0), secrets=True)))) == found
    assert read_check(read_plain(write_plain(written(found)).encode())) == found
    assert written(read_check(written(found))) == written(found)


def test_all_kinds_are_tried() -> None:
    """The list above has every kind."""
    assert {one["type"] for one in EVERY} == set(KINDS)


def test_words_from_elsewhere_are_understood() -> None:
    """Other names of kinds mean what they say."""
    assert {kind for kind, _ in ALIASES.values()} <= set(KINDS)
    assert read_check({"name": "x", "type": "ping", "url": "192.0.2.1"}).kind == "icmp"
    assert read_check({"name": "x", "type": "HTTPS", "url": "https://a.example"}).kind == "http"
    assert read_check({"name": "x", "type": "pop3", "url": "a.example"}).options == Mail(protocol="pop3")
    keyword = read_check({"name": "x", "type": "keyword", "url": "https://a.example", "keyword": 'say "ok"'})
    assert keyword.conditions == ('body contains "say \\"ok\\""',)


def test_yaml_is_read_by_what_a_field_wants() -> None:
    """Versions stay texts, numbers without quotes are seconds or texts, and one value stands for a list of it."""
    text = b"""
name: shop
type: http
url: https://shop.example
interval: 30
timeout: 2s500ms
enabled: no
version: 2
accepted: 204
auth: {username: me, password: 0123}
tags: {release: 1.10, team: web}
conditions:
  - latency < 500ms
  - 'json("$.status") == "up"'
"""
    found = read_check(read_plain(text))
    assert (found.interval, found.timeout, found.enabled) == (30_000, 2_500, False)
    assert found.tags == {"release": "1.10", "team": "web"}
    assert found.options == Http(version="2", accepted=("204",), auth=BasicAuth("me", "0123"))
    assert found.conditions == ("latency < 500ms", 'json("$.status") == "up"')


def test_addresses_get_the_port_of_their_kind() -> None:
    """Where none is written; mail has one for each protocol and security."""

    def url(**value: Any) -> str:
        return read_check({"name": "x", **value}).url

    assert url(type="postgres", url="db.example") == "db.example:5432"
    assert url(type="redis", url="redis://db.example/") == "db.example:6379"
    assert url(type="tls", url="2001:db8::1") == "[2001:db8::1]:443"
    assert url(type="mail", url="mx.example", security="starttls") == "mx.example:587"
    assert url(type="icmp", url="[2001:db8::1]") == "2001:db8::1"


def test_a_timeout_is_never_longer_than_the_interval() -> None:
    """One that is not given is as long as the interval at most."""
    assert read_check({"name": "x", "type": "ssh", "url": "a", "interval": "1s"}).timeout == 1_000
    assert read_check({"name": "x", "type": "ssh", "url": "a"}).timeout == 10_000


GOOD = {"name": "x", "type": "http", "url": "https://a.example"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "the body: wants an object, not a list"),
        ({}, "type: is missing"),
        ({"type": "http", "url": "https://a.example"}, "name: is missing"),
        ({**GOOD, "type": "htpp"}, "type: 'htpp' is no type of check: did you mean http"),
        ({**GOOD, "type": 3}, "type: wants a text, not a number"),
        ({**GOOD, "intervall": "5s"}, "intervall: there is no such field: did you mean interval?"),
        ({**GOOD, "options": {"metod": "GET"}}, "options.metod: there is no such field: did you mean method?"),
        ({**GOOD, "method": "GET", "options": {"method": "GET"}}, "method: stands here and under options"),
        ({**GOOD, "options": {"type": "tcp"}}, "options.type: says another type than http"),
        ({**GOOD, "interval": "500ms"}, "interval: wants at least 1s, not '500ms'"),
        ({**GOOD, "interval": "soon"}, "interval: 'soon' is not a duration"),
        ({**GOOD, "interval": True}, "interval: wants a duration such as 60s, not true"),
        ({**GOOD, "timeout": "2m"}, "timeout: 2m is longer than the interval of 1m"),
        ({**GOOD, "timeout": "2m"}, "make timeout shorter or interval longer"),
        (
            {**GOOD, "retries": 1, "retry_interval": "1m"},
            "retry_interval: a retry after 1m does not fit into the interval of 1m",
        ),
        ({**GOOD, "retries": 3, "retry_interval": "20s"}, "retry_interval: 3 retries 20s apart do not fit into"),
        ({**GOOD, "retries": 1, "retry_interval": "2m"}, "say by failures how many probes in a row must fail"),
        ({**GOOD, "retries": 11}, "retries: wants at most 10, not 11"),
        ({**GOOD, "retries": 1.5}, "retries: wants a whole number, not 1.5"),
        ({**GOOD, "enabled": "yes"}, "enabled: wants true or false, not 'yes'"),
        ({**GOOD, "name": " x"}, "name: ' x' is no name"),
        ({**GOOD, "name": "x" * 201}, "is no name: wants 1 to 200 characters"),
        ({**GOOD, "url": ""}, "url: is missing: a check of type http wants an address such as https://"),
        ({**GOOD, "url": "a.example"}, "url: has no scheme, and a check of type http wants http:// or https://"),
        ({**GOOD, "url": "ftp://a.example"}, "url: has ftp://"),
        ({**GOOD, "url": "https://a.example:99999"}, "url: is no address"),
        ({**GOOD, "url": "https://a b"}, "url: is no address"),
        ({"name": "x", "type": "tcp", "url": "a.example"}, "url: has no port: write host:port"),
        ({"name": "x", "type": "tcp", "url": "me:pw@a.example:5"}, "url: has credentials in it"),
        ({"name": "x", "type": "icmp", "url": "https://a.example"}, "url: is no host"),
        ({"name": "x", "type": "domain", "url": "localhost"}, "url: is no registered domain"),
        ({"name": "x", "type": "heartbeat", "url": "https://a"}, "url: a check of type heartbeat asks nobody"),
        ({**GOOD, "conditions": ["status == 200", "statu < 3"]}, "conditions[1]: column 1: there is no 'statu'"),
        ({**GOOD, "conditions": ["answers contains 'x'"]}, "a check of type http has no answers; type dns has"),
        ({"name": "x", "type": "heartbeat", "conditions": ["status == 1"]}, "conditions: a check of type heartbeat"),
        ({**GOOD, "tags": {"1a": "b"}}, "tags.1a: is no name of a label"),
        ({**GOOD, "tags": {"location": "b"}}, "tags.location: is a label that the program sets itself"),
        ({**GOOD, "tags": ["a:b", "a:c"]}, "tags[1]: 'a' is given twice"),
        ({**GOOD, "tags": ["a"]}, "tags[0]: 'a' has no value: write name:value"),
        ({**GOOD, "depends_on": ["x"]}, "depends_on: a check does not depend on itself"),
        ({**GOOD, "depends_on": ["y", "y"]}, "depends_on: 'y' is given twice"),
        ({**GOOD, "locations": ["a b"]}, "locations[0]: 'a b' is no location"),
        ({**GOOD, "locations": ["a"], "quorum": 2}, "quorum: 2 locations are wanted, and there are 1"),
        ({**GOOD, "severity": "critcal"}, "severity: 'critcal' is none: did you mean critical?"),
        ({**GOOD, "runbook_url": "here"}, "runbook_url: is no address"),
        ({**GOOD, "accepted": ["ok"]}, "options.accepted: 'ok' is no status code"),
        ({**GOOD, "accepted": []}, "options.accepted: is empty"),
        ({**GOOD, "method": "FETCH"}, "options.method: 'FETCH' is none of DELETE, GET"),
        ({**GOOD, "max_body": "5MiB"}, "options.max_body: wants at most 4MiB, not '5MiB'"),
        ({**GOOD, "headers": {"a b": "c"}}, "options.headers: 'a b' is no name of a header"),
        ({**GOOD, "headers": {"a": "b\nc"}}, "options.headers.a: a header is one line"),
        ({**GOOD, "auth": {"user": "a"}}, "options.auth.type: '' is none of basic, bearer"),
        ({**GOOD, "auth": {"type": "basic", "username": "a"}}, "options.auth.password: is missing"),
        ({**GOOD, "auth": {"token": "a"}, "headers": {"authorization": "b"}}, "options.auth: says the same"),
        ({**GOOD, "tls": {"cert_file": "a"}}, "options.tls: cert_file and key_file go together"),
        (
            {"name": "x", "type": "tcp", "url": "a:1", "talk": [{"expect": "("}]},
            "options.talk[0].expect: error parsing",
        ),
        ({"name": "x", "type": "tcp", "url": "a:1", "talk": [{}]}, "options.talk[0]: says nothing"),
        ({"name": "x", "type": "ws", "url": "ws://a", "expect": "("}, "options.expect: error parsing regexp"),
        ({"name": "x", "type": "dns", "url": "a", "record_type": "AAA"}, "options.record_type: 'AAA' is none: did you"),
        (
            {"name": "x", "type": "dns", "url": "a", "accepted_rcodes": ["OK"]},
            "options.accepted_rcodes[0]: 'OK' is none",
        ),
        ({"name": "x", "type": "promql"}, "options.expr: is missing"),
        ({"name": "x", "type": "promql", "expr": "sum("}, "options.expr: 1:5: parse error"),
        ({"name": "x", "type": "composed", "checks": []}, "options.checks: is empty"),
        ({"name": "x", "type": "composed", "checks": ["x"]}, "options.checks: a check is not made of itself"),
        ({"name": "x", "type": "composed", "checks": ["a"], "need": 2}, "options.need: 2 are to be up, of 1"),
        ({"name": "x", "type": "push", "cron": "x"}, "options.cron: 'x' is no cron expression"),
        ({"name": "x", "type": "push", "timezone": "Nowhere"}, "options.timezone: 'Nowhere' is no time zone"),
        ({"name": "x", "type": "push", "slug": "A B"}, "options.slug: wants small letters"),
        ({"name": "x", "type": "push", "token": "short"}, "options.token: wants 10 to 128 letters"),
        ({"name": "x", "type": "keyword", "url": "https://a.example"}, "keyword: is missing"),
    ],
)
def test_what_cannot_be_is_named_by_its_field(value: Any, said: str) -> None:
    """One sentence with the path of the field, what is wrong, and what would be right."""
    assert any(said in message for message in refused(value)), refused(value)


def test_everything_that_is_wrong_is_found_at_once() -> None:
    """Not only the first."""
    said = refused({**GOOD, "interval": "x", "retries": "y", "foo": 1})
    assert [one.partition(":")[0] for one in sorted(said)] == ["foo", "interval", "retries"]


def test_problems_have_the_path_of_the_whole() -> None:
    """Within a list of checks the place comes first."""
    _, problems = try_check({**GOOD, "tags": {"type": "a"}}, path="checks[3]")
    assert [problem.detail["field"] for problem in problems] == ["checks[3].tags.type"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """As a body that cannot be read."""
    with pytest.raises(MalformedBody):
        from_json(body)


SECRET = {
    "name": "x",
    "type": "http",
    "url": "https://me:pa55@a.example/x?api_key=k3y&page=2",
    "headers": {"X-Api-Key": "s3cret", "Cookie": "c00kie", "Accept": "text/html"},
    "auth": {"username": "me", "password": "pa55word"},
    "proxy": "http://me:pr0xy@proxy:3128",
}
WORDS = ("pa55", "k3y", "s3cret", "c00kie", "pr0xy")


def test_secrets_are_not_shown() -> None:
    """Neither in an address nor in headers, credentials or the address of a proxy."""
    text = json.dumps(shown(Check(1, read_check(SECRET), 0, 0)))
    assert not [word for word in WORDS if word in text]
    assert "https://***@a.example/x?api_key=***&page=2" in text
    assert "text/html" in text
    heartbeat = read_check({"name": "x", "type": "push", "token": "0123456789abc"})
    assert shown(Check(1, heartbeat, 0, 0))["options"]["token"] == "***"


def test_a_mask_that_comes_back_keeps_what_is_stored() -> None:
    """Whatever else was changed."""
    stored = read_check(SECRET)
    again = shown(Check(1, stored, 0, 0))
    assert read_check(again, stored) == stored
    found = read_check({**again, "interval": "5m"}, stored)
    assert found.interval == 300_000
    assert found.options == stored.options
    bearer = read_check({**GOOD, "auth": {"token": "abc"}})
    assert read_check(shown(Check(1, bearer, 0, 0)), bearer).options == Http(auth=BearerAuth("abc"))


def test_a_heartbeat_keeps_its_address() -> None:
    """Its token is given once, and who changes something else need not say it."""
    stored = read_check({"name": "x", "type": "push", "token": "0123456789abc"})
    found = read_check({"name": "x", "type": "push", "grace": "5m"}, stored)
    assert found.options == Heartbeat(grace=300_000, token="0123456789abc")


def test_a_mask_without_anything_stored_is_refused() -> None:
    """It would be taken for the secret itself."""
    assert refused({**GOOD, "auth": {"token": "***"}}) == [
        "options.auth.token: *** stands for a secret that is stored, and none is: write it"
    ]
    assert refused({**GOOD, "url": "https://***@a.example"})[0].startswith("url: *** stands for a secret")


def test_a_stored_secret_is_not_sent_elsewhere() -> None:
    """An address that leads to another host needs its secrets again, so that nobody reads them there."""
    stored = read_check(SECRET)
    again = shown(Check(1, stored, 0, 0))
    said = refused({**again, "url": "https://***@b.example/"}, stored)
    assert "leads to another host: write the secret again" in said[0]
    assert read_check({**again, "url": "https://***@a.example/other"}, stored).url == "https://me:pa55@a.example/other"


def test_nobody_reads_a_secret_in_the_label_of_a_series() -> None:
    """The address as labels and messages have it is without credentials and without parameters that are secrets."""
    assert address_of(str(SECRET["url"])).shown == "https://a.example/x?api_key=***&page=2"


def test_messages_hold_no_secrets() -> None:
    """What is wrong is said without the address or the password."""
    said = refused({**GOOD, "url": "https://me:pa55@a b", "auth": {"username": "me", "password": 5555}})
    assert not [one for one in said if "pa55" in one or "5555" in one]


def test_a_change_touches_what_it_names() -> None:
    """Fields of the kind one by one, and another type begins its kind anew; what is shown beside is not looked at."""
    stored = read_check({**SECRET, "conditions": ["status == 200"]})
    found = changed_check({"interval": "2m", "method": "head"}, stored)
    assert (found.interval, found.conditions) == (120_000, stored.conditions)
    assert changed_check({"id": 7, "version": 3, "status": {}, "interval": "2m", "method": "head"}, stored) == found
    assert found.options == Http(**{**_fields(stored.options), "method": "HEAD"})
    other = changed_check({"type": "tcp", "url": "a.example:80", "options": {"tls": True}}, stored)
    assert other.options == Tcp(tls=TlsTrust())
    with pytest.raises(InvalidField, match=r"^intervall: there is no such field: did you mean interval\?"):
        changed_check({"intervall": 1}, stored)
    with pytest.raises(InvalidField, match="wants an object"):
        changed_check([], stored)


def _fields(options: Any) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options.__struct_fields__}


@given(
    headers=st.dictionaries(st.sampled_from(["X-A", "Authorization", "Accept"]), st.text("abc*", max_size=5)),
    flag=st.booleans(),
    accepted=st.lists(st.sampled_from(["200", "2xx", "300-399"]), min_size=1, max_size=2),
    interval=st.integers(1_000, 10_000_000),
)
def test_definitions_come_back(headers: dict[str, str], accepted: list[str], interval: int, *, flag: bool) -> None:
    """Whatever they say, what is shown with its masks is read as it was."""
    options = Http(headers=headers, follow_redirects=flag, accepted=tuple(accepted))
    stored = Definition(
        name="x", url="https://a.example", options=options, interval=interval, timeout=min(interval, 99)
    )
    assert read_check(shown(Check(1, stored, 0, 0)), stored) == stored


def test_kinds_have_their_own_fields() -> None:
    """Each is read into the options that its prober takes."""
    assert read_check({"name": "x", **EVERY[9]}).options == Postgres(username="u", password="p", query="SELECT 1")
    assert read_check({"name": "x", "type": "dns", "url": "a", "record_type": "mx"}).options == Dns(record_type="MX")
    assert read_check({"name": "x", **EVERY[17]}).options == Promql(expr='up{job="shop"} == 1')
    assert read_check({"name": "x", **EVERY[18]}).options == Composed(checks=("a", "b"), need=1)
    assert read_check({"name": "x", "type": "push", "period": "1h"}).options == Heartbeat(period=3_600_000)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["***", "1s", "http"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
FIELDS = sorted({name for one in EVERY for name in (*one, "options", "tags", "depends_on", "timeout", "body", "tls")})


@given(st.sampled_from(EVERY), st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=4))
def test_any_value_of_any_field_is_read_or_refused(value: dict[str, Any], changes: dict[str, Any]) -> None:
    """Nothing that JSON can hold is taken for a defect of the program."""
    found, problems = try_check({"name": "x", **value, **changes})
    assert (found is None) is bool(problems)
    assert found is None or read_check(shown_definition(found), found) == found


def test_conditions_are_judged_beside_whatever_else_is_wrong() -> None:
    """Who mends one field need not come again for the next."""
    _, found = try_check({"url": "https://a.example", "interval": "1ms", "conditions": ["status == 200", "statu == 1"]})
    assert [one.detail["field"] for one in found] == ["interval", "name", "conditions[1]"]


@pytest.mark.parametrize(
    ("interval", "retries", "pause"), [("1m", 10, 1_000), ("1s", 1, 250), ("1s", 10, 25), ("2s", 0, 1_000)]
)
def test_retries_fit_by_themselves(interval: str, retries: int, pause: int) -> None:
    """Who does not say how far apart they are has all of them take place, and it goes without saying again."""
    found = read_check({**GOOD, "interval": interval, "retries": retries})
    assert found.retry_interval == pause
    assert "retry_interval" not in written(found)
