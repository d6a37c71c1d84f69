"""The `[[scrape]]` tables of sightline.toml: what may stand in them, and what is said when something is wrong.

Fields carry the names of Prometheus' configuration. A message names the file, the job and the field, never a value that is secret.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from sightline.domain.errors import BadData, SettingsInvalid
from sightline.domain.scrape.job import (
    PORTS,
    PROTOBUF,
    PROTOCOLS,
    BasicAuth,
    RelabelRule,
    ScrapeJob,
    TargetGroup,
    Tls,
    complete_address,
)
from sightline.domain.scrape.relabel import Relabelling
from sightline.settings.quantities import Duration, Size

TARGET_FILES: Final = (".json", ".yml", ".yaml")
"""How the name of a target file ends."""

_DEFAULT: Final = ScrapeJob("")
_FLAT: Final = ("targets", "labels")
"""The one group of a job that needs no `[[scrape.static]]`."""
_TABLES: Final[Mapping[str, type[Struct]]] = {
    "basic_auth": BasicAuth,
    "tls": Tls,
    "static": TargetGroup,
    "relabel": RelabelRule,
    "metric_relabel": RelabelRule,
}
_ELSEWHERE: Final[Mapping[str, str]] = {
    "job_name": "job",
    "scrape_interval": "interval",
    "scrape_timeout": "timeout",
    "static_configs": "static",
    "file_sd_configs": "files",
    "relabel_configs": "relabel",
    "metric_relabel_configs": "metric_relabel",
    "tls_config": "tls",
    "authorization": "bearer_token",
    "bearer_token_path": "bearer_token_file",
}
"""Names that Prometheus' configuration has for fields of ours."""
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STATIC: Final = re.compile(r"static\[(\d+)\]")
_TYPE: Final = re.compile(r"`(\w+)`")
_KINDS: Final[Mapping[str, str]] = {
    "array": "a list in [ ]",
    "str": 'a text in " "',
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "a table in { }",
    "null": "nothing",
}
"""What our types are to those who write the file."""
_LISTS: Final = ("static", "relabel", "metric_relabel")
_PATHS: Final = {"basic_auth": ("password_file",), "tls": ("ca_file", "cert_file", "key_file")}


def scrape_jobs(tables: Any, file: Path, first: int = 1) -> tuple[ScrapeJob, ...]:
    """The jobs that the tables of a settings file describe; paths in them are relative to the file's folder.

    first: which of the file's tables the first one is, for messages about a job without a name.

    Raises:
        SettingsInvalid: the first mistake.
    """
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingsInvalid(f"{file}: scrape is a list of tables: write [[scrape]]", key="scrape")
    jobs = tuple(_job(table, number, file) for number, table in enumerate(tables, first))
    seen: dict[str, int] = {}
    for number, job in enumerate(jobs, 1):
        if job.job in seen:
            raise _invalid(f"{file}: scrape job {job.job}", "job", f"[[scrape]] {seen[job.job]} has the same name")
        seen[job.job] = number
    return jobs


def _job(table: Mapping[str, Any], number: int, file: Path) -> ScrapeJob:
    name = table.get("job")
    where = f"{file}: scrape job {name}" if isinstance(name, str) and name else f"{file}: [[scrape]] {number}"
    _check_names(table, (*ScrapeJob.__struct_fields__, *_FLAT), where, "")
    for field in _LISTS:
        if isinstance(table.get(field), dict):
            raise _invalid(where, field, f"it is a list of tables: write [[scrape.{field}]]")
    for field, struct in _TABLES.items():
        for path, one in _tables(field, table.get(field)):
            _check_names(one, struct.__struct_fields__, where, f"{path}.")
    if not isinstance(name, str) or not name:
        raise _invalid(where, "job", "every job needs a name, and it is a text")
    try:
        job = msgspec.convert(_tree(table, where, file.absolute().parent), ScrapeJob)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$.")
        raise _invalid(where, _as_written(path.rstrip("`"), table), _in_words(what)) from None
    for check in _CHECKS:
        check(job, where)
    return job


