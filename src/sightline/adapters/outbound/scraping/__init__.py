"""Scraping over HTTP."""
