"""Backups of Uptime Kuma: what becomes of each monitor, and what is said of the rest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.kuma_backup import read_kuma
from sightline.domain.errors import BadData
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import (
    BasicAuth,
    Composed,
    Dns,
    Grpc,
    Heartbeat,
    Http,
    Icmp,
    Mail,
    Mongodb,
    Mysql,
    Postgres,
    Redis,
    Tcp,
    TlsTrust,
)

PUSH_TOKEN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7xC0fR"


def monitor(number: int, kind: str, name: str, **fields: Any) -> dict[str, Any]:
    """A monitor with the fields that the backup gives every one, whatever its type."""
    return {
        "id": number,
        "name": name,
        "description": None,
        "pathName": name,
        "parent": None,
        "childrenIDs": [],
        "url": "https://",
        "method": "GET",
        "hostname": None,
        "port": None,
        "maxretries": 0,
        "weight": 2000,
        "active": 1,
        "forceInactive": False,
        "type": kind,
        "timeout": 48,
        "interval": 60,
        "retryInterval": 60,
        "resendInterval": 0,
        "keyword": None,
        "invertKeyword": False,
        "expiryNotification": False,
        "ignoreTls": False,
        "upsideDown": False,
        "packetSize": 56,
        "maxredirects": 10,
        "accepted_statuscodes": ["200-299"],
        "dns_resolve_type": "A",
        "dns_resolve_server": "1.1.1.1",
        "dns_last_result": None,
        "docker_container": "",
        "docker_host": None,
        "proxyId": None,
        "notificationIDList": {"1": True},
        "tags": [],
        "maintenance": False,
        "mqttTopic": None,
        "databaseQuery": None,
        "authMethod": None,
        "grpcUrl": None,
        "httpBodyEncoding": "json",
        "jsonPath": None,
        "expectedValue": None,
        "gamedigGivenPortOnly": True,
        "headers": None,
        "body": None,
        "basic_auth_user": None,
        "basic_auth_pass": None,
        "pushToken": None,
        "databaseConnectionString": None,
        **fields,
    }


MONITORS = [
    monitor(1, "group", "Shop"),
    monitor(
        2,
        "http",
        "Front page",
        url="https://me:pw@shop.example/",
        parent=1,
        interval=30,
        timeout=24,
        maxretries=3,
        retryInterval=5,
        expiryNotification=True,
        maxredirects=0,
        accepted_statuscodes=["200-299", "401"],
        tags=[{"tag_id": 1, "name": "env", "value": "prod"}, {"tag_id": 2, "name": "on call", "value": ""}],
        headers='{"X-Trace": "1"}',
        body='{"a": 1}',
        method="POST",
        authMethod="basic",
        basic_auth_user="u",
        basic_auth_pass="p",
        description="the shop",
    ),
    monitor(3, "keyword", "Says ok", url="http://a.example", keyword='say "ok"', invertKeyword=True, ignoreTls=True),
    monitor(4, "json-query", "API", url="https://a.example", jsonPath="$.items[0].id", expectedValue="5"),
    monitor(5, "port", "SSH port", hostname="2001:db8::1", port=22),
    monitor(6, "ping", "Ping", hostname="192.0.2.1", packetSize=4),
    monitor(
        7,
        "dns",
        "Name",
        hostname="shop.example",
        dns_resolve_type="MX",
        dns_resolve_server="1.1.1.1,8.8.8.8",
        port=5353,
    ),
    monitor(8, "push", "Backup", interval=3600, maxretries=2, retryInterval=60, pushToken=PUSH_TOKEN, active=0),
    monitor(9, "postgres", "DB", databaseConnectionString="postgres://u:p%40ss@db:5433/shop", databaseQuery="SELECT 1"),
    monitor(10, "mysql", "Old DB", databaseConnectionString="mysql://u:p@db/shop", databaseQuery="SELECT 1"),
    monitor(11, "redis", "Cache", databaseConnectionString="rediss://:p@cache:6380"),
    monitor(12, "mongodb", "Documents", databaseConnectionString="mongodb://db.example"),
    monitor(13, "docker", "Container", docker_container="web"),
    monitor(14, "http", "Reversed", url="https://a.example", upsideDown=True),
    monitor(15, "group", "Nothing"),
    monitor(16, "smtp", "Mail", hostname="mx.example", port=587, smtpSecurity="starttls"),
    monitor(17, "grpc-keyword", "gRPC", grpcUrl="grpc.example:50051", grpcServiceName="Health", keyword="SERVING"),
    monitor(18, "http", "Front page", url="https://b.example", parent=19, proxyId=1),
    monitor(19, "group", "Other shop"),
    monitor(20, "mqtt", "Broker", hostname="b.example", mqttTopic="x"),
    monitor(21, "http", "Broken", url="https://"),
    monitor(22, "json-query", "Odd", url="https://a.example", jsonPath="$sum(items.price)", expectedValue="5"),
]
BACKUP = {
    "version": "1.23.11",
    "notificationList": [{"id": 1, "name": "Mail", "config": "{}"}],
    "monitorList": MONITORS,
    "proxyList": [{"id": 1, "protocol": "http", "host": "proxy", "port": 3128, "auth": False}],
}
FOUND = read_kuma(json.dumps(BACKUP).encode())
BY_NAME = {one.name: one for one in FOUND.definitions}


def test_an_http_monitor_says_all_that_it_said() -> None:
    """Times, retries, codes, credentials, headers, tags and the heading come along."""
    assert BY_NAME["Front page"] == Definition(
        name="Front page",
        url="https://me:pw@shop.example/",
        options=Http(
            method="POST",
            headers={"X-Trace": "1", "Content-Type": "application/json"},
            body='{"a": 1}',
            auth=BasicAuth("u", "p"),
            follow_redirects=False,
            max_redirects=0,
            accepted=("200-299", "401"),
        ),
        interval=30_000,
        timeout=24_000,
        retries=3,
        retry_interval=5_000,
        group="Shop",
        tags={"env": "prod", "on_call": "true"},
        description="the shop",
    )


@pytest.mark.parametrize(
    ("retries", "pause", "expected"),
    [
        (1, 19, (1, 19_000, 1)),
        (1, 20, (0, 1_000, 2)),
        (3, 20, (0, 1_000, 4)),
        (2, 15, (0, 1_000, 3)),
        (0, 60, (0, 60_000, 1)),
    ],
)
def test_retries_that_do_not_fit_become_failures_in_a_row(
    retries: int, pause: int, expected: tuple[int, int, int]
) -> None:
    """Kuma's are probes of their own, at an interval of their own; it takes as long until the check is down, and that is told."""
    one = monitor(1, "http", "a", url="https://a/", interval=20, maxretries=retries, retryInterval=pause)
    found = read_kuma(json.dumps({"version": "1", "monitorList": [one]}).encode())
    (made,) = found.definitions
    assert (made.retries, made.retry_interval, made.failures) == expected
    assert ["do not fit into the interval" in told for told in found.left_out] == [True] * (expected[2] > 1)


