"""What replays alert rules over stored samples."""

from sightline.application.backtest import BacktestLimits, RunBacktest
from sightline.application.query import Query
from sightline.application.silence import Silences
from sightline.compose.alerting import Alerting, written_plan
from sightline.compose.core import Core
from sightline.compose.theatre import theatre
from sightline.settings.schema import Settings


def make_backtest(settings: Settings, core: Core, query: Query, alerting: Alerting, silences: Silences) -> RunBacktest:
    """The use case, over the plan in force."""
    given = settings.backtest
    limits = BacktestLimits(
        given.max_instants, given.max_alerts, given.max_listed, given.concurrency, settings.query.max_points
    )
    return RunBacktest(
        query,
        lambda text: written_plan(settings, text) if text else alerting.dispatch.plan,
        silences.all,
        theatre,
        core.clock,
        retention=settings.retention,
        limits=limits,
        external_url=settings.http.external_url,
    )
