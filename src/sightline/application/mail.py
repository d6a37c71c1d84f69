"""Mail reports when they are due, each once, over restarts too."""

import json
from collections.abc import Awaitable, Callable
from typing import Final

from sightline.application.summarize import Summarize
from sightline.domain.errors import NotFound
from sightline.domain.reports.letter import Letter
from sightline.domain.reports.page import as_html, as_text, subject
from sightline.domain.reports.schedule import Schedule
from sightline.domain.tenancy import LOCAL
from sightline.ports.catalog import Catalog
from sightline.ports.clock import Clock

REPORT_KIND: Final = "report"
"""What is remembered of reports is called so in the catalog."""
_KEY: Final = "mailed"

Send = Callable[[Letter], Awaitable[None]]
"""Hands a letter over. Raises Unavailable or NoticeRefused where nobody, or not everybody, has it."""


class MailReports:
    """The use case. `run_once` mails the report that was due last, unless that is done.

    It is remembered afterwards: a program that ends in between mails it again, with the same id. Before the first one nothing is
    owed, and of several that were missed only the last one is mailed.
    """

    def __init__(
        self,
        summarize: Summarize,
        send: Send,
        catalog: Catalog,
        clock: Clock,
        schedule: Schedule,
        external_url: str = "",
    ) -> None:
        self._summarize = summarize
        self._send = send
        self._catalog = catalog
        self._clock = clock
        self._schedule = schedule
        self._external_url = external_url
        self._mailed: int | None = None

    async def run_once(self) -> bool:
        """Mail what is due; gives whether anything was.

        Raises:
            SightlineError: it could not be put together, mailed or remembered; it is due the next time still.
        """
        due = self._schedule.due(self._clock.now())
        if self._mailed is None:
            self._mailed = await self._known()
        if self._mailed is None:
            await self._remember(due)
        if self._mailed is not None and self._mailed >= due:
            return False
        summary = await self._summarize(LOCAL, self._schedule.period, due)
        zone = self._schedule.zone
        html = as_html(summary, zone, self._external_url)
        await self._send(Letter(f"report-{due}", subject(summary), as_text(summary, zone), html, due))
        await self._remember(due)
        return True

    async def _known(self) -> int | None:
        """When the report was due that was mailed last; None where there was none."""
        try:
            document = await self._catalog.get(LOCAL.tenant, REPORT_KIND, _KEY)
        except NotFound:
            return None
        return int(json.loads(document.body)["due"])

    async def _remember(self, due: int) -> None:
        await self._catalog.put(LOCAL.tenant, REPORT_KIND, _KEY, json.dumps({"due": due}).encode())
        self._mailed = due
