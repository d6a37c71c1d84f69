"""The routing tree: where alerts go, and why."""

from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.matchers import parse_matchers
from sightline.domain.alerts.route import Route, RouteReason, WrittenRoute, route_tree
from sightline.domain.labels import Labels

TREE = WrittenRoute(
    "default",
    ("alertname", "team"),
    group_wait=2000,
    routes=(
        WrittenRoute(
            "pager",
            matchers=parse_matchers("severity=critical"),
            continues=True,
            repeat_interval=3_600_000,
            routes=(WrittenRoute(matchers=parse_matchers("team=db"), group_by=("...",), group_wait=0),),
        ),
        WrittenRoute("hook", matchers=parse_matchers('team=~"web|db"')),
        WrittenRoute("late", matchers=parse_matchers("team=db")),
    ),
)


@st.composite
def written_routes(draw: st.DrawFn, depth: int = 3) -> WrittenRoute:
    """Trees with matchers on few labels, so that many match."""
    pairs = draw(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "0", "1"]), max_size=2))
    routes = draw(st.lists(written_routes(depth - 1), max_size=3)) if depth else []
    return WrittenRoute(
        draw(st.sampled_from(["", "r", "s", "t"])),
        matchers=parse_matchers(",".join(f'{name}="{value}"' for name, value in pairs.items())),
        continues=draw(st.booleans()),
        routes=tuple(routes),
    )


ALERTS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["0", "1"])).map(Labels.of)


def receivers(written: WrittenRoute, alert: dict[str, str], inherited: str) -> list[str]:
    """Where an alert goes, found plainly."""
    if any(alert.get(one.name, "") != one.value for one in written.matchers):
        return []
    receiver = written.receiver or inherited
    found = []
    for route in written.routes:
        beneath = receivers(route, alert, receiver)
        found += beneath
        if beneath and not route.continues:
            break
    return found or [receiver]


@given(written_routes(), ALERTS)
def test_routing_agrees_with_a_plain_walk(written: WrittenRoute, alert: Labels) -> None:
    """An alert goes where a plain walk through what is written leads it."""
    found = [route.receiver for route in route_tree(written).taken(alert)]
    assert found == receivers(written, dict(alert), "")


@given(written_routes(), ALERTS)
def test_every_route_has_a_decision(written: WrittenRoute, alert: Labels) -> None:
    """Each route is decided on once, in the order of the file, and those that are taken are the ones that say so."""
    root = route_tree(written)
    decisions = tuple(root.decide(alert))
    assert [one.route for one in decisions] == list(root.walk())
    assert tuple(one.route for one in decisions if one.reason is RouteReason.TAKEN) == root.taken(alert)
    assert all((one.failed is not None) is (one.reason is RouteReason.NOT_MATCHED) for one in decisions)


@given(written_routes())
def test_ids_differ(written: WrittenRoute) -> None:
    """No two routes of a tree have the same id."""
    ids = [route.id for route in route_tree(written).walk()]
    assert len(ids) == len(set(ids))


def test_decisions_say_why() -> None:
    """Why a route was taken or not is told for each of them."""
    decisions = route_tree(TREE).decide(Labels.of(severity="critical", team="web"))
    assert [(one.route.id, one.reason.name, one.failed and str(one.failed)) for one in decisions] == [
        ("{}", "PASSED_ON", None),
        ('{}/{severity="critical"}', "TAKEN", None),
        ('{}/{severity="critical"}/{team="db"}', "NOT_MATCHED", 'team="db"'),
        ('{}/{team=~"web|db"}', "TAKEN", None),
        ('{}/{team="db"}', "EARLIER_TAKEN", None),
    ]
    reasons = [one.reason.name for one in route_tree(TREE).decide(Labels.of(severity="warning"))]
    assert reasons == ["TAKEN", "NOT_MATCHED", "ABOVE_NOT_TAKEN", "NOT_MATCHED", "NOT_MATCHED"]


def test_options_come_from_above() -> None:
    """What a route does not say it has from the one above, the root from Alertmanager's defaults."""
    root = route_tree(TREE)
    pager, hook = root.routes[:2]
    (beneath,) = pager.routes
    assert (root.group_wait, root.group_interval, root.repeat_interval) == (2_000, 300_000, 14_400_000)
    assert (beneath.receiver, beneath.group_by, beneath.group_wait, beneath.repeat_interval) == (
        "pager",
        ("...",),
        0,
        3_600_000,
    )
    assert (hook.group_by, hook.repeat_interval) == (("alertname", "team"), 14_400_000)
    assert route_tree(WrittenRoute("r")).group_wait == 30_000


def test_groups_are_by_labels() -> None:
    """An alert is grouped by the labels that a route names, or by all."""
    alert = Labels.of(alertname="A", team="db", instance="x")
    root = route_tree(TREE)
    assert root.group_labels(alert) == Labels.of(alertname="A", team="db")
    assert root.routes[0].routes[0].group_labels(alert) == alert


def test_ids_stay_when_routes_come() -> None:
    """A new route beside others leaves their ids, and matchers in another order are the same."""

    def ids(*texts: str) -> list[str]:
        routes: tuple[Route, ...] = route_tree(
            WrittenRoute("r", routes=tuple(WrittenRoute(matchers=parse_matchers(text)) for text in texts))
        ).routes
        return [route.id for route in routes]

    before = ids("b=1,a=2", "c=3", "c=3")
    assert before == ['{}/{a="2",b="1"}', '{}/{c="3"}', '{}/{c="3"}/1']
    assert ids("x=1", "a=2,b=1", "y=1", "c=3", "c=3")[1::2] == [before[0], before[1]]
