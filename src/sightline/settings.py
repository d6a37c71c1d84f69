"""Typed settings. One precedence, from strongest to weakest: flags, environment, `.env`, sightline.toml, defaults.

Every setting has a dotted key (`wal.max_bytes`). It stands in sightline.toml under its table, and in the environment as
`SIGHTLINE_` and the key in capitals with `_` for the dot (`SIGHTLINE_WAL_MAX_BYTES`). An unknown key is refused with the
nearest valid one. docs/guide/settings.md lists them all; a test keeps it so.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args, get_origin, get_type_hints

import msgspec
from dotenv import dotenv_values
from msgspec import Meta, Struct, field
from typing_extensions import override

from sightline.domain.errors import BadData, SettingsInvalid
from sightline.domain.promql.parse import DEFAULT_LIMITS as QUERY_TEXT
from sightline.domain.timerange import format_duration, parse_duration

FILE: Final = "sightline.toml"
PREFIX: Final = "SIGHTLINE_"

_ALIASES: Final = {
    "PORT": "listen",
    "CPU_THRESHOLD": "alerts.cpu_threshold",
    "MEMORY_THRESHOLD": "alerts.memory_threshold",
}
"""Names without the prefix that other products use, and the keys they set; a prefixed name wins over them."""
_NOT_SETTINGS: Final = frozenset(
    {"SIGHTLINE_CONFIG", "SIGHTLINE_URL", "SIGHTLINE_TENANT", "SIGHTLINE_JIT", "SIGHTLINE_TEST_DATA"}
)
"""Names with our prefix that are read elsewhere: by the command line, the kernels and the tests."""


class Duration(int):
    """Milliseconds, written as `30s`, `5m`, `1h30m` or `15d`."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form."""
        return cls(parse_duration(text))

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self / 1000

    @override
    def __str__(self) -> str:
        """The text form."""
        return format_duration(self)


_SIZE_UNITS: Final = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "GB": 10**9, "MB": 10**6, "kB": 10**3, "B": 1}


class Size(int):
    """Bytes, written as `512MiB`, `1GiB`, `10MB` or a plain number."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form."""
        number, scale = text.strip(), 1
        for unit, factor in _SIZE_UNITS.items():
            if number.endswith(unit):
                number, scale = number.removesuffix(unit).strip(), factor
                break
        if not number.isdecimal():
            message = f"{text!r} is not a size: write for example 512MiB or 1GiB"
            raise BadData(message)
        return cls(int(number) * scale)

    @override
    def __str__(self) -> str:
        """The text form, in the largest binary unit that divides it."""
        for unit in ("GiB", "MiB", "KiB"):
            if self and self % _SIZE_UNITS[unit] == 0:
                return f"{self // _SIZE_UNITS[unit]}{unit}"
        return f"{int(self)}B"


class Fsync(str):
    """When the write-ahead log is made durable: a duration after a write, or `always` before its acknowledgement."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check the text form."""
        if text != "always":
            parse_duration(text)
        return cls(text)

    @property
    def interval(self) -> float | Literal["always"]:
        """Seconds, or "always"."""
        return "always" if self == "always" else parse_duration(self) / 1000


_TEXT_TYPES: Final = (Duration, Size, Fsync)


class Wal(Struct, frozen=True, forbid_unknown_fields=True):
    """The write-ahead log."""

    fsync: Annotated[
        Fsync,
        Meta(
            description="How long after a write the log is made durable against loss of power; `always`: before each acknowledgement."
        ),
    ] = Fsync("1s")
    segment_bytes: Annotated[Size, Meta(description="Size at which a log segment is closed and the next begun.")] = (
        Size(64 << 20)
    )
    max_bytes: Annotated[
        Size,
        Meta(
            description="Bound of the whole log; beyond it samples are refused with 429 until the store has caught up."
        ),
    ] = Size(1 << 30)


class Flush(Struct, frozen=True, forbid_unknown_fields=True):
    """From the log to the store."""

    rows: Annotated[int, Meta(ge=1000, le=500_000, description="Samples after which a range goes to the store.")] = (
        500_000
    )
    bytes: Annotated[Size, Meta(description="Bytes after which a range goes to the store.")] = Size(64 << 20)
    age: Annotated[Duration, Meta(description="Time after which a range goes to the store.")] = Duration(30_000)


class Intake(Struct, frozen=True, forbid_unknown_fields=True):
    """What is taken in."""

    ahead: Annotated[Duration, Meta(description="How far a sample may lie in the future.")] = Duration(600_000)
    unflushed_samples: Annotated[
        int,
        Meta(
            ge=1,
            description="Acknowledged samples that may wait for the store, in memory and log; beyond it samples are refused with 429.",
        ),
    ] = 10_000_000
    request_samples: Annotated[int, Meta(ge=1, description="Samples, or series, that one request may bring.")] = (
        1_000_000
    )
    labels: Annotated[int, Meta(ge=1, description="Labels a series may have.")] = 128
    label_name_bytes: Annotated[int, Meta(ge=1, description="Bytes of a label name.")] = 1024
    label_value_bytes: Annotated[int, Meta(ge=1, description="Bytes of a label value.")] = 8192


