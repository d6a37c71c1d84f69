"""The life of an alert, as a table.

An alert is in one of five states. At each evaluation of its rule exactly one thing is found out about it, and the
table says for every state and every finding which state follows and why. Nothing else moves an alert.

A finding is one of these, the first that applies:

    HELD            the condition is true and has been for the rule's `for`
    TRUE            the condition is true, not yet so long
    EXPIRED         a resolved alert has been shown for `RESOLVED_SHOWN` and nothing new was found
    RULE_REMOVED    the rule is no longer there, or is disabled
    QUERY_FAILED_*  the query failed, so nothing is known about the condition
    KEPT            the result does not hold the alert, which fires, and has not for the rule's `keep_firing_for`
    NO_DATA_*       the result does not hold the alert, and there is nothing to judge: the rule's `data` does not hold it
                    either, or the result is empty because no selector of the expression matches any series
    FALSE           the result does not hold the alert, and there is data, or nobody asked whether there is

What has a star stands for five findings, for a rule says by a treatment what the lack of an answer means:

    *_OK            as if the condition were false
    *_KEEP          nothing: what is there stays as it is
    *_TRUE, *_HELD  treatment `alert`: as if the condition were true, not yet or already for the rule's `for`
    *_UNKNOWN       that nobody knows, which is shown

Besides the alerts of elements a rule has one of its own, which has the rule's labels alone. It is found NO_DATA or
QUERY_FAILED when the whole rule has no answer, be it there or not: so a rule whose treatment is `alert` fires, and one whose
treatment is `unknown` is shown, though it never had an element. An element's alert that is neither pending nor firing is found
*_KEEP in place of *_TRUE, *_HELD and *_UNKNOWN, since its element may be gone for good.

Four consequences are wanted. A failed query never resolves an alert, and never fires one, unless the rule says that it should: a
firing alert stays until someone has seen the condition false, its data gone or its rule removed. An alert fires only from
`pending`, or at once when `for` is 0; one that resolved and comes back waits for its `for` again. An alert that fires does not
become `unknown`: who was told that it fires must be told that it ended, and of nothing between; so only what fired resolves. And
`inactive` is where nothing is remembered: an alert that reaches it is gone.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.treatment import Lack, Treatment
from sightline.domain.timerange import MINUTE

RESOLVED_SHOWN: Final = 15 * MINUTE
"""How long a resolved alert stays visible, in ms: as long as Prometheus goes on sending it."""


class Finding(StrEnum):
    """What an evaluation found out about one alert."""

    TRUE = "true"
    HELD = "held"
    FALSE = "false"
    KEPT = "kept"
    NO_DATA_OK = "no_data_ok"
    NO_DATA_KEEP = "no_data_keep"
    NO_DATA_TRUE = "no_data_true"
    NO_DATA_HELD = "no_data_held"
    NO_DATA_UNKNOWN = "no_data_unknown"
    QUERY_FAILED_OK = "query_failed_ok"
    QUERY_FAILED_KEEP = "query_failed_keep"
    QUERY_FAILED_TRUE = "query_failed_true"
    QUERY_FAILED_HELD = "query_failed_held"
    QUERY_FAILED_UNKNOWN = "query_failed_unknown"
    RULE_REMOVED = "rule_removed"
    EXPIRED = "expired"

    @classmethod
    def of(cls, lack: Lack, treatment: Treatment, *, has_held: bool) -> "Finding":
        """The finding where there is no answer. has_held: whether the alert is active for the rule's `for`."""
        if treatment is Treatment.ALERT:
            return cls(f"{lack}_held" if has_held else f"{lack}_true")
        return cls(f"{lack}_{treatment}")


class Move(NamedTuple):
    """Where an alert goes, or stays, and why."""

    state: AlertState
    reason: Reason


_INACTIVE, _PENDING, _FIRING, _RESOLVED, _UNKNOWN = AlertState

