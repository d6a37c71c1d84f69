"""Declaring what there is to be: compared, made so, and put back where it cannot be."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.application.status_world import StatusWorld
from typing_extensions import override

from sightline.adapters.outbound.files.dashboards import DashboardFiles
from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.checks import MemoryChecks
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.wire import window
from sightline.adapters.wire.dashboard import from_json, to_json
from sightline.adapters.wire.declared import read_documents, write_documents
from sightline.application.declare import Action, Drift, Field
from sightline.application.define import Codec, DefineDashboards
from sightline.application.enroll import Enroll
from sightline.application.maintain import Maintain, WindowCodec
from sightline.application.prescribe import PrescribeRules
from sightline.compose.declaring import make_declare
from sightline.domain.alerts.builtin import host_rules
from sightline.domain.dashboards.ready_made import READY_MADE
from sightline.domain.errors import BadData, InvalidField, SightlineError, Unavailable
from sightline.domain.probes.check import Check
from sightline.domain.probes.options import Heartbeat
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.checks import Rewrite


class FlakyChecks(MemoryChecks):
    """Checks of which some cannot be changed. puts: how many more changes are taken at all."""

    stuck: frozenset[str] = frozenset()
    puts = 100

    @override
    async def put(self, tenant: Tenant, changes: Sequence[Rewrite], at: int) -> list[Check]:
        self.puts -= 1
        if self.puts < 0 or not self.stuck.isdisjoint(one.definition.name for one in changes):
            raise Unavailable("the catalog is away")
        return await super().put(tenant, changes, at)


class FlakyCatalog(MemoryCatalog):
    """A catalog that refuses one key."""

    stuck = ""

    @override
    async def put(self, tenant: Tenant, kind: str, key: str, body: bytes, expected: int | None = None) -> Any:
        if key == self.stuck:
            raise Unavailable("the catalog is away")
        return await super().put(tenant, kind, key, body, expected)

    @override
    async def delete(self, tenant: Tenant, kind: str, key: str) -> bool:
        if key == self.stuck:
            raise Unavailable("the catalog is away")
        return await super().delete(tenant, kind, key)


class World:
    """All kinds that are declared, in memory."""

    def __init__(self) -> None:
        clock = ManualClock()
        self.checks, self.rules = FlakyChecks(), FlakyCatalog()
        self.enroll = Enroll(self.checks, clock)
        nobody: Any = None
        self.prescribe = PrescribeRules(self.rules, nobody, nobody, clock, host_rules())
        self.dashboards = DefineDashboards(MemoryCatalog(), DashboardFiles(()), READY_MADE, Codec(to_json, from_json))
        self.windows = Maintain(MemoryCatalog(), WindowCodec(window.to_document, window.from_document), clock)
        self.pages = StatusWorld().publish
        self.declare = make_declare(self.enroll, self.prescribe, self.dashboards, self.windows, self.pages)

    async def apply(self, text: str, *, prune: bool = False, dry: bool = False) -> tuple[Drift, ...]:
        """Make it as a document says."""
        found = read_documents({"": text.encode()})
        act: Callable[..., Any] = self.declare.compare if dry else self.declare.apply
        drift: tuple[Drift, ...] = await act(LOCAL, found.declared, found.mentioned, prune=prune)
        return drift

    async def names(self, kind: str) -> list[str]:
        """What people made of a kind."""
        key = self.declare.key(kind)
        return [str(one[key]) for one in (await self.declare.export(LOCAL, (kind,)))[kind]]


@pytest.fixture
def world() -> World:
    """An empty one."""
    return World()


ALL = """
checks:
  - name: shop
    type: http
    url: https://me:pa55@shop.example/?token=t0ken
    interval: 30s
    headers: {Authorization: s3cret, Accept: text/html}
    conditions: [latency < 500ms]
    depends_on: [router]
    tags: {team: web}
  - {name: router, type: icmp, url: 192.0.2.1}
  - {name: all, type: composed, checks: [shop, router], need: 1}
windows:
  - name: patches
    scope: {tags: ["team:web"]}
    cron: 0 2 * * SUN
    duration: 2h
    timezone: Europe/Berlin
status_pages:
  - slug: shop
    title: Shop
    password: pa55word
    groups: [{name: Shop, checks: [shop]}]
