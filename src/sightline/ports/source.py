"""Something that can be asked for samples now: this host, our own metrics; later containers, clusters, clouds."""

from typing import Protocol

from sightline.domain.metrics.samples import WriteBatch


class Source(Protocol):
    """One observed thing.

    `collect` returns the present samples, each series once, label sets with `job` and `instance`. It takes well under its interval,
    blocks no event loop, and what it cannot read it leaves out: one unreadable disk never costs the rest. Errors: Unavailable when
    nothing can be read at all.
    """

    @property
    def name(self) -> str:
        """What it is called in logs and in the `source` label of our own metrics."""
        ...

    async def collect(self) -> WriteBatch:
        """The samples of this moment."""
        ...
