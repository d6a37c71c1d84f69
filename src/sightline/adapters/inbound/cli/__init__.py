"""The command line: most commands are clients of the HTTP API; those that read the settings are added by the program itself.

Exit codes: 0 done, 1 the server said no or a check failed, 2 the command line is wrong, 3 nobody answers.
"""

from sightline.adapters.inbound.cli import (
    alertmanager,
    alerts,
    backtest,
    checks,
    declaring,
    finding,
    importing,
    inventory,
    locations,
    pushing,
    queries,
    report,
    rules,
)
from sightline.adapters.inbound.cli.alertmanager import check as check_alertmanager
from sightline.adapters.inbound.cli.asking import Asking
from sightline.adapters.inbound.cli.doctor.examine import examine
from sightline.adapters.inbound.cli.doctor.installation import Installation
from sightline.adapters.inbound.cli.printing import show_json
from sightline.adapters.inbound.cli.program import AsJson, Exit, app, run, say
from sightline.adapters.inbound.cli.rule_tests import try_rules
from sightline.adapters.inbound.cli.rules import check as check_rules
from sightline.adapters.inbound.cli.rules import rules as rules_app
from sightline.adapters.inbound.cli.starting import SETTLING, Outpost, Settling

COMMANDS = (
    *(queries, finding, pushing, importing, inventory, locations, checks, declaring),
    *(rules, backtest, alerts, alertmanager, report),
)
"""The modules whose commands stand in the app by being imported."""

__all__ = [
    "SETTLING",
    "AsJson",
    "Asking",
    "Exit",
    "Installation",
    "Outpost",
    "Settling",
    "app",
    "check_alertmanager",
    "check_rules",
    "examine",
    "rules_app",
    "run",
    "say",
    "show_json",
    "try_rules",
]
