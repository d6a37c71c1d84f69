"""What puts reports together, and mails them."""

from msgspec.structs import replace

from sightline.adapters.outbound.notifiers.email import Email
from sightline.application.mail import MailReports
from sightline.application.summarize import ReportLimits, Summarize
from sightline.compose.core import Core
from sightline.compose.mail import mail_options
from sightline.domain.alerts.notice_templates import read_templates
from sightline.domain.errors import BadData, SettingsInvalid
from sightline.domain.reports.schedule import Schedule, parse_schedule
from sightline.ports.catalog import Catalog
from sightline.settings.schema import Settings


def report_limits(settings: Settings) -> ReportLimits:
    """What bounds the time that a report is about."""
    return ReportLimits(settings.retention, settings.query.lookback)


def make_mail(settings: Settings, core: Core, summarize: Summarize, catalog: Catalog) -> MailReports | None:
    """What mails reports; None where nobody wants them.

    Raises:
        SettingsInvalid: when, or by whom, cannot be.
    """
    made = report_mail(settings)
    if made is None:
        return None
    schedule, email = made
    return MailReports(summarize, email.send, catalog, core.clock, schedule, settings.http.external_url)


def report_mail(settings: Settings) -> tuple[Schedule, Email] | None:
    """When reports are mailed, and by what; None where they are not.

    Raises:
        SettingsInvalid: a setting cannot be used.
    """
    given = settings.reports
    if given.every == "off":
        return None
    try:
        schedule = parse_schedule(given.every, given.at)
    except BadData as error:
        raise SettingsInvalid(f"reports.at: {error.message}", key="reports.at") from None
    if schedule.period > settings.retention:
        raise SettingsInvalid(
            f"reports.every: samples are kept for {settings.retention} only (retention)", key="reports.every"
        )
    if not given.to:
        raise SettingsInvalid(
            "reports.to is empty: name who has the mail, or set reports.every to off", key="reports.to"
        )
    if not settings.smtp.host:
        raise SettingsInvalid("reports.to needs smtp.host: name the server that takes mail", key="smtp.host")
    options = mail_options(replace(settings.smtp, to=given.to), "reports.to")
    return schedule, Email(options, read_templates(()).templates, name="reports")
