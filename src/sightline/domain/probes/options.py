"""How each kind of check is probed. Durations are in ms, sizes in bytes."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

MAX_BODY: Final = 4 << 20
"""Bytes of an answer that conditions may be asked to look at."""

IpVersion = Literal["any", "4", "6"]
Port = Annotated[int, Meta(ge=1, le=65535)]


class Options(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """What every kind has. ip_version: which addresses of a name are used; `any` takes what answers first."""

    ip_version: IpVersion = "any"


class BasicAuth(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type", tag="basic"):
    """User name and password, as HTTP's Basic has them."""

    username: str
    password: str


class BearerAuth(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type", tag="bearer"):
    """A token in the header Authorization."""

    token: str


class TlsTrust(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Whom TLS trusts, and who we are.

    verify: whether a certificate must be valid for the name. ca_file, cert_file, key_file: PEM, on the probing machine.
    server_name: what is asked for and verified; empty takes the host.
    """

    verify: bool = True
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""


class Http(Options, frozen=True, tag="http"):
    """An exchange over HTTP or HTTPS.

    accepted: status codes that are well, as `200` or `200-299`. version: which HTTP is spoken; `auto` offers 2 and takes 1.1.
    max_body: bytes that are read; a longer answer is a failure. certificate_days: days before a certificate's end from which
    the check is degraded; 0 never. proxy: URL of a proxy; empty none.
    """

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    auth: BasicAuth | BearerAuth | None = None
    follow_redirects: bool = True
    max_redirects: Annotated[int, Meta(ge=0, le=50)] = 10
    accepted: tuple[str, ...] = ("200-299",)
    version: Literal["auto", "1.1", "2"] = "auto"
    tls: TlsTrust = TlsTrust()
    certificate_days: Annotated[int, Meta(ge=0, le=3650)] = 14
    max_body: Annotated[int, Meta(ge=1, le=MAX_BODY)] = 1 << 20
    proxy: str = ""


class Tcp(Options, frozen=True, tag="tcp"):
    """A connection, and a talk over it: each step sends a text, expects one (a regular expression in what comes), or both."""

    talk: tuple["TalkStep", ...] = ()
    tls: TlsTrust | None = None


class TalkStep(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """send: UTF-8 text, as it goes over the wire. expect: RE2; empty expects nothing. starttls: begin TLS after that."""

    send: str = ""
    expect: str = ""
    starttls: bool = False


class Tls(Options, frozen=True, tag="tls"):
    """A TLS handshake: the chain is verified and its expiry told. starttls: the protocol that is upgraded first."""

    tls: TlsTrust = TlsTrust()
    certificate_days: Annotated[int, Meta(ge=0, le=3650)] = 14
    starttls: Literal["", "smtp", "imap", "pop3", "postgres"] = ""


class Dns(Options, frozen=True, tag="dns"):
    """A question to a resolver.

    resolver: `host` or `host:port`, empty the machine's own. expected: answers of which each must be there (
    compared as the record type is written, without regard to a last dot). accepted_rcodes: what is well.
    """

    record_type: str = "A"
    resolver: str = ""
    transport: Literal["udp", "tcp"] = "udp"
    expected: tuple[str, ...] = ()
    accepted_rcodes: tuple[str, ...] = ("NOERROR",)
    recursion: bool = True


class Icmp(Options, frozen=True, tag="icmp"):
    """Echo requests: `count` of them, `payload` bytes each; up when at least one in `count` is answered."""

    count: Annotated[int, Meta(ge=1, le=20)] = 1
    payload: Annotated[int, Meta(ge=8, le=1472)] = 56


class Grpc(Options, frozen=True, tag="grpc"):
    """grpc.health.v1.Health/Check of a service; plain text without `tls`."""

    service: str = ""
    tls: TlsTrust | None = None
    metadata: dict[str, str] = field(default_factory=dict)


class WebSocket(Options, frozen=True, tag="websocket"):
    """A WebSocket handshake, and where told a message, and an answer that a regular expression (RE2) must match."""

    headers: dict[str, str] = field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()
    send: str = ""
    expect: str = ""
    tls: TlsTrust = TlsTrust()


class Mail(Options, frozen=True, tag="mail"):
    """The banner of SMTP, IMAP or POP3, and a polite goodbye. security: TLS from the start, STARTTLS, or none."""

    protocol: Literal["smtp", "imap", "pop3"] = "smtp"
    security: Literal["none", "starttls", "tls"] = "none"
    tls: TlsTrust = TlsTrust()


class Postgres(Options, frozen=True, tag="postgres"):
    """A session of PostgreSQL as far as ReadyForQuery and, where told, a query; without a user the server's answer is enough."""

    username: str = ""
    password: str = ""
    database: str = ""
    query: str = ""
    tls: TlsTrust | None = None


class Mysql(Options, frozen=True, tag="mysql"):
    """MySQL's or MariaDB's greeting."""


class Redis(Options, frozen=True, tag="redis"):
    """AUTH where told, then PING that must be answered by PONG."""

    username: str = ""
    password: str = ""
    tls: TlsTrust | None = None


class Mongodb(Options, frozen=True, tag="mongodb"):
    """MongoDB's `hello`."""

    tls: TlsTrust | None = None


class Ntp(Options, frozen=True, tag="ntp"):
    """The time of a server: its stratum and offset are facts for conditions."""


class Ssh(Options, frozen=True, tag="ssh"):
    """The banner of an SSH server."""


class Domain(Options, frozen=True, tag="domain"):
    """When a domain's registration ends, by RDAP.

    server: base URL of an RDAP server; empty finds it by IANA's list.
    days: days before the end from which the check is degraded; 0 never.
    """

    server: str = ""
    days: Annotated[int, Meta(ge=0, le=3650)] = 30


class Heartbeat(Options, frozen=True, tag="heartbeat"):
    """Pings that come to us.

    period: ms between them, or `cron` with a time zone says when they are due; grace: ms that they may be late. token: the
    secret part of the ping address, given at creation. slug: what the check is called in an address with a ping key; empty goes by
    its name. manual_resume: whether a ping leaves a check paused that is.
    """

    period: Annotated[int, Meta(ge=1_000)] = 86_400_000
    cron: str = ""
    timezone: str = "UTC"
    grace: Annotated[int, Meta(ge=1_000)] = 3_600_000
    token: str = ""
    slug: str = ""
    manual_resume: bool = False


class Promql(Options, frozen=True, tag="promql"):
    """An expression that must hold: down where an instant query yields nothing, or a scalar that is 0."""

    expr: str


class Composed(Options, frozen=True, tag="composed"):
    """Other checks by name taken together: up while at least `need` of them are up (0: all)."""

    checks: tuple[str, ...]
    need: Annotated[int, Meta(ge=0)] = 0


AnyOptions = (
    Http
    | Tcp
    | Tls
    | Dns
    | Icmp
    | Grpc
    | WebSocket
    | Mail
    | Postgres
    | Mysql
    | Redis
    | Mongodb
    | Ntp
    | Ssh
    | Domain
    | Heartbeat
    | Promql
    | Composed
)
"""Whatever can be checked."""
