"""The HTTP door: one file an API."""
