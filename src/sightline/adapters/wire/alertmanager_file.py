"""Alertmanager's configuration file.

Source: https://prometheus.io/docs/alerting/latest/configuration/. Files of version 0.25 and later are read alike.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sightline.adapters.wire.alertmanager_options import read_delivery, read_global
from sightline.adapters.wire.yaml_fields import Fields
from sightline.adapters.wire.yaml_tree import Place, Tree, is_empty, read_tree
from sightline.domain.alerts.alertmanager import AlertmanagerConfig
from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.matchers import parse_matchers
from sightline.domain.alerts.receiver import Delivery, Integration, Options, Receiver
from sightline.domain.alerts.route import GROUP_BY_ALL, WrittenRoute, route_tree
from sightline.domain.alerts.time_intervals import (
    Span,
    TimeInterval,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_weekdays,
    parse_years,
)
from sightline.domain.errors import BadData
from sightline.domain.labels import Matcher, Matchers, MatchOp

_FILE: Final = ("global", "route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals", "templates")
_ROUTE: Final = (
    *("receiver", "group_by", "match", "match_re", "matchers", "continue", "routes"),
    *("group_wait", "group_interval", "repeat_interval", "mute_time_intervals", "active_time_intervals"),
)
_INHIBIT: Final = (
    *("name", "source_match", "source_match_re", "source_matchers"),
    *("target_match", "target_match_re", "target_matchers", "equal"),
)
_INTERVAL: Final = ("times", "weekdays", "days_of_month", "months", "years", "location")
_RECEIVER: Final = ("name", *(f"{kind}_configs" for kind in Integration))
_UNSUPPORTED: Final = frozenset(
    f"{kind}_configs"
    for kind in (
        *("pushover", "victorops", "wechat", "sns", "webex", "jira", "rocketchat", "mattermost"),
        "incidentio",
    )
)
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class AlertmanagerFile:
    """What a file says, or else what is wrong with it, each problem with line and column in front."""

    config: AlertmanagerConfig | None = None
    problems: tuple[str, ...] = ()


def read_alertmanager(text: bytes) -> AlertmanagerFile:
    """Read a file. Everything wrong with it is found, and then it has no configuration."""
    reader = _Reader()
    try:
        config = reader.config(read_tree(text))
    except BadData as error:
        return AlertmanagerFile(problems=(*reader.told(), error.message))
    return AlertmanagerFile(problems=reader.told()) if reader.problems else AlertmanagerFile(config)


class _Reader(Fields):
    """Reads one file."""

    def __init__(self) -> None:
        super().__init__()
        self._receivers = dict[str, Receiver]()
        self._intervals = dict[str, tuple[TimeInterval, ...]]()

    def config(self, tree: Tree | None) -> AlertmanagerConfig:
        if tree is None:
            raise BadData("1:1: the file is empty: it needs a route and receivers")
        top = self.branches(tree, "the file", _FILE)
        settings = read_global(self, top.get("global"))
        for one in self.leaves(top.get("receivers"), "receivers"):
            self._receiver(one, settings)
        for name in ("mute_time_intervals", "time_intervals"):
            for one in self.leaves(top.get(name), name):
                self._named_interval(one, f"an element of {name}")
        rules = tuple(map(self._inhibit_rule, self.leaves(top.get("inhibit_rules"), "inhibit_rules")))
        if is_empty(top.get("route")):
            self.object(tree.place, "there is no route: alerts need one with a receiver")
            written = WrittenRoute()
        else:
            written = self._root(top["route"])
        return AlertmanagerConfig(
            route_tree(written),
            self._receivers,
            rules,
            self._intervals,
            self.texts(top.get("templates"), "templates"),
            settings,
        )

    def _receiver(self, tree: Tree, settings: Options) -> None:
        fields = self.mapping(tree, f"a receiver is a mapping with the fields {', '.join(_RECEIVER)}")
        name = self._name(fields, tree.place, "a receiver", self._receivers)
        deliveries: list[Delivery] = []
        for field, one in fields.items():
            if field in _UNSUPPORTED:
                self.object(
                    one.place,
                    f"receiver {name!a}: {field} are not supported; there are {', '.join(_RECEIVER[1:])}",
                )
            elif field not in _RECEIVER:
                self.object(one.place, f"field {field} not found in a receiver; there are {', '.join(_RECEIVER)}")
            elif field != "name":
                kind = Integration(field.removesuffix("_configs"))
                deliveries += (read_delivery(self, each, kind, settings) for each in self.leaves(one, field))
        self._receivers[name] = Receiver(name, tuple(deliveries))

    def _name(self, fields: Mapping[str, Tree], place: Place, what: str, taken: Mapping[str, object]) -> str:
        """A name that nothing of its kind has."""
        name = self.field(fields, "name")
        if not name:
            self.object(place, f"{what} has no name")
        elif name in taken:
            self.object(fields["name"].place, f"{what} has the name {name!a}, which is taken")
        return name

    def _root(self, tree: Tree) -> WrittenRoute:
        """The route of all alerts."""
        route = self._route(tree)
        for is_wrong, objection in (
            (not route.receiver, "needs a receiver"),
            (bool(route.matchers), "takes every alert, hence has no matchers"),
            (route.continues, "has none after it, hence no continue"),
            (bool(route.mute_time_intervals), "cannot have mute_time_intervals"),
            (bool(route.active_time_intervals), "cannot have active_time_intervals"),
        ):
            if is_wrong:
                self.object(tree.place, f"the route at the top {objection}")
        return route

    def _route(self, tree: Tree) -> WrittenRoute:
        if is_empty(tree):
            self.object(tree.place, "a route is empty")
        fields = self.branches(tree, "a route", _ROUTE)
        receiver = self.field(fields, "receiver")
        if receiver and receiver not in self._receivers:
            self.object(fields["receiver"].place, f"undefined receiver {receiver!a}: it is not in receivers")
        continues = self.flag(fields.get("continue"), "continue")
        durations = {
            name: self.duration(fields.get(name), name) for name in ("group_wait", "group_interval", "repeat_interval")
        }
        for name in ("group_interval", "repeat_interval"):
            if durations[name] == 0:
                self.object(fields[name].place, f"{name} cannot be zero")
        return WrittenRoute(
            receiver=receiver,
            group_by=self._group_by(fields.get("group_by")),
            matchers=self._matchers(fields, ""),
            continues=continues or False,
            mute_time_intervals=self._interval_names(fields.get("mute_time_intervals"), "mute_time_intervals"),
            active_time_intervals=self._interval_names(fields.get("active_time_intervals"), "active_time_intervals"),
            routes=tuple(map(self._route, self.leaves(fields.get("routes"), "routes"))),
            **durations,
        )

    def _group_by(self, tree: Tree | None) -> tuple[str, ...]:
        names = self.texts(tree, "group_by")
        if tree is None or set(names) == {GROUP_BY_ALL}:
            return names[:1]
        seen = set[str]()
        for name in names:
            if not name:
                self.object(tree.place, "group_by: the name of a label is empty")
            elif name == GROUP_BY_ALL:
                self.object(tree.place, f"group_by: {GROUP_BY_ALL} stands for all labels, so it stands alone")
            elif name in seen:
                self.object(tree.place, f"group_by: the label {name!a} is given twice")
            seen.add(name)
        return names

    def _interval_names(self, tree: Tree | None, what: str) -> tuple[str, ...]:
        for one in self.leaves(tree, what):
            name = self.text(one, f"an element of {what}")
            if name is not None and name not in self._intervals:
                self.object(one.place, f"undefined time interval {name!a}: it is not in time_intervals")
        return self.texts(tree, what)

    def _matchers(self, fields: Mapping[str, Tree], prefix: str) -> Matchers:
        """The matchers of a route, or of one side of an inhibition rule, whose fields have a prefix; old forms come first."""
        found: list[Matcher] = []
        for name, op in ((f"{prefix}match", MatchOp.EQUAL), (f"{prefix}match_re", MatchOp.MATCHES)):
            for label, one in self.named(fields.get(name), name).items():
                if not _LABEL.fullmatch(label):
                    self.object(one.place, f"{name}: {label!a} is no name of a label")
                if is_empty(one) and op is MatchOp.MATCHES:
                    self.object(one.place, f"{name}.{label}: there is no regular expression")
                matcher = self.parsed(one, f"{name}.{label}", _matcher(label, op))
                found += [] if matcher is None else [matcher]
        name = f"{prefix}matchers"
        for one in self.leaves(fields.get(name), name):
            found += self.parsed(one, name, parse_matchers) or ()
        return tuple(found)

    def _inhibit_rule(self, tree: Tree) -> InhibitRule:
        if is_empty(tree):
            self.object(tree.place, "an inhibition rule is empty")
        fields = self.branches(tree, "an inhibition rule", _INHIBIT)
        equal = self.texts(fields.get("equal"), "equal")
        if not all(equal):
            self.object(fields["equal"].place, "equal: the name of a label is empty")
        return InhibitRule(
            self._matchers(fields, "source_"),
            self._matchers(fields, "target_"),
            tuple(dict.fromkeys(equal)),
            self.field(fields, "name"),
        )

    def _named_interval(self, tree: Tree, what: str) -> None:
        fields = self.branches(tree, what, ("name", "time_intervals"))
        name = self._name(fields, tree.place, "a time interval", self._intervals)
        intervals = self.leaves(fields.get("time_intervals"), "time_intervals")
        self._intervals[name] = tuple(map(self._interval, intervals))

    def _interval(self, tree: Tree) -> TimeInterval:
        fields = self.branches(tree, "a time interval", _INTERVAL)
        location = fields.get("location")
        read = TimeInterval() if location is None else self.parsed(location, "location", _zoned)
        return TimeInterval(
            times=self._spans(fields, "times", self._times),
            weekdays=self._spans(fields, "weekdays", self._parsing("weekdays", parse_weekdays)),
            days_of_month=self._spans(fields, "days_of_month", self._parsing("days_of_month", parse_days_of_month)),
            months=self._spans(fields, "months", self._parsing("months", parse_months)),
            years=self._spans(fields, "years", self._parsing("years", parse_years)),
            zone=(read or TimeInterval()).zone,
        )

    def _spans(
        self, fields: Mapping[str, Tree], name: str, read: Callable[[Tree], Span | None]
    ) -> tuple[Span, ...] | None:
        """The ranges of a field; None when it is not given."""
        if is_empty(fields.get(name)):
            return None
        found = (read(one) for one in self.leaves(fields[name], name))
        return tuple(span for span in found if span is not None)

    def _parsing(self, name: str, parse: Callable[[str], Span]) -> Callable[[Tree], Span | None]:
        return lambda tree: self.parsed(tree, name, parse)

    def _times(self, tree: Tree) -> Span | None:
        fields = self.branches(tree, "an element of times", ("start_time", "end_time"))
        start, end = (self.field(fields, name) for name in ("start_time", "end_time"))
        try:
            return parse_times(start, end)
        except BadData as error:
            self.object(tree.place, f"times: {error.message}")
            return None


def _matcher(label: str, op: MatchOp) -> Callable[[str], Matcher]:
    return lambda value: Matcher(label, op, value)


def _zoned(location: str) -> TimeInterval:
    """An interval that says nothing but its zone, of which None is one."""
    return TimeInterval(zone=parse_location(location))
