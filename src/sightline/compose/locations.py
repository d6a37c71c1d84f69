"""Places that probe for this program."""

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final

from sightline.adapters.outbound.sql.catalog import SqlCatalog
from sightline.adapters.wire.probe_exchange import checks_to_json
from sightline.application.assess import Assess
from sightline.application.delegate import Delegate, KeepSpans
from sightline.application.roster import Roster
from sightline.compose.core import Core
from sightline.domain.probes.reference import Reference

_KEY_BYTES: Final = 32
_PREFIX: Final = "slp_"
"""What keys begin with, so that people and scanners of repositories know what they have found."""


def make_delegate(
    core: Core,
    catalog: SqlCatalog,
    roster: Roster,
    assess: Assess,
    keep_spans: KeepSpans,
    references: Sequence[Reference],
) -> Delegate:
    """What takes part in what `assess` assesses. `keep_spans`: returns once spans are stored."""
    return Delegate(
        catalog,
        roster,
        assess.take,
        keep_spans,
        checks_to_json,
        core.clock,
        core.telemetry,
        lambda: _PREFIX + token_urlsafe(_KEY_BYTES),
        references,
        assess.left,
    )
