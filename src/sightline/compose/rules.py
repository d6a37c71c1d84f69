"""What evaluates rule files."""

from dataclasses import dataclass

from sightline.adapters.inbound.rule_groups import RuleLoop
from sightline.adapters.outbound.files.rules import RuleFiles
from sightline.application.adopt import Adopt
from sightline.application.derive import Derive
from sightline.application.dispatch import Dispatch
from sightline.application.query import Query
from sightline.application.restore import Restore
from sightline.compose.core import Core
from sightline.domain.alerts.group import Defaults
from sightline.domain.alerts.outage import Outages
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import SettingsInvalid
from sightline.ports.rulebook import RulesRead
from sightline.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Rules:
    """What evaluates rule files: the groups that there are, and the loop, which still has to be entered."""

    adopt: Adopt
    loop: RuleLoop


async def make_rules(settings: Settings, core: Core, query: Query, dispatch: Dispatch) -> Rules:
    """What evaluates rule files, all of which can be used.

    Raises:
        SettingsInvalid: one of them cannot.
    """
    files = rule_files(settings)
    require_rules(await files.read())
    outages = Outages(settings.rules.for_outage_tolerance, settings.rules.for_grace_period)
    restore = Restore(core.reader, outages)
    derive = Derive(
        query,
        core.ingest,
        restore,
        core.bus,
        dispatch,
        core.clock,
        core.telemetry,
        external_url=settings.http.external_url,
    )
    adopt = Adopt(files, derive, core.telemetry)
    concurrency = settings.rules.concurrency
    return Rules(adopt, RuleLoop(adopt, derive, core.clock, core.telemetry, concurrency=concurrency))


def rule_files(settings: Settings) -> RuleFiles:
    """The files, unread.

    Raises:
        SettingsInvalid: how often they are evaluated is no time.
    """
    rules = settings.rules
    if rules.interval <= 0:
        raise SettingsInvalid("rules.interval is a time above 0s, such as 1m", key="rules.interval")
    return RuleFiles(
        rules.files,
        Defaults(rules.interval, rules.query_offset, Treatment(rules.no_data), Treatment(rules.query_failed)),
    )


def require_rules(read: RulesRead) -> None:
    """Refuse rule files that cannot be used."""
    if read.problems:
        raise SettingsInvalid("rule files cannot be used:\n  " + "\n  ".join(read.problems), key="rules.files")
