"""What subscribers of status pages get by mail, as plain text and HTML that say the same."""

from html import escape
from typing import Final

from sightline.adapters.wire.status.words import moment
from sightline.domain.alerts.mail_style import METAS, STYLE
from sightline.domain.probes.status_news import News, NewsKind
from sightline.domain.probes.status_page import StatusPage, address_of
from sightline.domain.reports.letter import Letter

_WORDS: Final = {
    NewsKind.OPENED: "Incident",
    NewsKind.UPDATED: "Update",
    NewsKind.RESOLVED: "Resolved",
    NewsKind.ANNOUNCED: "Planned maintenance",
    NewsKind.BEGAN: "Maintenance has begun",
}
_COLOURS: Final = {NewsKind.RESOLVED: "#1e7a46", NewsKind.ANNOUNCED: "#1d56ae", NewsKind.BEGAN: "#1d56ae"}


def news_letter(page: StatusPage, one: News, leave: str, external_url: str = "") -> Letter:
    """A letter of something that happened. leave: the link by which the reader is told no more."""
    subject = f"[{page.title}] {_WORDS[one.kind]}: {one.title}"
    lines = [one.title, moment(one.at, page.zone)]
    if one.status:
        lines.append(f"Status: {one.status}")
    if one.affects:
        lines.append(f"Affected: {', '.join(one.affects[:20])}")
    if one.text:
        lines += ["", one.text]
    place = f"{address_of(page, external_url)}#{one.anchor}"
    colour = _COLOURS.get(one.kind, "#b3261e")
    return _letter(f"status-{page.slug}-{one.key}", subject, lines, ("See the page", place), leave, colour, one.at)


def confirmation(page: StatusPage, link: str, at: int) -> Letter:
    """What asks whether somebody meant to be told."""
    lines = [
        f"Somebody asked that you be told of incidents and maintenance of {page.title}.",
        "If that was you, confirm it. If not, do nothing: you will not hear from us again.",
    ]
    subject = f"[{page.title}] Confirm that you want to be told"
    return _letter(f"status-{page.slug}-confirm-{link[-32:]}", subject, lines, ("Confirm", link), "", "#1d56ae", at)


def _letter(
    letter_id: str, subject: str, lines: list[str], link: tuple[str, str], leave: str, colour: str, at: int
) -> Letter:
    word, place = link
    end = f"\nTo be told no more: {leave}\n" if leave else ""
    text = "\n".join([*lines, "", f"{word}: {place}", end])
    rows = "".join(
        f'<p class="text" style="margin:0 0 8px;color:#1c2127;white-space:pre-line">{escape(one)}</p>'
        for one in lines
        if one
    )
    foot = (
        f'<p class="name" style="margin:16px 0 0;color:#5b6470;font-size:12px"><a class="link" href="{escape(leave)}" '
        'style="color:#1f5fbf">Be told no more</a></p>'
        if leave
        else ""
    )
    html = f"""<!DOCTYPE html>
<html lang="en">
<head>
{METAS}<title>{escape(subject)}</title>
{STYLE}</head>
<body class="page" style="margin:0;padding:0;background:#f3f5f7">
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f5f7">
<tr><td align="center" style="padding:24px 12px">
  <table class="card" role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"
    style="width:100%;max-width:600px;background:#ffffff;font:14px/20px -apple-system,'Segoe UI',Roboto,Arial,sans-serif">
    <tr><td style="padding:16px 20px;color:#ffffff;background:{colour};font-size:17px;font-weight:600">{escape(subject)}</td></tr>
    <tr><td class="card" style="padding:16px 20px">{rows}
      <p style="margin:16px 0 0"><a class="link" href="{escape(place)}" style="color:#1f5fbf">{escape(word)}</a></p>{foot}
    </td></tr>
  </table>
</td></tr>
</table>
</body>
</html>
"""
    return Letter(letter_id, subject, text, html, at)