class Disk(Struct, frozen=True, forbid_unknown_fields=True):
    """Room on the disk."""

    min_free: Annotated[
        Size,
        Meta(
            description="Room that is kept free on the disk: below it samples are refused with 503. 0 turns the watermark off."
        ),
    ] = Size(512 << 20)


class Query(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of queries."""

    lookback: Annotated[
        Duration, Meta(description="How old the newest sample of a series may be to count as its present value.")
    ] = Duration(300_000)
    max_points: Annotated[int, Meta(ge=1, description="Points a series may have in a range query.")] = 11_000
    max_samples: Annotated[int, Meta(ge=1, description="Samples one query may load.")] = 50_000_000
    timeout: Annotated[Duration, Meta(description="How long a query may run.")] = Duration(120_000)
    concurrency: Annotated[int, Meta(ge=1, description="Queries that run at once; further ones wait.")] = 20
    queue: Annotated[int, Meta(ge=0, description="Queries that may wait for their turn; further ones are refused.")] = (
        200
    )
    max_length: Annotated[int, Meta(ge=1, description="Characters of a query.")] = QUERY_TEXT.length
    max_depth: Annotated[int, Meta(ge=1, description="Nesting of a query.")] = QUERY_TEXT.depth


class Search(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of questions about labels and series."""

    max_results: Annotated[
        int, Meta(ge=1, description="Series, label names or label values that one answer holds at most.")
    ] = 100_000


class Http(Struct, frozen=True, forbid_unknown_fields=True):
    """The HTTP door."""

    token_file: Annotated[
        Path | None,
        Meta(description="File with the token that clients must send; needed when listening beyond loopback."),
    ] = None
    insecure: Annotated[
        bool, Meta(description="Listen beyond loopback without a token, in a network that is trusted entirely.")
    ] = False
    allowed_hosts: Annotated[
        tuple[str, ...], Meta(description="Further host names under which the program is reached, as behind a proxy.")
    ] = ()
    allowed_origins: Annotated[
        tuple[str, ...], Meta(description="Web origins besides our own whose pages may call the API.")
    ] = ()
    max_body_bytes: Annotated[Size, Meta(description="Largest request body as sent.")] = Size(32 << 20)
    max_decompressed_bytes: Annotated[Size, Meta(description="Largest request body once decompressed.")] = Size(
        64 << 20
    )
    max_form_bytes: Annotated[Size, Meta(description="Largest form of a query, as sent and once decompressed.")] = Size(
        4 << 20
    )
    max_inflight_bytes: Annotated[
        Size, Meta(description="Bodies that may be read and decoded at once; beyond it 429.")
    ] = Size(256 << 20)
    max_websockets: Annotated[int, Meta(ge=1, description="Live connections at once.")] = 1000
    read_timeout: Annotated[Duration, Meta(description="How long a client may take to send a request body.")] = (
        Duration(30_000)
    )


class Host(Struct, frozen=True, forbid_unknown_fields=True):
    """The machine that Sightline runs on."""

    enabled: Annotated[bool, Meta(description="Whether this machine is observed.")] = True
    interval: Annotated[Duration, Meta(description="How often this machine is observed.")] = Duration(5_000)
    instance: Annotated[str, Meta(description="The `instance` label of this machine; empty: its host name.")] = ""


class Own(Struct, frozen=True, forbid_unknown_fields=True):
    """Sightline's own metrics."""

    interval: Annotated[Duration, Meta(description="How often Sightline's own metrics are stored.")] = Duration(15_000)


class Alerts(Struct, frozen=True, forbid_unknown_fields=True):
    """The built-in alerts."""

    cpu_threshold: Annotated[
        float, Meta(gt=0, le=100, description="Percentage of CPU above which a machine's alert is critical.")
    ] = 90.0
    memory_threshold: Annotated[
        float, Meta(gt=0, le=100, description="Percentage of memory above which a machine's alert is raised.")
    ] = 85.0
    interval: Annotated[Duration, Meta(description="How often alert rules are evaluated.")] = Duration(5_000)
    cooldown: Annotated[Duration, Meta(description="After a notice about an alert, how long it is not told again.")] = (
        Duration(300_000)
    )


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    """The program's own log."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Least level that is written.")] = (
        "info"
    )
    format: Annotated[
        Literal["auto", "console", "json"], Meta(description="`auto`: readable on a terminal, JSON otherwise.")
    ] = "auto"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings, read once at start."""

    data: Annotated[Path, Meta(description="Folder that holds all data.")] = Path("sightline-data")
    listen: Annotated[str, Meta(description="Address and port of the HTTP door; port 0 takes a free one.")] = (
        "127.0.0.1:8080"
    )
    retention: Annotated[Duration, Meta(description="How long samples are kept.")] = Duration(15 * 86_400_000)
    wal: Wal = field(default_factory=Wal)
    flush: Flush = field(default_factory=Flush)
    intake: Intake = field(default_factory=Intake)
    disk: Disk = field(default_factory=Disk)
    query: Query = field(default_factory=Query)
    search: Search = field(default_factory=Search)
    http: Http = field(default_factory=Http)
    host: Host = field(default_factory=Host)
    own: Own = field(default_factory=Own)
    alerts: Alerts = field(default_factory=Alerts)
    log: Log = field(default_factory=Log)


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its dotted key, type, default as text, and description."""

    name: str
    type: Any
    default: str
    description: str

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper().replace(".", "_")


def keys() -> Iterator[Key]:
    """Every setting, in the order of the classes."""
    yield from _keys(Settings(), "")


def _keys(struct: Struct, prefix: str) -> Iterator[Key]:
    hints = get_type_hints(type(struct), include_extras=True)
    for name in struct.__struct_fields__:
        value, hint = getattr(struct, name), hints[name]
        if isinstance(value, Struct):
            yield from _keys(value, f"{prefix}{name}.")
            continue
        type_, meta = get_args(hint)[0], get_args(hint)[1]
        yield Key(prefix + name, type_, _text(value), meta.description or "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def load(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Settings:
    """Read the settings.

    flags: dotted keys to values, those that were given. folder: where `.env` and sightline.toml are looked for unless
    `--config` (the flag `config`) or SIGHTLINE_CONFIG names a file.

    Raises:
        SettingsInvalid: an unknown key, a value that does not fit, or a file that cannot be read.
    """
    folder = folder or Path.cwd()
    given = dict(flags or {})
    dotenv = {k: v for k, v in dotenv_values(folder / ".env").items() if v is not None}
    named = given.pop("config", None) or environment.get("SIGHTLINE_CONFIG") or dotenv.get("SIGHTLINE_CONFIG")
    layers = [
        _from_file(Path(named) if named else folder / FILE, required=bool(named)),
        _from_environment(dotenv, str(folder / ".env")),
        _from_environment(environment, "the environment"),
        _Layer("the command line", given),
    ]
    known = {key.name: key for key in keys()}
    values: dict[str, tuple[Any, str]] = {}
    for layer in layers:
        for name, value in layer.values.items():
            if name not in known:
                raise SettingsInvalid(f"{layer.source}: {name} is not a setting{_nearest(name, known)}", key=name)
            values[name] = (value, layer.source)
    tree: dict[str, Any] = {}
    for name, (value, source) in values.items():
        table, _, leaf = name.rpartition(".")
        (tree.setdefault(table, {}) if table else tree)[leaf] = _converted(known[name], value, source)
    return msgspec.convert(tree, Settings, dec_hook=_keep)


@dataclass(frozen=True, slots=True)
class _Layer:
    """Values by dotted key, and where they come from."""

    source: str
    values: Mapping[str, Any]


def _from_file(path: Path, *, required: bool) -> _Layer:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise SettingsInvalid(f"{path}: no such settings file") from None
        return _Layer(str(path), {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"{path}: {error}") from None
    flat = {}
    for name, value in tree.items():
        flat.update(
            {f"{name}.{leaf}": one for leaf, one in value.items()} if isinstance(value, dict) else {name: value}
        )
    return _Layer(str(path), flat)


def _from_environment(environment: Mapping[str, str], source: str) -> _Layer:
    variables = {key.variable: key.name for key in keys()}
    values: dict[str, Any] = {}
    for alias, name in _ALIASES.items():
        if environment.get(alias):
            values[name] = f"127.0.0.1:{environment[alias]}" if alias == "PORT" else environment[alias]
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS:
            continue
        if variable not in variables:
            nearest = _nearest(variable, variables)
            raise SettingsInvalid(f"{source}: {variable} is not a setting{nearest}", key=variable)
        if value != "":
            values[variables[variable]] = value
    return _Layer(source, values)


def _nearest(name: str, valid: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, valid, n=1, cutoff=0.4)
    return f"; did you mean {close[0]}?" if close else f"; valid are {', '.join(sorted(valid))}"


def _converted(key: Key, value: Any, source: str) -> Any:
    """The value in the setting's type; texts are read, as the environment knows nothing else."""
    wanted = key.type
    try:
        if wanted in _TEXT_TYPES:
            return wanted.parse(str(value))
        if get_origin(wanted) is tuple and isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if wanted in (Path, Path | None):
            return Path(value).expanduser()
        return msgspec.convert(value, _annotated(key.name), strict=False)
    except (BadData, msgspec.ValidationError, TypeError, ValueError) as error:
        message = f"{source}: {key.name} = {value!r} does not fit: {str(error).removeprefix('Error: ')}"
        raise SettingsInvalid(message, key=key.name) from None


def _annotated(name: str) -> Any:
    """The annotated type of a setting, bounds included."""
    struct: Any = Settings
    *tables, leaf = name.split(".")
    for table in tables:
        struct = get_type_hints(struct)[table]
    return get_type_hints(struct, include_extras=True)[leaf]


def _keep(wanted: type, value: Any) -> Any:
    """Values were converted one by one before, where errors can name their key."""
    if isinstance(value, wanted):
        return value
    raise NotImplementedError
