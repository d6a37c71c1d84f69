"""How a check stands, and what was found of it, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sightline.adapters.wire.instants import instant_or_null, instant_text
from sightline.domain.probes.outcome import Certificate, Outcome
from sightline.domain.probes.parcel import Lost
from sightline.domain.probes.result import Brief, Result, Verdict
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.state import Transition
from sightline.domain.probes.uptime import Uptime
from sightline.domain.probes.voice import silent_after
from sightline.domain.timerange import SECOND

_BODY: Final = 4096
"""Bytes of an answer that are shown."""
_DIGITS: Final = 3  # a microsecond


def milliseconds(seconds: float) -> float:
    """Seconds as ms, to a microsecond."""
    return round(seconds * SECOND, _DIGITS)


def status_object(standing: Standing, monotonic: int, incident: int | None) -> dict[str, Any]:
    """How a check stands. monotonic: ms on the clock that never goes back. incident: the id of the one that lasts."""
    latest, last = standing.latest, standing.last
    oldest = monotonic - silent_after(standing.check.definition)
    return {
        "state": latest.state,
        "since": instant_text(latest.at),
        "reason": latest.reason,
        "probe_reason": latest.probe_reason,
        "message": latest.message,
        "failing_locations": latest.locations,
        "last_at": None if last is None else instant_text(last.at),
        "latency_ms": None if last is None else milliseconds(last.seconds),
        "status_code": None if last is None else last.status,
        "expires_at": None if last is None or last.expires_at is None else instant_text(last.expires_at),
        "certificate": None if last is None or last.certificate is None else certificate_object(last.certificate),
        "incident_id": incident,
        "locations": [
            {
                "location": name,
                "verdict": voice.last.verdict,
                "reason": voice.last.reason,
                "message": voice.last.message,
                "at": instant_text(voice.last.at),
                "latency_ms": milliseconds(voice.last.seconds),
                "heard": voice.heard_at >= oldest,
            }
            for name, voice in sorted(standing.voices.items())
        ],
    }


def result_object(result: Result) -> dict[str, Any]:
    """One probe."""
    return {
        "ts": instant_text(result.at),
        "location": result.location,
        "latency_ms": milliseconds(result.seconds),
        "status_code": result.status,
        "ok": result.verdict is not Verdict.DOWN,
        "verdict": result.verdict,
        "reason": result.reason,
        "message": result.message,
        "phases": {phase.value: milliseconds(seconds) for phase, seconds in result.phases},
        "attempts": result.attempts,
        "redirects": result.redirects,
        "size": result.size,
        "version": result.version,
        "address": result.address,
        "expires_at": instant_or_null(result.expires_at),
        "value": result.value,
        "trace_id": result.trace_id,
    }


def lost_object(location: str, lost: Lost) -> dict[str, Any]:
    """A time of which nothing is known at a location; results are those of all its checks."""
    start, end = instant_text(lost.starts_at), instant_text(lost.ends_at)
    return {"location": location, "start": start, "end": end, "results": lost.count}


def strip_object(check_id: int, results: Sequence[Brief], uptimes: Mapping[str, Uptime]) -> dict[str, Any]:
    """What a row of a list shows of the last probes of a check, and how much of the time it was well."""
    return {
        "id": check_id,
        "results": [
            {
                "ts": instant_text(one.at),
                "verdict": one.verdict,
                "reason": one.reason,
                "latency_ms": milliseconds(one.seconds),
                "location": one.location,
            }
            for one in results
        ],
        "uptime": {name: one.corrected() for name, one in uptimes.items()},
    }


def transition_object(one: Transition) -> dict[str, Any]:
    """A move from one state to another."""
    return {
        "at": instant_text(one.at),
        "previous": one.previous,
        "state": one.state,
        "reason": one.reason,
        "probe_reason": one.probe_reason,
        "message": one.message,
        "locations": one.locations,
    }


def uptime_object(uptime: Uptime) -> dict[str, Any]:
    """How a window was spent; null where nobody could tell."""
    return {
        "corrected": uptime.corrected(),
        "raw": uptime.raw,
        "outages": uptime.outages,
        "seconds": {state.value: seconds for state, seconds in uptime.seconds.items()},
    }


def certificate_object(certificate: Certificate) -> dict[str, Any]:
    """What a server showed of itself."""
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": certificate.names,
        "starts_at": instant_text(certificate.starts_at),
        "expires_at": instant_text(certificate.expires_at),
        "fingerprint": certificate.fingerprint,
        "chain": certificate.chain,
        "version": certificate.version,
        "cipher": certificate.cipher,
    }


def outcome_object(outcome: Outcome) -> dict[str, Any]:
    """All that an attempt saw."""
    return {
        "reason": outcome.reason,
        "message": outcome.message,
        "latency_ms": milliseconds(outcome.seconds),
        "phases": {phase.value: milliseconds(seconds) for phase, seconds in outcome.phases},
        "status": outcome.status,
        "headers": outcome.headers,
        "body": outcome.body[:_BODY].decode(errors="replace"),
        "size": outcome.size,
        "certificate": None if outcome.certificate is None else certificate_object(outcome.certificate),
        "address": outcome.address,
        "version": outcome.version,
        "redirects": outcome.redirects,
        "url": outcome.url,
        "facts": dict(outcome.facts),
    }
