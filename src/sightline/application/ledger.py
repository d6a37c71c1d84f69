"""What is known of alerts and notifications, in memory and in the log."""

import asyncio

from sightline.domain.alerts.pipeline.sent import NOTHING_SENT, Owed, Place, Sent
from sightline.domain.alerts.posted import PostedAlert
from sightline.ports.notification_log import AlertKey, LogChanges, Logged, NotificationLog


class Ledger:
    """Answers from memory; a change counts at once, and is in the log once `save` returned.

    Changes that the log did not take stay to be saved, and go with the next ones.
    """

    def __init__(self, log: NotificationLog) -> None:
        self._log = log
        self._sent: dict[Place, Sent] = {}
        self._owed: dict[Place, Owed] = {}
        self._changes = LogChanges()
        self._saving = asyncio.Lock()

    async def load(self) -> Logged:
        """Take over what the log holds.

        Raises:
            Unavailable: it cannot be read.
        """
        logged = await self._log.load()
        self._sent.update(logged.sent)
        self._owed.update((one.place, one) for one in logged.owed)
        return logged

    async def save(self) -> None:
        """Bring all changes to the log.

        Raises:
            Unavailable, StorageFull: it does not take them; they stay to be saved.
        """
        async with self._saving:
            changes, self._changes = self._changes, LogChanges()
            if not changes:
                return
            try:
                await self._log.save(changes)
            except BaseException:
                self._changes = changes | self._changes
                raise

    def keep(self, alert: PostedAlert) -> None:
        """An alert is to be known after a restart."""
        self._changes.alerts[alert.tenant, alert.labels] = alert

    def forget(self, key: AlertKey) -> None:
        """An alert need not be known any more."""
        self._changes.alerts[key] = None

    def sent(self, place: Place) -> Sent:
        """What a channel was told of a group."""
        return self._sent.get(place, NOTHING_SENT)

    def told(self, place: Place, sent: Sent) -> None:
        """A channel was told."""
        self._sent[place] = self._changes.sent[place] = sent

    def owed(self, place: Place) -> Owed | None:
        """What a channel has still to take of a group."""
        return self._owed.get(place)

    def owe(self, owed: Owed) -> None:
        """A channel has to take this, in place of what it had to take before of the group."""
        self._owed[owed.place] = self._changes.owed[owed.place] = owed

    def settle(self, place: Place) -> None:
        """A channel has nothing to take of a group any more."""
        if self._owed.pop(place, None) is not None:
            self._changes.owed[place] = None

    def places(self) -> list[Place]:
        """Where anything was told."""
        return list(self._sent)

    def all_owed(self) -> list[Owed]:
        """All that is owed, the longest first."""
        return list(self._owed.values())

    def drop(self, place: Place) -> None:
        """What a channel was told of a group makes no difference any more."""
        if self._sent.pop(place, None) is not None:
            self._changes.sent[place] = None