_WITHOUT_ANSWER: Final[Mapping[AlertState, tuple[AlertState, ...]]] = {
    # from:     ok         keep       true      held     unknown
    _INACTIVE: (_INACTIVE, _INACTIVE, _PENDING, _FIRING, _UNKNOWN),
    _PENDING: (_INACTIVE, _PENDING, _PENDING, _FIRING, _UNKNOWN),
    _FIRING: (_RESOLVED, _FIRING, _FIRING, _FIRING, _FIRING),
    _RESOLVED: (_RESOLVED, _RESOLVED, _PENDING, _FIRING, _UNKNOWN),
    _UNKNOWN: (_INACTIVE, _UNKNOWN, _PENDING, _FIRING, _UNKNOWN),
}
"""Where an alert goes without an answer, whichever of the two lacks it is; the lack is the reason."""


def _without_answer() -> Iterator[tuple[tuple[AlertState, Finding], Move]]:
    for lack in Lack:
        findings = [Finding(f"{lack}_{how}") for how in ("ok", "keep", "true", "held", "unknown")]
        for state, followers in _WITHOUT_ANSWER.items():
            for finding, following in zip(findings, followers, strict=True):
                yield (state, finding), Move(following, Reason(lack.value))


MOVES: Final[Mapping[tuple[AlertState, Finding], Move]] = {
    (_INACTIVE, Finding.TRUE): Move(_PENDING, Reason.CONDITION_TRUE),
    (_INACTIVE, Finding.HELD): Move(_FIRING, Reason.CONDITION_TRUE),
    (_INACTIVE, Finding.FALSE): Move(_INACTIVE, Reason.CONDITION_FALSE),
    (_INACTIVE, Finding.RULE_REMOVED): Move(_INACTIVE, Reason.RULE_REMOVED),
    (_PENDING, Finding.TRUE): Move(_PENDING, Reason.CONDITION_TRUE),
    (_PENDING, Finding.HELD): Move(_FIRING, Reason.CONDITION_HELD),
    (_PENDING, Finding.FALSE): Move(_INACTIVE, Reason.CONDITION_FALSE_BEFORE_FIRING),
    (_PENDING, Finding.RULE_REMOVED): Move(_INACTIVE, Reason.RULE_REMOVED),
    # TRUE occurs here when the rule's `for` was made longer, or the wall clock was set back, while the alert fires.
    (_FIRING, Finding.TRUE): Move(_FIRING, Reason.CONDITION_TRUE),
    (_FIRING, Finding.HELD): Move(_FIRING, Reason.CONDITION_HELD),
    (_FIRING, Finding.FALSE): Move(_RESOLVED, Reason.CONDITION_FALSE),
    (_FIRING, Finding.KEPT): Move(_FIRING, Reason.KEPT_FIRING),
    (_FIRING, Finding.RULE_REMOVED): Move(_RESOLVED, Reason.RULE_REMOVED),
    (_RESOLVED, Finding.TRUE): Move(_PENDING, Reason.CONDITION_TRUE_AGAIN),
    (_RESOLVED, Finding.HELD): Move(_FIRING, Reason.CONDITION_TRUE_AGAIN),
    (_RESOLVED, Finding.FALSE): Move(_RESOLVED, Reason.CONDITION_FALSE),
    (_RESOLVED, Finding.RULE_REMOVED): Move(_RESOLVED, Reason.RULE_REMOVED),
    (_RESOLVED, Finding.EXPIRED): Move(_INACTIVE, Reason.RETENTION_OVER),
    # What became unknown while it waited waits anew, for nobody saw whether its condition was true all the time.
    (_UNKNOWN, Finding.TRUE): Move(_PENDING, Reason.CONDITION_TRUE),
    (_UNKNOWN, Finding.HELD): Move(_FIRING, Reason.CONDITION_TRUE),
    (_UNKNOWN, Finding.FALSE): Move(_INACTIVE, Reason.CONDITION_FALSE),
    (_UNKNOWN, Finding.RULE_REMOVED): Move(_INACTIVE, Reason.RULE_REMOVED),
    **dict(_without_answer()),
}
