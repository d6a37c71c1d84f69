"""Channels that tell people."""
