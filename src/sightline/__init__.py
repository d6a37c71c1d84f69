"""Sightline: metrics, alerts and what a small team needs to see, in one program."""

__version__ = "0.1.0"
