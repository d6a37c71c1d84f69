"""What a location and the program that it probes for write to each other: JSON, with the domain's own words as its fields."""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from sightline.adapters.wire import fields
from sightline.domain.errors import InvalidField, MalformedBody
from sightline.domain.probes.check import Check
from sightline.domain.probes.parcel import Bearing, Lost, Orders, Packed, Parcel, Receipt
from sightline.domain.probes.reference import Reference
from sightline.domain.probes.result import Result
from sightline.domain.traces.span import Span

CONFIG: Final = "/api/v1/probe/config"
"""Where a location fetches what it probes."""
RESULTS: Final = "/api/v1/probe/results"
"""Where it brings what it found."""
TIME: Final = "X-Sightline-Time"
"""The header that says when orders were given, ms, also where they are the same still."""
MAX_PARCELS: Final = 100
MAX_RESULTS: Final = 10_000
MAX_SPANS: Final = 2 * MAX_RESULTS
"""That are taken at once."""
_NS_PER_MS: Final = 1_000_000


class _Orders(msgspec.Struct, frozen=True):
    tag: str
    now: int
    checks: tuple[msgspec.Raw, ...]
    references: tuple[Reference, ...] = ()


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Unread(msgspec.Struct, frozen=True):
    definition: _Named = _Named()


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    skew: int | None = None
    waiting: int = 0
    version: str = ""
    cut_off: bool = False
    parcels: tuple[msgspec.Raw, ...] = ()


_ORDERS: Final = msgspec.json.Decoder(_Orders)
_CHECK: Final = msgspec.json.Decoder(Check)
_UNREAD: Final = msgspec.json.Decoder(_Unread)
_SENT: Final = msgspec.json.Decoder(_Sent)
_PARCEL: Final = msgspec.json.Decoder(Parcel)
_RECEIPT: Final = msgspec.json.Decoder(Receipt)


def checks_to_json(checks: Sequence[Check], references: Sequence[Reference] = ()) -> tuple[str, bytes]:
    """Checks with their secrets, and the tag that says which these are, and which references."""
    body = msgspec.json.encode(checks)
    tag = hashlib.blake2b(body, digest_size=16)
    if references:
        tag.update(msgspec.json.encode(references))
    return tag.hexdigest(), body


def orders_to_json(tag: str, checks: bytes, references: Sequence[Reference], now: int) -> bytes:
    """Orders, of checks as `checks_to_json` wrote them."""
    return msgspec.json.encode({"tag": tag, "now": now, "references": references, "checks": msgspec.Raw(checks)})


def orders_from_json(body: bytes) -> tuple[Orders, int]:
    """Orders, and when they were given (ms). Checks of a newer version, that cannot be read here, are named and left out.

    Raises:
        MalformedBody: these are none.
    """
    try:
        found = _ORDERS.decode(body)
        checks, unread = [], []
        for raw in found.checks:
            try:
                checks.append(_CHECK.decode(raw))
            except msgspec.ValidationError:
                unread.append(_UNREAD.decode(raw).definition.name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBody(f"what the server answered is not what a location is to probe: {error}") from None
    return Orders(found.tag, tuple(checks), tuple(unread), found.references), found.now


def pack(parcel_id: str, results: Sequence[Result], spans: Sequence[Span]) -> Packed:
    """A parcel of at least one result or span, as bytes."""
    body = msgspec.json.encode(Parcel(id=parcel_id, results=tuple(results), spans=tuple(spans)))
    times = [one.at for one in results] or [one.starts_at // _NS_PER_MS for one in spans]
    return Packed(parcel_id, body, len(results), min(times), max(times))


def pack_lost(lost: Lost) -> Packed:
    """What tells of a loss; of the same loss it is the same parcel."""
    parcel_id = f"lost-{lost.starts_at}-{lost.ends_at}-{lost.count}"
    return Packed(parcel_id, msgspec.json.encode(Parcel(id=parcel_id, lost=lost)), 0, lost.starts_at, lost.ends_at)


def sent_to_json(parcels: Sequence[Packed], bearing: Bearing) -> bytes:
    """Parcels, and how the location is doing that sends them."""
    raw = tuple(msgspec.Raw(one.body) for one in parcels)
    return msgspec.json.encode(
        _Sent(
            skew=bearing.skew,
            waiting=bearing.waiting,
            version=bearing.version,
            cut_off=bearing.is_cut_off,
            parcels=raw,
        )
    )


def sent_from_json(body: bytes) -> tuple[list[Parcel], Bearing]:
    """Likewise, as it arrives.

    Raises:
        MalformedBody, InvalidField: it is none.
    """
    sent = fields.decode(_SENT, body, {})
    if len(sent.parcels) > MAX_PARCELS:
        raise MalformedBody(f"there are {len(sent.parcels)} parcels; {MAX_PARCELS} are taken at once")
    parcels = [fields.decode(_PARCEL, bytes(one), {}) for one in sent.parcels]
    if not all(one.id for one in parcels):
        raise InvalidField(
            "parcels: each wants an id of its own, by which it is known when it comes again", field="parcels"
        )
    results, spans = sum(len(one.results) for one in parcels), sum(len(one.spans) for one in parcels)
    if results > MAX_RESULTS or spans > MAX_SPANS:
        message = f"there are {results} results and {spans} spans; {MAX_RESULTS} and {MAX_SPANS} are taken at once"
        raise MalformedBody(message)
    return parcels, Bearing(skew=sent.skew, waiting=sent.waiting, version=sent.version, is_cut_off=sent.cut_off)


def receipt_to_json(receipt: Receipt) -> bytes:
    """What became of a parcel."""
    return msgspec.json.encode(receipt)


def receipt_from_json(body: bytes) -> Receipt:
    """Likewise.

    Raises:
        MalformedBody: it is none.
    """
    try:
        return _RECEIPT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"what the server answered is no receipt: {error}") from None
