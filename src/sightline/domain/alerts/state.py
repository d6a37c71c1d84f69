"""The life of an alert, as a table.

An alert is in one of four states. At each evaluation of its rule exactly one thing is found out about it, and the
table says for every state and every finding which state follows and why. Nothing else moves an alert.

A finding is one of these, the first that applies:

    HELD          the condition is true and has been for the rule's `for`
    TRUE          the condition is true, not yet so long
    EXPIRED       a resolved alert has been shown for `RESOLVED_SHOWN` and nothing new was found
    RULE_REMOVED  the rule is no longer there
    KEPT          the result does not hold the alert, which fires, and has not for the rule's `keep_firing_for`
    QUERY_FAILED  the query failed, so nothing is known about the condition
    NO_DATA       the result does not hold the alert, and neither does the rule's `data`: there is nothing to judge
    FALSE         the result does not hold the alert, and there is data, or the rule does not say how to tell

Three consequences are wanted. A failed query never resolves an alert, and never fires one: a firing alert stays until
someone has seen the condition false, its data gone or its rule removed. An alert fires only from `pending`, or at
once when `for` is 0; one that resolved and comes back waits for its `for` again. And `inactive` is where nothing is
remembered: an alert that reaches it is gone.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.timerange import MINUTE

RESOLVED_SHOWN: Final = 15 * MINUTE
"""How long a resolved alert stays visible, in ms: as long as Prometheus goes on sending it."""


class Finding(StrEnum):
    """What an evaluation found out about one alert."""

    TRUE = "true"
    HELD = "held"
    FALSE = "false"
    NO_DATA = "no_data"
    QUERY_FAILED = "query_failed"
    RULE_REMOVED = "rule_removed"
    EXPIRED = "expired"
    KEPT = "kept"


class Move(NamedTuple):
    """Where an alert goes, or stays, and why."""

    state: AlertState
    reason: Reason


_INACTIVE, _PENDING, _FIRING, _RESOLVED = AlertState

MOVES: Final[Mapping[tuple[AlertState, Finding], Move]] = {
    (_INACTIVE, Finding.TRUE): Move(_PENDING, Reason.CONDITION_TRUE),
    (_INACTIVE, Finding.HELD): Move(_FIRING, Reason.CONDITION_TRUE),
    (_INACTIVE, Finding.FALSE): Move(_INACTIVE, Reason.CONDITION_FALSE),
    (_INACTIVE, Finding.NO_DATA): Move(_INACTIVE, Reason.NO_DATA),
    (_INACTIVE, Finding.QUERY_FAILED): Move(_INACTIVE, Reason.QUERY_FAILED),
    (_INACTIVE, Finding.RULE_REMOVED): Move(_INACTIVE, Reason.RULE_REMOVED),
    (_PENDING, Finding.TRUE): Move(_PENDING, Reason.CONDITION_TRUE),
    (_PENDING, Finding.HELD): Move(_FIRING, Reason.CONDITION_HELD),
    (_PENDING, Finding.FALSE): Move(_INACTIVE, Reason.CONDITION_FALSE_BEFORE_FIRING),
    (_PENDING, Finding.NO_DATA): Move(_INACTIVE, Reason.NO_DATA),
    (_PENDING, Finding.QUERY_FAILED): Move(_PENDING, Reason.QUERY_FAILED),
    (_PENDING, Finding.RULE_REMOVED): Move(_INACTIVE, Reason.RULE_REMOVED),
    # TRUE occurs here when the rule's `for` was made longer, or the wall clock was set back, while the alert fires.
    (_FIRING, Finding.TRUE): Move(_FIRING, Reason.CONDITION_TRUE),
    (_FIRING, Finding.HELD): Move(_FIRING, Reason.CONDITION_HELD),
    (_FIRING, Finding.FALSE): Move(_RESOLVED, Reason.CONDITION_FALSE),
    (_FIRING, Finding.NO_DATA): Move(_RESOLVED, Reason.NO_DATA),
    (_FIRING, Finding.QUERY_FAILED): Move(_FIRING, Reason.QUERY_FAILED),
    (_FIRING, Finding.KEPT): Move(_FIRING, Reason.KEPT_FIRING),
    (_FIRING, Finding.RULE_REMOVED): Move(_RESOLVED, Reason.RULE_REMOVED),
    (_RESOLVED, Finding.TRUE): Move(_PENDING, Reason.CONDITION_TRUE_AGAIN),
    (_RESOLVED, Finding.HELD): Move(_FIRING, Reason.CONDITION_TRUE_AGAIN),
    (_RESOLVED, Finding.FALSE): Move(_RESOLVED, Reason.CONDITION_FALSE),
    (_RESOLVED, Finding.NO_DATA): Move(_RESOLVED, Reason.NO_DATA),
    (_RESOLVED, Finding.QUERY_FAILED): Move(_RESOLVED, Reason.QUERY_FAILED),
    (_RESOLVED, Finding.RULE_REMOVED): Move(_RESOLVED, Reason.RULE_REMOVED),
    (_RESOLVED, Finding.EXPIRED): Move(_INACTIVE, Reason.RETENTION_OVER),
}
