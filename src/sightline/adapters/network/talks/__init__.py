"""Talks that probes have over connections: what all have alike, and protocols that several probers speak."""
