"""A silence as the document that the catalog keeps, in JSON."""

import msgspec

from sightline.adapters.wire.time_interval import Interval, interval_of, written_interval
from sightline.domain.alerts.silence import Silence
from sightline.domain.labels import Matcher, MatchOp
from sightline.domain.tenancy import Tenant


class _Document(msgspec.Struct, frozen=True):
    """A silence and whose it is; each matcher is its name, operator and value."""

    tenant: str
    id: str
    matchers: list[tuple[str, str, str]]
    starts_at: int
    ends_at: int | None
    created_by: str
    comment: str
    updated_at: int
    recurrence: list[Interval] = []


_DECODER = msgspec.json.Decoder(_Document)


def to_json(tenant: Tenant, silence: Silence) -> bytes:
    """The document of a tenant's silence."""
    document = _Document(
        tenant,
        silence.id,
        [(one.name, one.op.value, one.value) for one in silence.matchers],
        silence.starts_at,
        silence.ends_at,
        silence.created_by,
        silence.comment,
        silence.updated_at,
        list(map(written_interval, silence.recurrence)),
    )
    return msgspec.json.encode(document)


def from_json(body: bytes) -> tuple[Tenant, Silence]:
    """The silence that a document of `to_json` tells of, and whose it is."""
    found = _DECODER.decode(body)
    silence = Silence(
        matchers=tuple(Matcher(name, MatchOp(op), value) for name, op, value in found.matchers),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        created_by=found.created_by,
        comment=found.comment,
        recurrence=tuple(interval_of(one, "recurrence") for one in found.recurrence),
        id=found.id,
        updated_at=found.updated_at,
    )
    return Tenant(found.tenant), silence
