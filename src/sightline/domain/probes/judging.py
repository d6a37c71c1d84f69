"""What an outcome means for a check: well, degraded or down, with the reason."""

from dataclasses import dataclass
from typing import Final

from sightline.domain.probes.accepted import accepted_codes
from sightline.domain.probes.address import address_of
from sightline.domain.probes.check import Definition
from sightline.domain.probes.condition import Condition, parse_condition
from sightline.domain.probes.options import Domain, Http, Tls
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.probes.result import Judgement, Verdict
from sightline.domain.probes.seen import Seen
from sightline.domain.probes.subjects import EXPIRES_AT
from sightline.domain.timerange import DAY, HOUR, MINUTE

WELL: Final = Judgement(Verdict.UP)

_LENGTHS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


@dataclass(frozen=True, slots=True)
class Judge:
    """A check's rules, made ready once.

    about: whom messages name. certificate, registration: ms before their end from which the check is degraded; 0 never.
    """

    about: str
    accepted: frozenset[int] | None
    conditions: tuple[Condition, ...]
    certificate: int
    registration: int

    @classmethod
    def of(cls, definition: Definition) -> "Judge":
        """The judge of a definition.

        Raises:
            InvalidField: a condition that does not parse.
            BadData: a status code that is none.
        """
        options = definition.options
        parsed = [parse_condition(text) for text in definition.conditions]
        return cls(
            address_of(definition.url).host or definition.name,
            accepted_codes(options.accepted) if isinstance(options, Http) else None,
            # What makes it down decides before what degrades it.
            tuple(sorted(parsed, key=lambda one: one.degrades)),
            DAY * options.certificate_days if isinstance(options, Http | Tls) else 0,
            DAY * options.days if isinstance(options, Domain) else 0,
        )

    def judge(self, outcome: Outcome, now: int) -> Judgement:
        """What an outcome means at an instant, ms. What comes first in this order decides.

        The exchange failed (down, with its reason); the status is not accepted; a condition is not met, those that make it down
        before those that degrade; what was shown ends soon.
        """
        if outcome.reason is not Reason.OK:
            return Judgement(Verdict.DOWN, outcome.reason, outcome.message or _worded(outcome.reason))
        if self.accepted is not None and outcome.status not in self.accepted:
            status = "none" if outcome.status is None else outcome.status
            return Judgement(Verdict.DOWN, Reason.STATUS, f"status is {status}, which is not accepted")
        if self.conditions and (found := self._by_conditions(outcome, now)) is not None:
            return found
        if self.certificate and outcome.certificate is not None:
            left = outcome.certificate.expires_at - now
            if left < self.certificate:
                message = f"the certificate of {self.about} {_ends(left)}"
                return Judgement(Verdict.DEGRADED, Reason.CERTIFICATE_EXPIRES, message)
        return self._by_registration(outcome, now) if self.registration else WELL

    def _by_conditions(self, outcome: Outcome, now: int) -> Judgement | None:
        seen = Seen(outcome, now)
        for condition in self.conditions:
            why = condition.test(seen)
            if why:
                return Judgement(Verdict.DEGRADED if condition.degrades else Verdict.DOWN, Reason.CONDITION, why)
        return None

    def _by_registration(self, outcome: Outcome, now: int) -> Judgement:
        ends_at = outcome.facts.get(EXPIRES_AT)
        if not isinstance(ends_at, float | int) or ends_at - now >= self.registration:
            return WELL
        left = int(ends_at - now)
        verdict = Verdict.DEGRADED if left > 0 else Verdict.DOWN
        return Judgement(verdict, Reason.DOMAIN_EXPIRES, f"the registration of {self.about} {_ends(left)}")


def _ends(left: int) -> str:
    """When something ends that has so many ms left."""
    unit, name = next(((unit, name) for unit, name in _LENGTHS if abs(left) >= unit), _LENGTHS[-1])
    count = abs(left) // unit
    length = f"{count} {name}{'' if count == 1 else 's'}"
    return f"ends in {length}" if left > 0 else f"ended {length} ago"


def _worded(reason: Reason) -> str:
    return str(reason).replace("_", " ")