alert_rules:
  - name: TooSlow
    expr: probe_duration_seconds > 1
    for: 5m
    severity: critical
    annotations: {summary: slow}
dashboards:
  - name: shop
    title: Shop
    panels: [{title: Up, queries: [{expr: probe_success}]}]
"""


async def test_everything_is_made_as_declared_and_then_there_is_no_drift(world: World) -> None:
    """All kinds at once, in an order in which each finds what it names; a second time changes nothing."""
    drift = await world.apply(ALL)
    assert [(one.kind, one.name, one.action) for one in drift] == [
        ("checks", "shop", Action.ADD),
        ("checks", "router", Action.ADD),
        ("checks", "all", Action.ADD),
        ("windows", "patches", Action.ADD),
        ("status_pages", "shop", Action.ADD),
        ("alert_rules", "TooSlow", Action.ADD),
        ("dashboards", "shop", Action.ADD),
    ]
    assert await world.apply(ALL) == ()
    assert await world.apply(ALL, prune=True) == ()


async def test_what_is_exported_can_be_declared_again(world: World) -> None:
    """Secrets are masked, and a mask is no drift."""
    await world.apply(ALL)
    text = write_documents(await world.declare.export(LOCAL))
    assert not [word for word in ("pa55", "t0ken", "s3cret", "pa55word", "scrypt") if word in text]
    assert "https://***@shop.example/?token=***" in text
    assert await world.apply(text, prune=True) == ()


async def test_what_goes_without_saying_is_not_exported(world: World) -> None:
    """An export reads as people write it."""
    await world.apply(ALL)
    found = await world.declare.export(LOCAL, ("checks", "alert_rules"))
    assert found["checks"][1] == {"name": "router", "type": "icmp", "url": "192.0.2.1"}
    assert found["alert_rules"] == [
        {
            "name": "TooSlow",
            "expr": "probe_duration_seconds > 1",
            "severity": "critical",
            "annotations": {"summary": "slow"},
            "for": "5m",
        }
    ]


async def test_a_heartbeat_is_declared_without_its_token(world: World) -> None:
    """What is exported makes one elsewhere as well, and here the address of its pings stays."""
    await world.apply("checks: [{name: backup, type: heartbeat, period: 1h, token: a-token-of-its-own}]")
    (found,) = (await world.declare.export(LOCAL, ("checks",)))["checks"]
    assert found == {"name": "backup", "type": "heartbeat", "period": "1h"}
    assert await world.apply(write_documents({"checks": [found]})) == ()
    assert len(await world.apply("checks: [{name: backup, type: heartbeat, period: 2h}]")) == 1
    (check,) = await world.enroll.all(LOCAL)
    assert isinstance(check.definition.options, Heartbeat)
    assert check.definition.options.token == "a-token-of-its-own"


async def test_drift_is_told_field_by_field(world: World) -> None:
    """What is there, and what is written; nothing is changed by looking."""
    await world.apply(ALL)
    changed = ALL.replace("interval: 30s", "interval: 2m").replace("latency < 500ms", "latency < 1s")
    changed = changed.replace("s3cret", "other").replace("for: 5m", "for: 10m").replace("team: web", "team: shop")
    drift = await world.apply(changed, dry=True)
    assert drift == (
        Drift(
            "checks",
            "shop",
            Action.CHANGE,
            (
                Field("interval", "30s", "2m"),
                Field("conditions", ["latency < 500ms"], ["latency < 1s"]),
                Field("tags.team", "web", "shop"),
            ),
        ),
        Drift("alert_rules", "TooSlow", Action.CHANGE, (Field("for", "5m", "10m"),)),
    )
    assert await world.apply(changed, dry=True) == drift
    await world.apply(changed)
    assert await world.apply(changed, dry=True) == ()


async def test_a_secret_that_differs_is_drift_that_shows_no_secret(world: World) -> None:
    """Of a check, and of a page's password, which nobody can read any more."""
    await world.apply(ALL)
    for old, new in (("s3cret", "other"), ("pa55word", "another")):
        (drift,) = await world.apply(ALL.replace(old, new), dry=True)
        assert drift.fields == (Field("(a secret)", "***", "***"),)


