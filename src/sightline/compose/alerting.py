"""What takes alerts to those who are to be told of them."""

import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sightline.adapters.outbound.files.templates import TemplateFiles
from sightline.adapters.outbound.sql.notification_log import SqlNotificationLog
from sightline.adapters.wire.alertmanager_file import read_alertmanager
from sightline.adapters.wire.alertmanager_masked import plain_config, without_secrets
from sightline.application.deliver import Deliver
from sightline.application.dispatch import Dispatch
from sightline.application.explain import Explain
from sightline.application.gather import Gather
from sightline.application.hush import Hush
from sightline.application.ledger import Ledger
from sightline.application.silence import Silences
from sightline.compose.channels import make_channel, notifiers
from sightline.compose.core import Core
from sightline.domain.alerts.alertmanager import AlertmanagerConfig
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.pipeline.batch import Manners, WhenMuted
from sightline.domain.alerts.pipeline.plan import RESOLVE_TIMEOUT, Channel, Plan
from sightline.domain.alerts.receiver import sends_resolved
from sightline.domain.alerts.route import GROUP_BY_ALL, WrittenRoute, route_tree
from sightline.domain.errors import BadData, SettingsInvalid
from sightline.ports.notifier import Notifier
from sightline.settings.schema import Settings

DEFAULT_RECEIVER: Final = "default"
"""Who is told where no file says who."""


@dataclass(slots=True)
class Alerting:
    """What takes alerts to those who are to be told of them. problem: why the configuration was not read the last time."""

    dispatch: Dispatch
    explain: Explain
    deliver: Deliver
    settings: Settings
    problem: str = ""

    async def reload(self) -> None:
        """Read the configuration file again.

        Raises:
            SettingsInvalid: it cannot be used; the old one goes on.
        """
        try:
            plan, channels = read_plan(self.settings)
        except SettingsInvalid as error:
            self.problem = error.message
            raise
        self.problem = ""
        self.deliver.adopt(plan, channels)
        await self.dispatch.adopt(plan)


async def make_alerting(
    settings: Settings, core: Core, silences: Silences, hush: Hush, stack: AsyncExitStack
) -> Alerting:
    """The pipeline, whose jobs are still to be run.

    Raises:
        SettingsInvalid: the configuration file, or what settings say of channels, cannot be used.
    """
    plan, channels = read_plan(settings)
    ledger = Ledger(SqlNotificationLog(core.database))
    gather = Gather(plan, ledger)

    async def ready() -> None:
        await silences.load()
        await hush.load()

    dispatch = Dispatch(
        gather,
        ledger,
        lambda tenant: silences.silencing(tenant).ids,
        core.clock,
        core.telemetry,
        maintaining=hush.maintaining,
        ready=ready,
        external_url=settings.http.external_url,
        max_alerts=settings.alerts.max_outside,
    )
    deliver = Deliver(
        ledger,
        core.clock,
        core.telemetry,
        random.random,
        per_minute=settings.alerts.notices_per_minute,
        external_url=settings.http.external_url,
    )
    deliver.adopt(plan, channels)
    deliver.join(dispatch.settled)
    dispatch.join(deliver.is_busy, deliver.said)
    stack.push_async_callback(deliver.close)
    explain = Explain(
        gather, ledger, lambda tenant: silences.silencing(tenant).ids, core.clock, maintaining=hush.maintaining
    )
    return Alerting(dispatch, explain, deliver, settings)


def read_plan(settings: Settings) -> tuple[Plan, Mapping[str, Notifier]]:
    """Who is told of what, and the channels by their keys.

    Raises:
        SettingsInvalid: the file, or what settings say of channels, cannot be used.
    """
    plan, channels = _plain(settings) if settings.alerts.config_file is None else _from_file(settings)
    if settings.alerts.fallback not in {"", *plan.channels}:
        known = ", ".join(plan.channels)
        raise SettingsInvalid(
            f"alerts.fallback: there is no receiver {settings.alerts.fallback!r}, but {known}", key="alerts.fallback"
        )
    return replace(plan, fallback=settings.alerts.fallback), channels


