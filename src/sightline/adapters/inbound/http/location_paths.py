"""Where locations come with their own key, whatever token the rest needs."""

from typing import Final

from sightline.adapters.wire.probe_exchange import CONFIG, RESULTS

OPEN: Final = frozenset({CONFIG, RESULTS})
"""Paths that look after themselves who comes in."""