async def test_only_with_prune_is_removed_what_is_not_written(world: World) -> None:
    """And only of kinds that stand in the document."""
    await world.apply(ALL)
    less = "checks:\n  - {name: router, type: icmp, url: 192.0.2.1}\n"
    assert await world.apply(less) == ()
    drift = await world.apply(less, prune=True)
    assert [(one.name, one.action) for one in drift] == [("all", Action.REMOVE), ("shop", Action.REMOVE)]
    assert await world.names("checks") == ["router"]
    assert await world.names("windows") == ["patches"]
    await world.apply("windows: []\nstatus_pages:\ndashboards: []\nalert_rules: []", prune=True)
    assert [await world.names(kind) for kind in world.declare.kinds[1:]] == [[], [], [], []]


async def test_rules_of_the_program_are_changed_and_restored(world: World) -> None:
    """They are exported only where people changed them, and say what they said once that is no longer written."""
    await world.prescribe.restore(LOCAL, "HostDown")
    assert await world.names("alert_rules") == []
    changed = "alert_rules:\n  - {name: HostDown, expr: up == 0, for: 9m, severity: critical}\n"
    (drift,) = await world.apply(changed)
    assert (drift.name, drift.action) == ("HostDown", Action.CHANGE)
    assert await world.names("alert_rules") == ["HostDown"]
    await world.apply("alert_rules: []", prune=True)
    assert await world.names("alert_rules") == []
    assert (await world.prescribe.get(LOCAL, "HostDown")).rule.for_ms != 540_000


async def test_one_document_a_thing_will_do(world: World) -> None:
    """Several documents in a file, each with its kind."""
    text = (
        "kind: check\nname: a\ntype: ssh\nurl: a.example\n---\nkind: checks\nname: b\ntype: ssh\nurl: b.example\n---\n"
    )
    assert [one.name for one in await world.apply(text)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "a document is a mapping of kinds to lists"),
        ("checks: {a: b}", "checks: wants a list"),
        ("check: []", "check: 'check' cannot be declared: did you mean checks?"),
        ("silences: [{}]", "silences[0]: 'silences' cannot be declared: there are checks, windows"),
        ("checks: [3]", "checks[0].name: is missing"),
        (
            "checks: [{name: a, type: ssh, url: a}, {name: a, type: ssh, url: b}]",
            "checks[1].name: 'a' stands at document 1: checks[0] too",
        ),
        ("checks: [{name: a, type: http, url: https://a, foo: 1}]", "checks[0].foo: there is no such field"),
        ("checks: [{name: a, type: ssh, url: a, depends_on: [b]}]", "there is no check named 'b'"),
        ("windows: [{name: a}]", "windows[0].scope: is missing"),
        ("windows: [3]", "windows[0].name: is missing"),
        ("windows: [{name: a, scope: {all: true, some: 1}}]", "windows[0].scope.some: there is no such field"),
        ("alert_rules: [{name: a}]", "alert_rules[0]: alert rule 'a' needs an expression"),
        ("dashboards: [{name: a, title: A, panels: [3]}]", "dashboards[0].panels[0]: expected `object`"),
        ("status_pages: [3]", "status_pages[0].slug: is missing"),
        ("alert_rules: [{name: a, expr: 'sum('}]", "alert_rules[0]."),
        ("alert_rules: [{name: a, expr: up, for: soon}]", "alert_rules[0].for: 'soon' is not a duration"),
        ("dashboards: [{name: a, title: A, panels: []}, {name: B C, title: B, panels: []}]", "dashboards[1]."),
        ("dashboards: [{name: host, title: A, panels: []}]", "'host' comes from the program itself"),
        ("status_pages: [{slug: A B, title: A}]", "status_pages[0]."),
        (
            "status_pages: [{slug: a, title: A, password: '***', groups: [{checks: [x]}]}]",
            "status_pages[0].password: *** stands for a password",
        ),
        ("checks: [{name: a, type: http, url: https://a, auth: {token: '***'}}]", "*** stands for a secret"),
    ],
)
async def test_nothing_is_written_of_what_cannot_be(world: World, text: str, said: str) -> None:
    """The place and what is wrong, and what else stands in the document is not written either."""
    with pytest.raises(SightlineError) as caught:
        await world.apply(f"{text}\n---\nwindows: [{{name: w, scope: {{all: true}}, cron: 0 2 * * *, duration: 1h}}]")
    assert said in caught.value.message
    assert await world.names("windows") == []
    assert await world.names("checks") == []


