"""What a server reports, and the series that it becomes.

The metric name is `<metric_type>_<metric_name>`. A type holds no underscore, so the first one parts the two again.
"""

import re
from dataclasses import dataclass
from typing import Final

from sightline.domain.errors import InvalidField
from sightline.domain.labels import METRIC_NAME, Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.samples import Times, Values
from sightline.domain.servers.server import Server

SERVER_ID: Final = "server_id"
HOSTNAME: Final = "hostname"
"""The labels that a sample gets from its server; a metric cannot bring them itself."""

Metric = tuple[str, str, Labels]
"""metric_type, metric_name, and the metric's own labels."""

_TYPE: Final = "[a-zA-Z][a-zA-Z0-9]*"
_NAME: Final = "[a-zA-Z0-9_]+"
_TYPES: Final = re.compile(_TYPE)
_NAMES: Final = re.compile(_NAME)


@dataclass(frozen=True, slots=True, eq=False)
class ServerReport:
    """n samples that one server reports, in the order it sent them.

    server_id: a UUID in lower case with hyphens. metrics: what each sample measures, length n. times: int64 (n,), ms.
    values: float64 (n,).
    """

    server_id: str
    metrics: list[Metric]
    times: Times
    values: Values


@dataclass(frozen=True, slots=True)
class Reported:
    """Which reported series are meant; None leaves a condition out."""

    server_id: str | None = None
    metric_type: str | None = None
    metric_name: str | None = None


def series_of(server: Server, metric: Metric) -> Labels:
    """The series of a metric that a server reports.

    Raises:
        InvalidField: a type or name that cannot be part of a metric name, or a label that the server gives.
    """
    metric_type, metric_name, own = metric
    check_type(metric_type)
    check_name(metric_name)
    for name, _ in own:
        if name in {SERVER_ID, HOSTNAME}:
            raise InvalidField(f"labels: {name!r} comes from the server that reports: leave it out", field="labels")
        if name.startswith("__"):
            raise InvalidField(f"labels: {name[:40]!r}: names that begin with __ are reserved", field="labels")
    return Labels.of(
        own, **{METRIC_NAME: f"{metric_type}_{metric_name}", SERVER_ID: server.id, HOSTNAME: server.about.hostname}
    )


def metric_of(labels: Labels) -> Metric:
    """The metric that a reported series measures: what `series_of` was given."""
    metric_type, _, metric_name = labels.name.partition("_")
    return metric_type, metric_name, labels.drop((METRIC_NAME, SERVER_ID, HOSTNAME))


def selecting(wanted: Reported) -> Matchers:
    """The matchers that select the reported series that are meant, and no others.

    Raises:
        InvalidField: a type or name that no series can have.
    """
    if wanted.metric_type is not None:
        check_type(wanted.metric_type)
    if wanted.metric_name is not None:
        check_name(wanted.metric_name)
    server = (
        Matcher(SERVER_ID, MatchOp.NOT_EQUAL, "")
        if wanted.server_id is None
        else Matcher(SERVER_ID, MatchOp.EQUAL, wanted.server_id)
    )
    name = f"{wanted.metric_type or _TYPE}_{wanted.metric_name or _NAME}"
    exact = wanted.metric_type is not None and wanted.metric_name is not None
    named = Matcher(METRIC_NAME, MatchOp.EQUAL if exact else MatchOp.MATCHES, name)
    return named, server, Matcher(HOSTNAME, MatchOp.NOT_EQUAL, "")


def check_type(text: str) -> None:
    """Refuse what cannot be a metric_type.

    Raises:
        InvalidField: says which characters it may have.
    """
    if not _TYPES.fullmatch(text):
        hint = "; what follows an underscore belongs into metric_name" if "_" in text else ""
        message = f"metric_type: {text[:60]!r} is not a letter followed by letters and digits, as cpu{hint}"
        raise InvalidField(message, field="metric_type")


def check_name(text: str) -> None:
    """Refuse what cannot be a metric_name.

    Raises:
        InvalidField: says which characters it may have.
    """
    if not _NAMES.fullmatch(text):
        message = f"metric_name: {text[:60]!r} is not made of letters, digits and underscores, as usage_percent"
        raise InvalidField(message, field="metric_name")
