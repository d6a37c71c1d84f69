"""The composition root: settings become a running program. The only place that knows which adapter plays which role."""

from sightline.compose.checking import check
from sightline.compose.program import Running, start
from sightline.compose.rehearsal import rehearse

__all__ = ("Running", "check", "rehearse", "start")
