"""A group of pushed metrics as the document that the catalog keeps: JSON, values as text, for JSON has no NaN."""

import msgspec

from sightline.domain.labels import Labels
from sightline.domain.push.group import PushedFamily, PushGroup
from sightline.domain.scrape.scraped import Metadata
from sightline.domain.tenancy import Tenant


class _Family(msgspec.Struct, frozen=True):
    """A family; each sample is its labels and its value as text."""

    type: str
    help: str
    unit: str
    samples: list[tuple[list[tuple[str, str]], str]]


class _Document(msgspec.Struct, frozen=True):
    """A group and whose it is."""

    tenant: str
    key: list[tuple[str, str]]
    pushed_at: int
    failed_at: int
    families: dict[str, _Family]


_DECODER = msgspec.json.Decoder(_Document)


def to_json(tenant: Tenant, group: PushGroup) -> bytes:
    """The document of a tenant's group."""
    families = {
        name: _Family(
            family.metadata.type,
            family.metadata.help,
            family.metadata.unit,
            [(list(labels), repr(float(value))) for labels, value in family.samples],
        )
        for name, family in group.families.items()
    }
    return msgspec.json.encode(_Document(tenant, list(group.key), group.pushed_at, group.failed_at, families))


def from_json(body: bytes) -> tuple[Tenant, PushGroup]:
    """The group that a document of `to_json` tells of, and whose it is."""
    found = _DECODER.decode(body)
    families = {
        name: PushedFamily(
            Metadata(family.type, family.help, family.unit),
            tuple((Labels(labels), float(value)) for labels, value in family.samples),
        )
        for name, family in found.families.items()
    }
    return Tenant(found.tenant), PushGroup(Labels(found.key), families, found.pushed_at, found.failed_at)
