"""Containers: what one is, what it uses of what it may use, and how that becomes series."""
