"""Bounds, as the settings have them."""

from typing import Final

from sightline import __version__
from sightline.adapters.inbound.http.access import read_token
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.outbound.clickhouse.embedded import EngineLimits
from sightline.application.flush import FlushPolicy
from sightline.application.ingest import IngestLimits
from sightline.application.query import QueryLimits
from sightline.domain.labels import LabelLimits
from sightline.domain.promql.parse import TextLimits
from sightline.settings.schema import Settings

# Of appends to the log: a report of one sample costs a fifth when five go out together, and none waits longer than this for it.
_PACE: Final = 0.0008


def door_settings(settings: Settings, host: str) -> DoorSettings:
    """What the HTTP door is told; its host is where it listens."""
    http = settings.http
    return DoorSettings(
        host=host,
        token=None if http.token_file is None else read_token(http.token_file),
        allowed_hosts=http.allowed_hosts,
        allowed_origins=http.allowed_origins,
        max_body_bytes=http.max_body_bytes,
        max_decompressed_bytes=http.max_decompressed_bytes,
        max_request_samples=settings.intake.request_samples,
        max_form_bytes=http.max_form_bytes,
        admin=http.admin,
        max_read_queries=settings.read.max_queries,
        max_request_alerts=settings.alerts.request_alerts,
        max_alert_bytes=int(settings.alerts.max_alert_bytes),
        webhook_timeout=int(settings.alerts.webhook_timeout),
        max_ping_bytes=int(settings.pings.max_body_bytes),
        kept_ping_bytes=int(settings.pings.kept_body_bytes),
        max_inflight_bytes=http.max_inflight_bytes,
        read_timeout=http.read_timeout.seconds,
        max_websockets=http.max_websockets,
        lifecycle=http.lifecycle,
        external_url=http.external_url,
        trace_link=settings.traces.link,
        version=__version__,
    )


def engine_limits(settings: Settings) -> EngineLimits:
    """Of one query in the store."""
    return EngineLimits(query_memory=int(settings.query.memory), query_seconds=settings.query.timeout.seconds)


def label_limits(settings: Settings) -> LabelLimits:
    """Of the labels of a series."""
    intake = settings.intake
    return LabelLimits(intake.labels, intake.label_name_bytes, intake.label_value_bytes)


def text_limits(settings: Settings) -> TextLimits:
    """Of the text of a query."""
    return TextLimits(settings.query.max_length, settings.query.max_depth)


def ingest_limits(settings: Settings) -> IngestLimits:
    """Of what intake takes."""
    intake = settings.intake
    return IngestLimits(
        labels=label_limits(settings),
        retention=settings.retention,
        ahead=intake.ahead,
        unflushed_samples=intake.unflushed_samples,
        pace=_PACE,
    )


def flush_policy(settings: Settings) -> FlushPolicy:
    """When the tail goes to the store."""
    return FlushPolicy(settings.flush.rows, settings.flush.bytes, settings.flush.age.seconds)


def query_limits(settings: Settings) -> QueryLimits:
    """Of a query."""
    query = settings.query
    return QueryLimits(
        max_points=query.max_points,
        max_samples=query.max_samples,
        timeout=query.timeout.seconds,
        concurrency=query.concurrency,
        queue=query.queue,
        lookback=query.lookback,
        max_length=query.max_length,
        max_depth=query.max_depth,
        memory=int(query.memory),
    )
