"""Modules of blackbox_exporter and their targets: checks that judge as it does."""

import pytest

from sightline.adapters.wire.blackbox_file import read_blackbox
from sightline.adapters.wire.checks_file import FORMATS, read_checks_of
from sightline.domain.errors import BadData, InvalidParameter
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import BasicAuth, BearerAuth, Dns, Grpc, Http, Icmp, TalkStep, Tcp, TlsTrust

FILE = rb"""
modules:
  http_2xx:
    prober: http
  http_full:
    prober: http
    timeout: 5s
    http:
      valid_http_versions: ["HTTP/1.1", "HTTP/2.0"]
      valid_status_codes: [200, 204]
      method: POST
      headers:
        Host: vhost.example
        Origin: example
      follow_redirects: false
      fail_if_ssl: false
      fail_if_not_ssl: true
      fail_if_body_matches_regexp: ["Could not connect"]
      fail_if_body_not_matches_regexp: ["Download.*latest"]
      fail_if_header_matches:
        - header: Access-Control-Allow-Origin
          regexp: '(\*|example\.com)'
          allow_missing: true
      fail_if_header_not_matches:
        - header: Server
          regexp: 'nginx'
      tls_config: {insecure_skip_verify: true, min_version: TLS12}
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
      basic_auth: {username: me, password: "0123"}
      body: '{}'
      compression: gzip
      body_size_limit: 1MB
      enable_http2: false
  http_bearer:
    prober: http
    http:
      bearer_token: s3cret
      preferred_ip_protocol: ip6
  irc:
    prober: tcp
    tcp:
      query_response:
        - send: "NICK prober"
        - expect: "PING :([^ ]+)"
          send: "PONG ${1}"
        - expect: "^:[^ ]+ 001"
  smtp_starttls:
    prober: tcp
    tcp:
      query_response:
        - expect: "^220"
        - send: "STARTTLS"
        - starttls: true
      tls_config: {server_name: mx.example}
  dns_udp:
    prober: dns
    dns:
      query_name: shop.example.
      query_type: MX
      transport_protocol: tcp
      valid_rcodes: [NOERROR, NXDOMAIN]
      validate_answer_rrs:
        fail_if_matches_regexp: ["127[.]"]
        fail_if_none_matches_regexp: ["^10 mx"]
      validate_authority_rrs:
        fail_if_matches_regexp: ["x"]
  icmp_ttl5:
    prober: icmp
    timeout: 5s
    icmp: {ttl: 5, payload_size: 100}
  grpc_tls:
    prober: grpc
    grpc: {service: shop.v1, tls: true}
  unused: {prober: http}
  sock: {prober: unix}
targets:
  http_full: ["https://a.example"]
  http_bearer: https://b.example
  irc: ["irc.example:6667"]
  smtp_starttls: ["mx.example:25"]
  dns_udp: ["8.8.8.8"]
  icmp_ttl5: [192.0.2.1]
  grpc_tls: ["grpc.example:50051"]
  sock: [x]
  nothing: [y]
scrape_configs:
  - job_name: blackbox
    scrape_interval: 30s
    metrics_path: /probe
    params: {module: [http_2xx]}
    static_configs:
      - targets: ["c.example", "https://a.example"]
        labels: {team: web}
    file_sd_configs: [{files: [x.yml]}]
  - job_name: node
    static_configs: [{targets: ["localhost:9100"]}]
"""
ORIGIN = 'header("access-control-allow-origin")'
FOUND = read_blackbox(FILE)
BY_NAME = {one.name: one for one in FOUND.definitions}