async def test_everything_that_is_wrong_is_told_at_once(world: World) -> None:
    """Of all kinds, a line each."""
    with pytest.raises(InvalidField) as caught:
        await world.apply("checks: [{name: a, type: x}, {name: b, type: ssh, url: '', retries: 99}]\nwindows: [{}]")
    lines = caught.value.message.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        "checks[0].type",
        "checks[1].retries",
        "checks[1].url",
        "windows[0].name",
    ]


async def test_a_file_is_named_where_there_are_several() -> None:
    """So that people find what is wrong."""
    with pytest.raises(BadData, match=r"^b\.yml: 1:4: not YAML"):
        read_documents({"a.yml": b"checks: []", "b.yml": b"a: }"})


async def test_checks_that_need_each_other_the_other_way_round_are_changed(world: World) -> None:
    """Whatever order it takes; a circle in the end is refused."""
    form = "checks: [{{name: a, type: ssh, url: a{}}}, {{name: b, type: ssh, url: b{}}}]"
    await world.apply(form.format(", depends_on: [b]", ""))
    drift = await world.apply(form.format("", ", depends_on: [a]"))
    assert [one.name for one in drift] == ["a", "b"]
    await world.apply(form.format(", depends_on: [b]", ""))
    with pytest.raises(InvalidField, match="a check cannot need itself"):
        await world.apply(form.format(", depends_on: [b]", ", depends_on: [a]"))


async def test_what_others_need_is_not_removed(world: World) -> None:
    """That is seen before anything is written."""
    await world.apply("checks: [{name: a, type: ssh, url: a}, {name: b, type: ssh, url: b, depends_on: [a]}]")
    with pytest.raises(InvalidField, match="there is no check named 'a'"):
        await world.apply("checks: [{name: b, type: ssh, url: c, depends_on: [a]}]", prune=True)
    assert await world.names("checks") == ["a", "b"]


async def test_a_store_that_refuses_in_the_middle_leaves_all_as_it_was(world: World) -> None:
    """What was added goes, what was changed is put back, and the error says so."""
    await world.apply("checks: [{name: a, type: ssh, url: a}, {name: b, type: ssh, url: b}]")
    before = await world.declare.export(LOCAL)
    world.checks.stuck = frozenset({"b"})
    with pytest.raises(Unavailable, match=re.escape("(what was written before is put back, and nothing is changed)")):
        await world.apply(
            "checks: [{name: c, type: ssh, url: c}, {name: a, type: ssh, url: x}, {name: b, type: ssh, url: y}]"
        )
    assert await world.declare.export(LOCAL) == before


async def test_another_kind_that_refuses_takes_the_first_along(world: World) -> None:
    """All kinds are written together or none."""
    world.rules.stuck = "TooSlow"
    with pytest.raises(Unavailable, match="put back"):
        await world.apply(ALL)
    assert [await world.names(kind) for kind in world.declare.kinds] == [[], [], [], [], []]


async def test_what_cannot_be_put_back_is_named(world: World) -> None:
    """Nobody must guess what is there now."""
    await world.apply("checks: [{name: a, type: ssh, url: a}]")
    world.rules.stuck, world.checks.puts = "R", 1
    with pytest.raises(Unavailable, match="these are written and could not be put back: checks 'a'"):
        await world.apply("checks: [{name: a, type: ssh, url: x}]\nalert_rules: [{name: R, expr: up}]")


async def test_removals_that_are_done_are_told(world: World) -> None:
    """They come last, so that everything else is as written."""
    await world.apply(ALL + "  - {name: other, title: O, panels: [{title: Up, queries: [{expr: up}]}]}\n")
    world.rules.stuck = "TooSlow"
    with pytest.raises(
        Unavailable, match="everything else is as written; removed so far: dashboards 'other', dashboards 'shop'"
    ):
        await world.apply("alert_rules: []\ndashboards: []", prune=True)


async def test_tenants_do_not_see_each_other(world: World) -> None:
    """What one declares is not exported to another, nor pruned by it."""
    await world.apply("checks: [{name: a, type: ssh, url: a}]")
    other = Principal("x", Tenant("other"))
    assert await world.declare.export(other, ("checks",)) == {"checks": []}
    assert await world.declare.apply(other, (), frozenset({"checks"}), prune=True) == ()
    with pytest.raises(InvalidField, match="kind: 'x' cannot be declared"):
        await world.declare.export(other, ("x",))
