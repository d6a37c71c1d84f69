"""Machines that report about themselves: who they are, and how what they report becomes series."""