def test_a_module_says_all_that_it_said() -> None:
    """Whatever it fails for is a condition that must hold."""
    assert BY_NAME["https://a.example"] == Definition(
        name="https://a.example",
        url="https://a.example",
        timeout=5_000,
        options=Http(
            method="POST",
            headers={"Host": "vhost.example", "Origin": "example"},
            body="{}",
            auth=BasicAuth("me", "0123"),
            accepted=("200", "204"),
            follow_redirects=False,
            version="1.1",
            tls=TlsTrust(verify=False),
            certificate_days=0,
            ip_version="4",
        ),
        conditions=(
            'version in ("HTTP/1.1", "HTTP/2")',
            "has(certificate.subject)",
            'not body matches "Could not connect"',
            'body matches "(?-s)Download.*latest"',
            f'not has({ORIGIN}) or not {ORIGIN} matches "(?-s)(\\*|example\\.com)"',
            'header("server") matches "nginx"',
        ),
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("https://b.example", Http(auth=BearerAuth("s3cret"), certificate_days=0)),
        (
            "irc.example:6667",
            Tcp(
                talk=(
                    TalkStep(send="NICK prober\n"),
                    TalkStep(expect="PING :([^ ]+)"),
                    TalkStep(send="PONG ${1}\n"),
                    TalkStep(expect="^:[^ ]+ 001"),
                )
            ),
        ),
        (
            "mx.example:25",
            Tcp(
                talk=(TalkStep(expect="^220"), TalkStep(send="STARTTLS\n"), TalkStep(starttls=True)),
                tls=TlsTrust(server_name="mx.example"),
            ),
        ),
        (
            "8.8.8.8",
            Dns(record_type="MX", resolver="8.8.8.8", transport="tcp", accepted_rcodes=("NOERROR", "NXDOMAIN")),
        ),
        ("192.0.2.1", Icmp(payload=100)),
        ("grpc.example:50051", Grpc(service="shop.v1", tls=TlsTrust())),
    ],
)
def test_every_prober_becomes_a_kind(name: str, options: object) -> None:
    """With what belongs to it."""
    assert BY_NAME[name].options == options


def test_answers_are_looked_at() -> None:
    """What fails for a record must not match, and what fails without one must."""
    assert BY_NAME["8.8.8.8"].url == "shop.example"
    assert BY_NAME["8.8.8.8"].conditions == (
        'len(answers) == 0 or not any(answers) matches "(?-s)127[.]"',
        'any(answers) matches "^10 mx"',
    )


def test_targets_of_prometheus_come_along() -> None:
    """With the interval of their job, labels as tags, and a name of their own where two modules ask one target."""
    found = BY_NAME["c.example"]
    assert (found.url, found.interval, found.timeout, found.tags) == (
        "http://c.example",
        30_000,
        9_500,
        {"team": "web"},
    )
    assert BY_NAME["https://a.example (http_2xx)"].options == Http(certificate_days=0)


@pytest.mark.parametrize(
    "said",
    [
        "modules.http_full.http.tls_config.min_version: it has no place here",
        "modules.http_full.http.body_size_limit: it has no place here",
        "modules.http_bearer.http.preferred_ip_protocol: with a fallback",
        "modules.irc.tcp.query_response[1].send: what was matched before",
        "modules.dns_udp.dns.validate_authority_rrs: only answers are looked at",
        "modules.dns_udp.dns.validate_answer_rrs: the data of records is compared alone",
        "modules.icmp_ttl5.icmp.ttl: it has no place here",
        "modules.sock: the prober 'unix' is not known here",
        "modules.unused: no target is probed by it",
        "targets.nothing[0]: there is no module 'nothing'",
        "scrape_configs[0].file_sd_configs: targets that are discovered are not known here",
        "scrape_configs[1]: it names no module",
    ],
)
def test_nothing_is_lost_without_a_word(said: str) -> None:
    """What has no place here is named, with its path and what to do."""
    assert any(one.startswith(said) for one in FOUND.left_out), FOUND.left_out


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"a: b", "modules are missing"), (b"modules: {a: {prober: http}}", "targets are missing: add them to the file")],
)
def test_what_cannot_be_imported_says_what_is_missing(text: bytes, said: str) -> None:
    """Modules alone say how to probe and not what."""
    with pytest.raises(BadData, match=said):
        read_blackbox(text)


def test_formats_have_names() -> None:
    """One that nobody knows is refused with those that are known."""
    assert set(FORMATS) == {"kuma", "gatus", "blackbox"}
    assert read_checks_of("blackbox", FILE) == FOUND
    with pytest.raises(InvalidParameter, match="format: 'x' is none: there are kuma, gatus, blackbox"):
        read_checks_of("x", b"")
