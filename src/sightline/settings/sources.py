"""Where settings come from, and what wins over what."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_origin, get_type_hints

import msgspec
from dotenv import dotenv_values

from sightline.domain.errors import BadData, SettingsInvalid
from sightline.domain.scrape.job import ScrapeJob
from sightline.settings.quantities import Duration, Fsync, Size
from sightline.settings.schema import PREFIX, Key, Settings, attribute, keys
from sightline.settings.scrape import scrape_jobs

FILE: Final = "sightline.toml"

_ALIASES: Final = {
    "PORT": "listen",
    "CPU_THRESHOLD": "alerts.cpu_threshold",
    "MEMORY_THRESHOLD": "alerts.memory_threshold",
    "DOCKER_HOST": "containers.host",
    "DOCKER_CERT_PATH": "containers.tls_folder",
    "SLACK_WEBHOOK_URL": "slack.webhook_url",
    "DISCORD_WEBHOOK_URL": "discord.webhook_url",
    "SMTP_HOST": "smtp.host",
    "SMTP_PORT": "smtp.port",
}
"""Names without the prefix that other products use, and the keys they set; a prefixed name wins over them."""
_NOT_SETTINGS: Final = frozenset(f"SIGHTLINE_{name}" for name in ("CONFIG", "URL", "TENANT", "JIT", "LOCATION", "KEY"))
"""Names with our prefix that are read elsewhere: by the command line and the kernels."""
_TESTS: Final = "SIGHTLINE_TEST_"
"""What the names begin with that only tests read."""
_PATHS: Final = ("dashboards.files", "rules.files")
_TEXT_TYPES: Final = (Duration, Size, Fsync)


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
    found = review(flags, environment, folder)
    if found.problems:
        raise found.problems[0]
    return found.settings


@dataclass(frozen=True, slots=True)
class Review:
    """The settings without those that cannot be used, and what is wrong with these. file: where the file is, or would be."""

    settings: Settings
    problems: tuple[SettingsInvalid, ...]
    file: Path

    def shown(self) -> dict[str, Any]:
        """All settings by key, as plain values that people would write. Secrets are in it."""
        plain: dict[str, Any] = {key.name: key.default for key in keys(self.settings)}
        return {**plain, "scrape": msgspec.to_builtins(self.settings.scrape)}


def review(
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Review:
    """Read the settings as `load` does, and find everything that is wrong with them, from weakest to strongest place."""
    folder = folder or Path.cwd()
    given = dict(flags or {})
    problems: list[SettingsInvalid] = []
    dotenv = {k: v for k, v in dotenv_values(folder / ".env").items() if v is not None}
    named = given.pop("config", None) or environment.get("SIGHTLINE_CONFIG") or dotenv.get("SIGHTLINE_CONFIG")
    file = Path(named) if named else folder / FILE
    layers = [
        _from_file(file, problems, required=bool(named)),
        _from_environment(dotenv, str(folder / ".env"), problems),
        _from_environment(environment, "the environment", problems),
        _Layer("the command line", given),
    ]
    known = {key.name: key for key in keys()}
    values: dict[str, tuple[Any, str]] = {}
    for layer in layers:
        for name, value in layer.values.items():
            if name in known:
                values[name] = (value, layer.source)
            else:
                message = f"{layer.source}: {name} is not a setting{_nearest(name, known)}"
                problems.append(SettingsInvalid(message, key=name))
    tree: dict[str, Any] = {}
    for name, (value, source) in values.items():
        table, _, leaf = name.rpartition(".")
        try:
            converted = _converted(known[name], value, source)
        except SettingsInvalid as problem:
            problems.append(problem)
        else:
            (tree.setdefault(table, {}) if table else tree)[leaf] = converted
    settings = msgspec.structs.replace(msgspec.convert(tree, Settings, dec_hook=_keep), scrape=layers[0].scrape)
    return Review(settings, tuple(problems), file)


@dataclass(frozen=True, slots=True)
class _Layer:
    """Values by dotted key, and where they come from; the lists of tables, which only the file has, apart."""

    source: str
    values: Mapping[str, Any]
    scrape: tuple[ScrapeJob, ...] = ()


def _from_file(path: Path, problems: list[SettingsInvalid], *, required: bool) -> _Layer:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            problems.append(SettingsInvalid(f"{path}: no such settings file"))
        return _Layer(str(path), {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(SettingsInvalid(f"{path}: {error}"))
        return _Layer(str(path), {})
    scrape = _jobs(tree.pop("scrape", []), path, problems)
    flat = {}
    for name, value in tree.items():
        flat.update(
            {f"{name}.{leaf}": one for leaf, one in value.items()} if isinstance(value, dict) else {name: value}
        )
    for key in _PATHS:
        files = flat.get(key)
        if isinstance(files, list) and all(isinstance(one, str) for one in files):
            # As the paths of scrape jobs: what stands beside the settings file is found from every folder.
            flat[key] = [str(path.absolute().parent / one) for one in files]
    return _Layer(str(path), flat, scrape)


def _jobs(tables: Any, path: Path, problems: list[SettingsInvalid]) -> tuple[ScrapeJob, ...]:
    """The jobs, all or none; what is wrong with each, or else with all together, such as a name that comes twice."""
    found: list[SettingsInvalid] = []
    for number, table in enumerate(tables, 1) if isinstance(tables, list) else ():
        try:
            scrape_jobs([table], path, number)
        except SettingsInvalid as problem:
            found.append(problem)
    try:
        return scrape_jobs(tables, path)
    except SettingsInvalid as problem:
        problems += found or [problem]
    return ()


def _from_environment(environment: Mapping[str, str], source: str, problems: list[SettingsInvalid]) -> _Layer:
    variables = {key.variable: key.name for key in keys()}
    values: dict[str, Any] = {}
    for alias, name in _ALIASES.items():
        # What Kubernetes and Docker tell of a service that is called smtp is no port.
        if environment.get(alias) and not (alias == "SMTP_PORT" and "://" in environment[alias]):
            values[name] = f"127.0.0.1:{environment[alias]}" if alias == "PORT" else environment[alias]
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable.startswith(_TESTS) or variable in _NOT_SETTINGS:
            continue
        if variable not in variables:
            nearest = _nearest(variable, variables)
            problems.append(SettingsInvalid(f"{source}: {variable} is not a setting{nearest}", key=variable))
        elif value != "":
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
            value = tuple(part.strip() for part in value.split(",") if part.strip())
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
    return get_type_hints(struct, include_extras=True)[attribute(leaf)]


def _keep(wanted: type, value: Any) -> Any:
    """Values were converted one by one before, where errors can name their key."""
    if isinstance(value, wanted):
        return value
    raise NotImplementedError
