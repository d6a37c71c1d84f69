"""Probers: one file for each way of asking something out there."""