def test_what_is_looked_for_becomes_a_condition() -> None:
    """A keyword, its absence, and a JSON value however it is written."""
    assert BY_NAME["Says ok"].conditions == ('not body contains "say \\"ok\\""',)
    assert BY_NAME["API"].conditions == ('json("$.items[0].id") in (5, "5")',)


@pytest.mark.parametrize(
    ("name", "url", "options"),
    [
        ("Says ok", "http://a.example", Http(tls=TlsTrust(verify=False), certificate_days=0)),
        ("SSH port", "[2001:db8::1]:22", Tcp()),
        ("Ping", "192.0.2.1", Icmp(payload=8)),
        ("Name", "shop.example", Dns(record_type="MX", resolver="1.1.1.1:5353")),
        ("Backup", "", Heartbeat(period=3_600_000, grace=120_000, token=PUSH_TOKEN)),
        ("DB", "db:5433", Postgres(username="u", password="p@ss", database="shop", query="SELECT 1")),
        ("Old DB", "db:3306", Mysql()),
        ("Cache", "cache:6380", Redis(password="p", tls=TlsTrust())),
        ("Documents", "db.example:27017", Mongodb()),
        ("Mail", "mx.example:587", Mail(security="starttls")),
        ("gRPC", "grpc.example:50051", Grpc()),
        ("Shop", "", Composed(checks=("Front page",))),
        ("Other shop / Front page", "https://b.example", Http(certificate_days=0, proxy="http://proxy:3128")),
        ("Other shop", "", Composed(checks=("Other shop / Front page",))),
    ],
)
def test_every_type_becomes_a_kind(name: str, url: str, options: object) -> None:
    """With its address, and what belongs to it."""
    assert (BY_NAME[name].url, BY_NAME[name].options) == (url, options)


def test_what_was_switched_off_stays_so() -> None:
    """A monitor that is paused there is not probed here."""
    assert not BY_NAME["Backup"].enabled
    assert BY_NAME["DB"].enabled


@pytest.mark.parametrize(
    "said",
    [
        "notificationList (1): who is told has no place here",
        "monitorList[1] (Front page).tags: the tag 'on call' is called 'on_call' here",
        "monitorList[6] (Name).dns_resolve_server: 1.1.1.1 is asked alone",
        "monitorList[9] (Old DB).databaseQuery: the server's greeting is checked",
        "monitorList[12] (Container): type docker: containers are watched without a check",
        "monitorList[13] (Reversed): upside-down mode: there is none",
        "monitorList[14] (Nothing): a group without any check in it",
        "monitorList[19] (Broker): type mqtt: there is no such type here",
        "monitorList[20] (Broken): not imported: url: is no address",
        "monitorList[21] (Odd).jsonPath: '$sum(items.price)' is an expression",
    ],
)
def test_nothing_is_lost_without_a_word(said: str) -> None:
    """What has no place here is named, with the monitor and what to do."""
    assert any(one.startswith(said) for one in FOUND.left_out), FOUND.left_out


def test_nothing_else_is_said() -> None:
    """Defaults of fields that other types have are no news."""
    assert len(FOUND.left_out) == 10, FOUND.left_out
    assert len(FOUND.definitions) == 17


def test_fields_that_nobody_knows_are_told() -> None:
    """A field of a newer version does not vanish."""
    backup = {"monitorList": [monitor(1, "ping", "a", hostname="b", novel="x")]}
    assert read_kuma(json.dumps(backup).encode()).left_out == ("monitorList[0] (a).novel: it has no place here",)


@pytest.mark.parametrize("text", [b"{}", b"[1]", b'{"monitorList": [1]}', b"3"])
def test_what_is_no_backup_is_refused(text: bytes) -> None:
    """JSON of another shape is not taken for an empty backup."""
    with pytest.raises(BadData, match="no backup of Uptime Kuma"):
        read_kuma(text)


VALUES = st.none() | st.text() | st.integers() | st.lists(st.text())


@given(st.sampled_from(MONITORS), st.dictionaries(st.sampled_from(sorted(MONITORS[0])), VALUES))
def test_no_monitor_is_a_defect(some: dict[str, Any], changes: dict[str, Any]) -> None:
    """Whatever its fields hold, it is imported or told of."""
    found = read_kuma(json.dumps({"monitorList": [{**some, **changes}]}).encode())
    assert found.definitions or found.left_out
