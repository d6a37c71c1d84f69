"""Configurations of Gatus: endpoints become checks, and their conditions ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.gatus_conditions import translated
from sightline.adapters.wire.gatus_file import read_gatus
from sightline.domain.errors import BadData
from sightline.domain.probes.check import Definition
from sightline.domain.probes.condition import parse_condition
from sightline.domain.probes.options import (
    Dns,
    Grpc,
    Heartbeat,
    Http,
    Icmp,
    Ssh,
    TalkStep,
    Tcp,
    Tls,
    TlsTrust,
    WebSocket,
)

FILE = b"""
metrics: true
storage:
  type: sqlite
  path: /data/data.db
ui:
  title: Status
maintenance:
  start: "23:00"
  duration: 1h
alerting:
  slack:
    webhook-url: "https://hooks.example/${SLACK}"
    default-alert:
      failure-threshold: 5
      description: it is down
endpoints:
  - name: website
    group: core
    url: "https://shop.example/health"
    method: POST
    body: '{"ping": 1}'
    headers:
      X-Version: 1.10
    interval: 5m
    client:
      insecure: true
      ignore-redirect: true
      timeout: 3s
      dns-resolver: tcp://8.8.8.8:53
    ui:
      hide-hostname: true
    conditions:
      - "[STATUS] == any(200, 429)"
      - "[RESPONSE_TIME] < 500"
      - "[BODY].status == UP"
      - "[CERTIFICATE_EXPIRATION] > 48h"
      - "[DOMAIN_EXPIRATION] > 720h"
      - "[BODY].data[0].id == 1"
    alerts:
      - type: slack
      - type: pagerduty
        failure-threshold: 2
        success-threshold: 4
        send-on-resolved: true
  - name: website
    group: edge
    url: "https://${HOST}.example/"
    enabled: false
    conditions: ["[STATUS] < 300"]
  - name: names
    url: "8.8.8.8"
    dns:
      query-name: "shop.example"
      query-type: "A"
    conditions:
      - "[BODY] == pat(192.0.2.*)"
      - "[DNS_RCODE] == NOERROR"
  - name: port
    url: "tcp://db.example:5432"
    body: hello
    conditions: ["[CONNECTED] == true"]
  - name: ping
    url: "icmp://192.0.2.1"
    client: {network: ip4}
    conditions: ["[CONNECTED] == true"]
  - name: mail
    url: "starttls://mx.example:587"
    interval: 1m30s
    conditions: ["[CERTIFICATE_EXPIRATION] > 48h"]
  - name: tls
    url: "tls://shop.example:443"
    conditions: ["[CONNECTED] == true"]
  - name: shell
    url: "ssh://host.example:22"
    ssh: {username: me, password: secret}
    conditions: ["[CONNECTED] == true"]
  - name: socket
    url: "wss://shop.example/socket"
    body: hi
    conditions: ["[BODY] == pat(*hello*)"]
  - name: rpc
    url: "grpcs://grpc.example:50051"
    conditions: ["[CONNECTED] == true"]
  - name: query
    url: "https://shop.example/graphql"
    graphql: true
    body: "{ users { id } }"
    extra-labels: {team: web, type: api}
    conditions: ["len([BODY].data.users) > 0", "has([BODY].errors) == false"]
  - name: strange
    url: "sctp://a.example:1"
    conditions: ["[CONNECTED] == true"]
external-endpoints:
  - name: backup
    group: nightly
    token: "a-long-enough-token"
    heartbeat: {interval: 30m}
    alerts: [{type: slack}]
