"""What can be declared, by the use cases that keep it."""

from sightline.adapters.wire import alert_rule, dashboard, declared
from sightline.application.declarable import (
    DeclaredChecks,
    DeclaredDashboards,
    DeclaredPages,
    DeclaredRules,
    DeclaredWindows,
    Form,
)
from sightline.application.declare import Declare, Kind
from sightline.application.define import DefineDashboards
from sightline.application.enroll import Enroll
from sightline.application.maintain import Maintain
from sightline.application.prescribe import PrescribeRules
from sightline.application.publish import Publish


def make_declare(
    enroll: Enroll,
    prescribe: PrescribeRules,
    dashboards: DefineDashboards,
    windows: Maintain | None = None,
    pages: Publish | None = None,
) -> Declare:
    """The use case, with every kind that there is; checks come first, since others name them."""
    kinds: list[Kind] = [DeclaredChecks(enroll, Form(declared.read_check, declared.shown_check))]
    if windows is not None:
        kinds.append(DeclaredWindows(windows, Form(declared.read_window, declared.shown_window)))
    if pages is not None:
        kinds.append(DeclaredPages(pages, Form(declared.read_page, declared.shown_page_of)))
    kinds.append(DeclaredRules(prescribe, Form(declared.read_rule, alert_rule.least)))
    kinds.append(DeclaredDashboards(dashboards, Form(declared.read_dashboard, dashboard.least)))
    return Declare(kinds)
