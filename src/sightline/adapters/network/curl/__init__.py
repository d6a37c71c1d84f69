"""Exchanges over HTTP by libcurl: every phase measured, every address judged, every answer bounded."""