"""
FOUND = read_gatus(FILE)
BY_NAME = {one.name: one for one in FOUND.definitions}
ANY_STATUS = ("100-599",)


def test_an_endpoint_says_all_that_it_said() -> None:
    """Its request, its times, its thresholds and what must hold."""
    assert BY_NAME["website"] == Definition(
        name="website",
        url="https://shop.example/health",
        group="core",
        options=Http(
            method="POST",
            body='{"ping": 1}',
            headers={"X-Version": "1.10"},
            follow_redirects=False,
            accepted=("200", "429"),
            tls=TlsTrust(verify=False),
            certificate_days=0,
        ),
        interval=300_000,
        timeout=3_000,
        failures=2,
        successes=2,
        description="it is down",
        conditions=(
            "latency < 500ms",
            'json("$.status") == "UP"',
            "certificate.expires_in > 48h",
            'json("$.data[0].id") in (1, "1")',
        ),
    )


@pytest.mark.parametrize(
    ("name", "url", "options", "conditions"),
    [
        ("edge / website", "https://${HOST}.example/", None, ()),
        (
            "names",
            "shop.example",
            None,
            ('any(answers) matches "^192\\.0\\.2\\..*$"', 'rcode == "NOERROR"'),
        ),
        ("port", "db.example:5432", Tcp(talk=(TalkStep(send="hello"),)), ()),
        ("ping", "192.0.2.1", Icmp(ip_version="4"), ()),
        ("mail", "mx.example:587", Tls(starttls="smtp", certificate_days=0), ("certificate.expires_in > 48h",)),
        ("tls", "shop.example:443", Tls(certificate_days=0), ()),
        ("shell", "host.example:22", Ssh(), ()),
        ("socket", "wss://shop.example/socket", WebSocket(send="hi"), ('body contains "hello"',)),
        ("rpc", "grpc.example:50051", Grpc(tls=TlsTrust()), ()),
        (
            "query",
            "https://shop.example/graphql",
            Http(
                body='{"query":"{ users { id } }"}',
                headers={"Content-Type": "application/json"},
                accepted=ANY_STATUS,
                certificate_days=0,
            ),
            ('len(json("$.data.users")) > 0', 'not has(json("$.errors"))'),
        ),
        ("backup", "", Heartbeat(period=1_800_000, grace=60_000, token="a-long-enough-token"), ()),
    ],
)
def test_every_scheme_becomes_a_kind(name: str, url: str, options: object, conditions: tuple[str, ...]) -> None:
    """With its address and its conditions."""
    if name == "edge / website":  # its host is a variable, hence no address
        assert name not in BY_NAME
        return
    found = BY_NAME[name]
    assert found.url == url
    assert found.conditions == conditions
    assert options is None or found.options == options


def test_names_are_asked_of_their_resolver() -> None:
    """Whatever comes back is judged by conditions alone."""
    options = BY_NAME["names"].options
    assert isinstance(options, Dns)
    assert options.resolver == "8.8.8.8"
    assert "NXDOMAIN" in options.accepted_rcodes


def test_whoever_told_nobody_tells_nobody() -> None:
    """Without alerts there are none; with any, the thresholds are theirs."""
    assert not BY_NAME["tls"].notify
    assert (BY_NAME["backup"].notify, BY_NAME["backup"].failures, BY_NAME["backup"].successes) == (True, 5, 2)


@pytest.mark.parametrize(
    "said",
    [
        "alerting (slack): who is told has no place here",
        "storage: results are kept by the program itself",
        "ui: how the page looks",
        "maintenance: write it as a maintenance window",
        "endpoints[0] (website).client.dns-resolver: it has no place here",
        "endpoints[0] (website).ui: how the page looks",
        "endpoints[0] (website).conditions[4]: '[DOMAIN_EXPIRATION] > 720h' is left out: make a check of type domain",
        "endpoints[0] (website).alerts: their thresholds differ",
        "endpoints[1] (website): not imported: ",
        "the file.endpoints[1].url: ${HOST} is taken as it stands",
        "endpoints[7] (shell).ssh: the banner is checked",
        "endpoints[10] (query).extra-labels: the tag 'type' is called 'tag_type' here",
        "endpoints[11] (strange): not imported: sctp:// has no type of check here",
        "external-endpoints[0] (backup): the address of its pings is another one here",
    ],
)
def test_nothing_is_lost_without_a_word(said: str) -> None:
    """What has no place here is named, with its path and what to do."""
    assert any(one.startswith(said) for one in FOUND.left_out), FOUND.left_out


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("[STATUS] == 200", "status == 200"),
        ("200 == [STATUS]", "status == 200"),
        ("300 > [STATUS]", "status < 300"),
        ("[STATUS] != any(500, 502)", "not status in (500, 502)"),
        ("[CONNECTED] == true", ""),
        ("[RESPONSE_TIME] <= 1500", "latency <= 1500ms"),
        ("[IP] == 127.0.0.1", 'address == "127.0.0.1"'),
        ("[IP] == pat(127.*)", 'address matches "^127\\..*$"'),
        ("[BODY] == ok", 'body == "ok"'),
        ("[BODY] != pat(*error*)", 'not body contains "error"'),
        ("[BODY] == any(ok, pat(*up*))", 'body == "ok" or body contains "up"'),
        ("[BODY].name == pat(john*)", 'json("$.name") matches "^john.*$"'),
        ("[BODY].name == any(a, b)", 'json("$.name") == "a" or json("$.name") == "b"'),
        ("[BODY].ok == true", 'json("$.ok") in (true, "true")'),
        ("[BODY].n > 3", 'json("$.n") > 3'),
        ("[BODY][0].id == 1", 'json("$[0].id") in (1, "1")'),
        ("len([BODY]) > 5", 'len(json("$")) > 5'),
        ("has([BODY].a) == true", 'has(json("$.a"))'),
        ("[CERTIFICATE_EXPIRATION] > 48h", "certificate.expires_in > 48h"),
    ],
)
def test_conditions_are_translated(theirs: str, ours: str) -> None:
    """Into what our language reads."""
    assert translated(theirs) == ours
    if ours:
        parse_condition(ours)


@pytest.mark.parametrize(
    "theirs",
    [
        "nonsense",
        "[STATUS] == ok",
        "[CONNECTED] == false",
        "[AGE] < 3",
        "[BODY].a[?x] == 1",
        "has([BODY].a) == 3",
        "[CERTIFICATE_EXPIRATION] > soon",
        "foo([BODY]) == 1",
        "[STATUS].x == 1",
        "[BODY] < 3",
    ],
)
def test_what_cannot_be_said_is_refused(theirs: str) -> None:
    """Nothing that is not known is guessed at."""
    with pytest.raises(BadData):
        translated(theirs)


@given(st.text("[]()BODYSTATUS.pat any len has==<>!*?,\"'0123x", max_size=40))
def test_whatever_is_translated_can_be_read(theirs: str) -> None:
    """A translation is a condition, or there is none."""
    try:
        ours = translated(theirs)
    except BadData:
        return
    if ours:
        parse_condition(ours)


@pytest.mark.parametrize("text", [b"", b"a: b", b"endpoints: []", b"[1]"])
def test_what_is_no_configuration_is_refused(text: bytes) -> None:
    """A file without endpoints is another one."""
    with pytest.raises(BadData, match="no configuration of Gatus"):
        read_gatus(text)
