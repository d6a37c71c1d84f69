"""What is wrong with settings that fit one by one and would still not start."""

from collections.abc import Callable
from functools import partial

from sightline.adapters.inbound.http.access import check_listener
from sightline.compose.alerting import read_plan
from sightline.compose.intervals import INTERVALS, require_interval
from sightline.compose.limits import door_settings
from sightline.compose.lines import dotted_names, histogram_buckets
from sightline.compose.listening import (
    OTLP_GRPC,
    OTLP_HTTP,
    address_of,
    line_listeners,
    native_address,
    otlp_address,
)
from sightline.compose.pages import subscriber_mail, subscriber_post
from sightline.compose.parts import host_thresholds, watched_containers
from sightline.compose.radar import radar_limits
from sightline.compose.references import references_of
from sightline.compose.reports import report_mail
from sightline.compose.rules import require_rules, rule_files
from sightline.compose.webhooks import read_webhooks
from sightline.domain.errors import SettingsInvalid
from sightline.settings.schema import Settings


def check(settings: Settings) -> list[SettingsInvalid]:
    """Everything that `start` would refuse; opens nothing."""
    given = (("graphite.mappings", settings.graphite.mappings), ("statsd.mappings", settings.statsd.mappings))
    checks: list[Callable[[], object]] = [
        *(partial(require_interval, settings, key) for key in INTERVALS),
        partial(_door, settings),
        partial(native_address, settings),
        partial(otlp_address, settings, OTLP_HTTP, settings.otlp.http_listen),
        partial(otlp_address, settings, OTLP_GRPC, settings.otlp.grpc_listen),
        *(listener.address for listener in line_listeners(settings)),
        *(partial(dotted_names, (one,), setting) for setting, mappings in given for one in mappings),
        partial(histogram_buckets, settings),
        partial(read_plan, settings),
        partial(read_webhooks, settings),
        partial(report_mail, settings),
        partial(subscriber_mail, settings),
        partial(subscriber_post, settings),
        partial(references_of, settings),
        partial(watched_containers, settings),
        partial(host_thresholds, settings),
        partial(radar_limits, settings),
        lambda: require_rules(rule_files(settings).read_now()),
    ]
    problems = []
    for one in checks:
        try:
            one()
        except SettingsInvalid as problem:
            problems.append(problem)
    return problems


def _door(settings: Settings) -> None:
    host, _ = address_of(settings.listen)
    check_listener(host, settings.http.token_file, insecure=settings.http.insecure)
    door_settings(settings, host)
