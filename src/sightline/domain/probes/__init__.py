"""Uptime: what is probed, what a probe finds, what it means, and what follows."""
