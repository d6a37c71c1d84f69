"""Where locations fetch what they probe, and bring what they found: with their own key, whatever token the rest needs."""

from typing import Final

CONFIG: Final = "/api/v1/probe/config"
RESULTS: Final = "/api/v1/probe/results"
OPEN: Final = frozenset({CONFIG, RESULTS})
"""Paths that look after themselves who comes in."""
