"""Spans and the traces that they make up."""
