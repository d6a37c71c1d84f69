"""Status pages as people write them: which checks are shown to whom, under what names, and what of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from sightline.domain.errors import InvalidField
from sightline.domain.probes.check import Check
from sightline.domain.probes.uptime import WINDOWS, UnknownPolicy
from sightline.domain.timerange import MINUTE
from sightline.domain.zone import zone_named

STATUS_PAGE_KIND: Final = "status_page"
"""Under which kind the catalog keeps them."""
SUBSCRIBER_KIND: Final = "status_subscriber"
"""Likewise whoever is told of a page, by its slug, a slash and what is made of their address."""
TOLD_KIND: Final = "status_told"
"""Likewise what they were told, by slug."""
MAX_GROUPS: Final = 100
MAX_SHOWN: Final = 1_000
"""Checks of one page; further ones are told by their number."""
MAX_TITLE: Final = 200
MAX_PASSWORD: Final = 1_000
MAX_TEXT: Final = 5_000
"""Characters of a text."""
MASKED: Final = "***"
"""What is shown instead of a password, and keeps the one that is stored when it comes back."""

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_LINK: Final = re.compile(r"https?://[^\s<>\"]+")

Channel = Literal["rss", "email", "webhook"]


class PageGroup(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A heading with checks below it: those that are named, in that order, then those that are selected, by name.

    checks: names. groups: checks that are listed under any of these groups; `*` is every check. tags: of those, only checks that
    have all of these; without `groups`, of all checks. collapsed: whether the group is folded while all of it is well.
    """

    name: str = ""
    checks: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    collapsed: bool = False

    def takes(self, check: Check) -> bool:
        """Whether a check is selected, be it named or not."""
        if not self.groups and not self.tags:
            return False
        said = check.definition
        listed = not self.groups or "*" in self.groups or said.group in self.groups
        return listed and all(said.tags.get(name) == value for name, value in self.tags.items())


class Shows(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is shown of checks. windows: of which times uptime is told. incidents: for how many days they are listed."""

    uptime: bool = True
    bars: bool = True
    latency: bool = False
    incidents: Annotated[int, Meta(ge=0, le=90)] = 14
    maintenance: bool = True
    windows: tuple[Literal["24h", "7d", "30d", "90d"], ...] = ("90d",)


class StatusPage(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A status page.

    slug: its place, `/status/{slug}`. names: what checks are called on it, by their own names. published: false hides it.
    password: empty shows it to everybody; as people write it, or, once stored, as `page_password.hashed` makes it. domains: names
    under which the page is the root of a site. announcement: said at the top. footer: said at the end. link: to whoever the page
    is about. accent: a colour of theirs. unknown: how uptime counts what nobody knows. timezone: whose days are shown.
    subscribe: how people may be told. notify_after: ms that an incident lasts before subscribers are told.
    """

    slug: str
    title: str
    description: str = ""
    groups: tuple[PageGroup, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    shows: Shows = Shows()
    published: bool = True
    password: str = ""
    domains: tuple[str, ...] = ()
    theme: Literal["auto", "light", "dark"] = "auto"
    accent: str = ""
    link: str = ""
    announcement: str = ""
    footer: str = ""
    unknown: UnknownPolicy = UnknownPolicy.IGNORE
    timezone: str = "UTC"
    subscribe: tuple[Channel, ...] = ("rss", "email")
    notify_after: Annotated[int, Meta(ge=0, le=60 * MINUTE)] = 2 * MINUTE

    @property
    def zone(self) -> ZoneInfo:
        """Whose days are shown."""
        return ZoneInfo(self.timezone)

    def called(self, check: Check) -> str:
        """What a check is called here."""
        return self.names.get(check.name) or check.name


def address_of(page: StatusPage, external_url: str) -> str:
    """Where readers find a page: at its first domain, or where people reach this program; empty where nobody said."""
    base = f"https://{page.domains[0]}" if page.domains else external_url.rstrip("/")
    return f"{base}/status/{page.slug}" if base else ""


def check_page(page: StatusPage) -> None:
    """See that a page can be shown.

    Raises:
        InvalidField: it cannot; the message begins with the field.
    """
    for place, message in _problems(page):
        raise InvalidField(f"{place}: {message}", field=place)


def placed(page: StatusPage, checks: Sequence[Check]) -> list[tuple[PageGroup, list[Check]]]:
    """The groups of a page with their checks. A check is shown once, where it is first taken; empty groups are left out."""
    by_name = {one.name: one for one in checks}
    left, found = dict(by_name), []
    for group in page.groups:
        named = [left.pop(name) for name in dict.fromkeys(group.checks) if name in left]
        selected = [one for one in left.values() if group.takes(one)]
        for one in selected:
            del left[one.name]
        its = [*named, *sorted(selected, key=lambda one: (page.called(one).casefold(), one.id))]
        if its:
            found.append((group, its))
    return found


def _problems(page: StatusPage) -> Iterator[tuple[str, str]]:
    if not _SLUG.fullmatch(page.slug):
        yield "slug", "wants 1 to 63 lower-case letters, digits and hyphens, such as `acme` or `shop-eu`"
    if not page.title.strip() or len(page.title) > MAX_TITLE:
        yield "title", f"wants 1 to {MAX_TITLE} characters"
    for name, text in (("description", page.description), ("announcement", page.announcement), ("footer", page.footer)):
        if len(text) > MAX_TEXT:
            yield name, f"has {len(text)} characters, and may have {MAX_TEXT}"
    if not page.groups:
        yield "groups", "is empty: name checks, as [{checks: [shop]}], or select them, as [{groups: ['*']}]"
    if len(page.groups) > MAX_GROUPS:
        yield "groups", f"has {len(page.groups)} entries, and may have {MAX_GROUPS}"
    for place, group in enumerate(page.groups):
        if not group.checks and not group.groups and not group.tags:
            yield f"groups[{place}]", "takes no check: give `checks`, `groups` or `tags`"
    yield from _outward(page)


def _outward(page: StatusPage) -> Iterator[tuple[str, str]]:
    """What is wrong with how a page is reached and looks."""
    for place, domain in enumerate(page.domains):
        if not _DOMAIN.fullmatch(domain):
            yield (
                f"domains[{place}]",
                f"{domain[:80]!a} is not the name of a host in lower case, such as status.example.org",
            )
    if page.accent and not _COLOUR.fullmatch(page.accent):
        yield "accent", "wants a colour such as #1f5fbf"
    if page.link and not _LINK.fullmatch(page.link):
        yield "link", "wants an address that begins with https:// or http://"
    if zone_named(page.timezone) is None:
        yield "timezone", f"{page.timezone[:80]!a} is no time zone: write a name such as Europe/Zurich"
    if page.password and len(page.password) > MAX_PASSWORD:
        yield "password", f"may have {MAX_PASSWORD} characters"
    if unknown := [one for one in page.shows.windows if one not in WINDOWS]:
        yield "shows.windows", f"{unknown[0]} is no window: there are {', '.join(WINDOWS)}"
