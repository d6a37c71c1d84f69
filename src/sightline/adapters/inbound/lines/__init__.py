"""Protocols of lines that come over TCP and UDP."""
