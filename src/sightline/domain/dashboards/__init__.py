"""Dashboards: panels on a grid, and what they ask."""
