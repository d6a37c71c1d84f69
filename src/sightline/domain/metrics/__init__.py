"""Samples as columns: what is written, what is sealed, what is read."""
