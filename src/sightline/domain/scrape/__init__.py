"""Scraping: what to ask of whom, and what the answers mean."""