def _as_written(path: str, table: Mapping[str, Any]) -> str:
    """Where a field of the converted tree stands in the table; groups without `[[scrape.static]]` are the tree's first."""
    place = _STATIC.match(path) if any(name in table for name in _FLAT) else None
    if place is None:
        return path or "job"
    number = int(place[1])
    return f"static[{number - 1}]{path[place.end() :]}" if number else path[place.end() :].removeprefix(".")


def _in_words(problem: str) -> str:
    """What was expected, in the words of TOML."""
    return _TYPE.sub(lambda found: _KINDS.get(found[1], found[0]), problem[:1].lower() + problem[1:])


def _tables(field: str, value: Any) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The tables that a field holds, and where each stands."""
    if isinstance(value, dict):
        yield field, value
    elif isinstance(value, list):
        yield from ((f"{field}[{index}]", one) for index, one in enumerate(value) if isinstance(one, dict))


def _check_names(table: Mapping[str, Any], valid: Iterable[str], where: str, path: str) -> None:
    names = sorted(valid)
    for name in table:
        if name not in names:
            meant = _ELSEWHERE.get(name) or next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.4)), "")
            hint = f"did you mean {path}{meant}?" if meant in names else f"valid are {', '.join(names)}"
            raise _invalid(where, f"{path}{name}", f"there is no such field; {hint}")


def _tree(table: Mapping[str, Any], where: str, folder: Path) -> dict[str, Any]:
    """The table in the shape of a ScrapeJob."""
    tree = dict(table)
    interval = tree["interval"] = _read(table, "interval", Duration.parse, where)
    if "timeout" in table:
        tree["timeout"] = _read(table, "timeout", Duration.parse, where)
    else:
        tree["timeout"] = min(_DEFAULT.timeout, interval)
    tree["body_size_limit"] = _read(table, "body_size_limit", Size.parse, where)
    flat = {name: tree.pop(name) for name in _FLAT if name in table}
    if flat and "targets" not in flat:
        raise _invalid(
            where, "labels", "they belong to targets, of which there are none here; each [[scrape.static]] has its own"
        )
    if flat and isinstance(tree.get("static", []), list):
        tree["static"] = [flat, *tree.get("static", [])]
    if isinstance(tree.get("params"), dict):
        tree["params"] = {name: [one] if isinstance(one, str) else one for name, one in tree["params"].items()}
    _resolve(tree, folder)
    return tree


def _read(table: Mapping[str, Any], field: str, parse: Callable[[str], int], where: str) -> int:
    """A duration in ms or a size in bytes, from its text."""
    if field not in table:
        return int(getattr(_DEFAULT, field))
    value = table[field]
    if not isinstance(value, str) and not (parse == Size.parse and type(value) is int):
        raise _invalid(
            where, field, f"expected a text such as {'64MiB' if parse == Size.parse else '15s'}, got {value!r}"
        )
    try:
        return int(parse(str(value)))
    except BadData as error:
        raise _invalid(where, field, error.message) from None


def _resolve(tree: dict[str, Any], folder: Path) -> None:
    """Make every path absolute."""

    def resolved(value: Any) -> Any:
        return str(folder / Path(value).expanduser()) if isinstance(value, str) and value else value

    if isinstance(tree.get("files"), list):
        tree["files"] = [resolved(one) for one in tree["files"]]
    if "bearer_token_file" in tree:
        tree["bearer_token_file"] = resolved(tree["bearer_token_file"])
    for field, names in _PATHS.items():
        if isinstance(tree.get(field), dict):
            tree[field] = {name: resolved(one) if name in names else one for name, one in tree[field].items()}


def _check_times(job: ScrapeJob, where: str) -> None:
    if job.interval <= 0:
        raise _invalid(where, "interval", "it must be longer than nothing")
    if not 0 < job.timeout <= job.interval:
        raise _invalid(
            where,
            "timeout",
            f"{Duration(job.timeout)} must be more than nothing and at most the interval, {Duration(job.interval)}",
        )


def _check_limits(job: ScrapeJob, where: str) -> None:
    for field in ("sample_limit", "label_limit"):
        if getattr(job, field) < 0:
            raise _invalid(where, field, "it counts, and 0 is no limit")


def _check_protocols(job: ScrapeJob, where: str) -> None:
    for name in job.scrape_protocols:
        if name not in PROTOCOLS:
            raise _invalid(where, "scrape_protocols", f"{name!r} is none of {', '.join(PROTOCOLS)}")
    if job.scrape_protocols and job.scrape_native_histograms and PROTOBUF not in job.scrape_protocols:
        raise _invalid(where, "scrape_native_histograms", f"only {PROTOBUF} tells of them: name it in scrape_protocols")


def _check_address(job: ScrapeJob, where: str) -> None:
    if job.scheme not in PORTS:
        raise _invalid(where, "scheme", f"expected {' or '.join(PORTS)}, got {job.scheme!r}")
    if not job.metrics_path.startswith("/"):
        raise _invalid(where, "metrics_path", f"{job.metrics_path!r} must begin with /")
    for group in job.static:
        if "" in group.labels:
            raise _invalid(where, "labels", "a label name is empty")
        for target in group.targets:
            _check_target(job, target, where)


def _check_target(job: ScrapeJob, target: str, where: str) -> None:
    """Refuse what is no address, unless relabelling may make one of it, as for probes of URLs."""
    if job.relabel and target:
        return
    try:
        complete_address(target, job.scheme)
    except BadData as error:
        raise _invalid(where, "targets", error.message) from None


def _check_targets(job: ScrapeJob, where: str) -> None:
    if not job.static and not job.files:
        raise _invalid(where, "targets", "the job has none: give targets, [[scrape.static]] or files")
    for pattern in job.files:
        if not pattern.endswith(TARGET_FILES):
            raise _invalid(where, "files", f"{pattern} must end in {', '.join(TARGET_FILES)}")


def _check_credentials(job: ScrapeJob, where: str) -> None:
    basic = job.basic_auth
    if basic is not None and basic.password and basic.password_file:
        raise _invalid(where, "basic_auth", "give password or password_file, not both")
    if job.bearer_token and job.bearer_token_file:
        raise _invalid(where, "bearer_token", "give bearer_token or bearer_token_file, not both")
    if basic is not None and (job.bearer_token or job.bearer_token_file):
        raise _invalid(where, "basic_auth", "give basic_auth or a bearer token, not both")
    if bool(job.tls.cert_file) != bool(job.tls.key_file):
        raise _invalid(where, "tls", "cert_file and key_file belong together")


def _check_headers(job: ScrapeJob, where: str) -> None:
    for name, value in job.headers.items():
        if not _HEADER.fullmatch(name):
            raise _invalid(where, "headers", f"{name!r} is not the name of a header")
        if name.lower() == "authorization":
            raise _invalid(where, "headers", "write basic_auth, bearer_token or bearer_token_file for Authorization")
        if not value.isprintable():
            raise _invalid(where, "headers", f"the value of {name} holds characters that a header cannot")


def _check_relabelling(job: ScrapeJob, where: str) -> None:
    Relabelling(job.relabel, f"{where}: relabel")
    Relabelling(job.metric_relabel, f"{where}: metric_relabel")


_CHECKS: Final = (
    _check_times,
    _check_limits,
    _check_protocols,
    _check_address,
    _check_targets,
    _check_credentials,
    _check_headers,
    _check_relabelling,
)


def _invalid(where: str, field: str, problem: str) -> SettingsInvalid:
    return SettingsInvalid(f"{where}: {field}: {problem}", key="scrape")
