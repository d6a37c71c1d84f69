"""Follow targets as they come and go, and show how they are doing."""

from dataclasses import dataclass

from sightline.application.discover import Discover
from sightline.application.scrape import Followed, Scrape
from sightline.domain.scrape.target import JobTargets, TargetKey
from sightline.domain.tenancy import LOCAL, Principal


@dataclass(frozen=True, slots=True)
class Changes:
    """came: targets to scrape from now on. left: targets that are no more, whose series are to be ended."""

    came: tuple[Followed, ...] = ()
    left: tuple[Followed, ...] = ()


class Follow:
    """The use case. All targets are the program's own tenant's; others see none."""

    def __init__(self, discover: Discover, scrape: Scrape) -> None:
        self._discover = discover
        self._scrape = scrape
        self._followed: dict[TargetKey, Followed] = {}

    async def look(self) -> Changes:
        """Discover again; what comes and leaves is followed or forgotten already."""
        await self._discover()
        targets = {target.key: target for target in self._discover.targets()}
        left = tuple(self._followed.pop(key) for key in [*self._followed] if key not in targets)
        came = []
        for key, target in targets.items():
            known = self._followed.get(key)
            if known is None:
                known = self._followed[key] = self._scrape.follow(target)
                came.append(known)
            known.target = target  # what was discovered of it may have changed
        return Changes(tuple(came), left)

    def followed(self, principal: Principal) -> list[Followed]:
        """The targets that are scraped, in order of job and address."""
        if principal.tenant != LOCAL.tenant:
            return []
        return sorted(self._followed.values(), key=lambda one: one.target.key[:3])

    def by_job(self, principal: Principal) -> dict[str, JobTargets]:
        """What was found of each job, dropped targets too; empty jobs stand there as well."""
        return self._discover.by_job() if principal.tenant == LOCAL.tenant else {}

    def problems(self) -> list[str]:
        """What is wrong with target files and addresses now, one sentence each."""
        return self._discover.problems()