def _plain(settings: Settings) -> tuple[Plan, Mapping[str, Notifier]]:
    """Everybody whom settings name is told of everything."""
    alerts = settings.alerts
    made = {one.name: one for one in notifiers(settings)}
    route = route_tree(
        WrittenRoute(
            DEFAULT_RECEIVER,
            (GROUP_BY_ALL,) if GROUP_BY_ALL in alerts.group_by else alerts.group_by,
            group_wait=int(alerts.group_wait),
            group_interval=int(alerts.group_interval),
            repeat_interval=int(alerts.repeat_interval),
        )
    )
    manners = _manners(settings, DEFAULT_RECEIVER, is_resolving=True)
    channels = tuple(Channel(name, DEFAULT_RECEIVER, name, manners) for name in made)
    return Plan(route, {DEFAULT_RECEIVER: channels}, text=plain_config(route, [DEFAULT_RECEIVER])), made


def written_plan(settings: Settings, text: bytes) -> Plan:
    """The plan of a configuration file of Alertmanager, with nobody at the far end of its channels.

    Raises:
        BadData: it cannot be used; with every problem.
    """
    read = read_alertmanager(text)
    if read.config is None:
        problems = "\n  ".join(read.problems)
        raise BadData(f"the configuration of Alertmanager cannot be used:\n  {problems}")
    return _plan(settings, read.config, text.decode())


def _from_file(settings: Settings) -> tuple[Plan, Mapping[str, Notifier]]:
    config, text = _config(settings)
    texts = _texts(settings, config)
    plan = _plan(settings, config, text)
    made = {
        channel.key: make_channel(delivery, texts, name=channel.key, settings=settings)
        for receiver in config.receivers.values()
        for channel, delivery in zip(plan.channels[receiver.name], receiver.deliveries, strict=True)
    }
    return plan, made


def _plan(settings: Settings, config: AlertmanagerConfig, text: str) -> Plan:
    channels: dict[str, tuple[Channel, ...]] = {}
    for receiver in config.receivers.values():
        its: list[Channel] = []
        for number, delivery in enumerate(receiver.deliveries):
            key = f"{receiver.name}/{delivery.integration}/{number}"
            manners = _manners(settings, receiver.name, is_resolving=sends_resolved(delivery))
            its.append(Channel(key, receiver.name, delivery.integration.value, manners))
        channels[receiver.name] = tuple(its)
    timeout = config.settings.get("resolve_timeout")
    return Plan(
        config.route,
        channels,
        config.inhibit_rules,
        config.time_intervals,
        timeout if isinstance(timeout, int) else RESOLVE_TIMEOUT,
        text=without_secrets(text, config),
    )


def _config(settings: Settings) -> tuple[AlertmanagerConfig, str]:
    file = settings.alerts.config_file
    assert file is not None  # noqa: S101 - who asks has looked
    try:
        text = file.read_bytes()
    except OSError as error:
        raise SettingsInvalid(f"alerts.config_file {file}: {error.strerror}", key="alerts.config_file") from None
    read = read_alertmanager(text)
    if read.config is None:
        problems = "\n  ".join(f"{file}:{problem}" for problem in read.problems)
        raise SettingsInvalid(f"alerts.config_file cannot be used:\n  {problems}", key="alerts.config_file")
    return read.config, text.decode()


def _texts(settings: Settings, config: AlertmanagerConfig) -> NoticeTexts:
    """What channels say, by the templates that the file names."""
    file = settings.alerts.config_file
    read = TemplateFiles(config.templates, Path() if file is None else file.parent).read_now()
    if read.problems:
        listed = "\n  ".join(read.problems)
        raise SettingsInvalid(f"alerts.config_file: templates cannot be used:\n  {listed}", key="alerts.config_file")
    return read.templates


def _manners(settings: Settings, receiver: str, *, is_resolving: bool) -> Manners:
    """How the channels of a receiver are told.

    Raises:
        SettingsInvalid: what they hear of muted alerts is none of the three.
    """
    found = WhenMuted.HOLD
    for text in settings.alerts.when_muted:
        whose, equals, word = text.rpartition("=")
        if word.strip() not in set(WhenMuted):
            words = ", ".join(WhenMuted)
            raise SettingsInvalid(
                f"alerts.when_muted: {text[:80]!r} is none of {words}, with a receiver's name and = in front or without",
                key="alerts.when_muted",
            )
        if not equals or whose.strip() == receiver:
            found = WhenMuted(word.strip())
    return Manners(is_resolving, found, int(settings.alerts.cooldown))
