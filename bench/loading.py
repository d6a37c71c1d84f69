"""Bring a program to rest with everything that it took in in its tables."""

import time
from typing import Final

from bench.programs import SIGHTLINE, VICTORIA_METRICS, Program
from bench.server import Failed, Server

QUIET: Final = ("--set", "host.enabled=false")
"""Flags for a Sightline that does not watch this machine, as the peers do not."""

_WRITTEN_WITHIN: Final = 120.0
_MERGED_WITHIN: Final = 60.0
_NOT_WRITTEN: Final = "stopped before everything was in the store"  # as Sightline says it
_LOOKS: Final = 0.2
_LOOKED: Final = 2.0  # longer than Sightline takes between two looks at what is due
_ITS_OWN: Final = 5_000  # more samples than Sightline writes of itself meanwhile


def flags(program: Program, *settings: str) -> tuple[str, ...]:
    """What Sightline is started with besides: quiet, and with these settings; nothing for a peer."""
    if program is not SIGHTLINE:
        return ()
    return (*QUIET, *(part for setting in settings for part in ("--set", setting)))


def stop_written(server: Server) -> float:
    """Stop it by SIGTERM, with everything written; gives the CPU seconds of its whole life.

    Raises:
        Failed: it stopped before.
    """
    seconds = server.process.stop()
    if _NOT_WRITTEN in server.process.said():
        raise Failed(f"{server.program.name} stopped before everything was in its tables")
    return seconds


def settle_tables(server: Server) -> None:
    """Wait until all that was acknowledged is in tables and merges have come to rest; Prometheus keeps its newest hours in memory.

    Raises:
        Failed: Sightline did not get there within two minutes.
    """
    if server.program is SIGHTLINE:
        _await_flushed(server)
    elif server.program is VICTORIA_METRICS:
        with server.connect() as connection:
            connection.get("/internal/force_flush")
    server.settle()


def force_merges(server: Server) -> None:
    """Let VictoriaMetrics merge what it has; the others do as they see fit."""
    if server.program is VICTORIA_METRICS:
        with server.connect() as connection:
            connection.get("/internal/force_merge")
        # It merges in the background and says how many merges are under way.
        deadline = time.monotonic() + _MERGED_WITHIN
        time.sleep(1)
        while time.monotonic() < deadline and server.metric("vm_active_force_merges"):
            time.sleep(_LOOKS)
    server.settle()


def _await_flushed(server: Server) -> None:
    deadline = time.monotonic() + _WRITTEN_WITHIN
    time.sleep(_LOOKED)
    while server.metric("sightline_flush_waiting_samples") > _ITS_OWN:
        if time.monotonic() > deadline:
            raise Failed(f"samples still wait for the store after {_WRITTEN_WITHIN:g} s")
        time.sleep(_LOOKS)
