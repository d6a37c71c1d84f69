"""What checks need of each other: by name as people write it, and by id as it is followed."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from sightline.domain.errors import InvalidField
from sightline.domain.nearest import hint
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Composed


def parts(definition: Definition) -> tuple[str, ...]:
    """The names of the checks that one is composed of."""
    return definition.options.checks if isinstance(definition.options, Composed) else ()


def needed(definition: Definition) -> tuple[str, ...]:
    """The names of all checks that one needs: those it depends on, and those it is composed of."""
    return (*definition.depends_on, *parts(definition))


def renamed(definition: Definition, names: Mapping[str, str]) -> Definition:
    """The same check, where some that it needs go by other names: the new ones by the old."""
    depends_on = tuple(names.get(name, name) for name in definition.depends_on)
    options = definition.options
    if isinstance(options, Composed):
        options = replace(options, checks=tuple(names.get(name, name) for name in options.checks))
    return replace(definition, depends_on=depends_on, options=options)


def circle(names: Iterable[str], needs: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """A way from a check back to itself that begins at or beyond one of some names; empty where there is none.

    Each check is looked at once, however many need it.
    """
    done: set[str] = set()
    for name in names:
        if name in done:
            continue
        way, todo = dict.fromkeys((name,)), [iter(needs(name))]
        while todo:
            need = next(todo[-1], None)
            if need is None:
                done.add(way.popitem()[0])
                todo.pop()
            elif need in way:
                back = list(way)
                return (*back[back.index(need) :], need)
            elif need not in done:
                way[need] = None
                todo.append(iter(needs(need)))
    return ()


def require_sound(
    definitions: Sequence[Definition], known: Callable[[str], Definition | None], names: Iterable[str]
) -> None:
    """Whatever some checks need is there, and none needs itself, be it by way of others.

    known: what a name means. names: those that may mean something.

    Raises:
        InvalidField: otherwise.
    """
    for definition in definitions:
        for field, needs in (("depends_on", definition.depends_on), ("options.checks", parts(definition))):
            for place, name in enumerate(needs):
                if known(name) is None:
                    there = [one for one in names if known(one) is not None]
                    message = f"{field}[{place}]: there is no check named {name[:60]!r}{hint(name, there)}"
                    raise InvalidField(message, field=f"{field}[{place}]")
    found = circle(
        [one.name for one in definitions], lambda name: needed(one) if (one := known(name)) is not None else ()
    )
    if found:
        message = f"depends_on: {' needs '.join(map(repr, found))}: a check cannot need itself"
        raise InvalidField(message, field="depends_on")


class Needers:
    """For each check those that need it, by id; kept up with one change at a time, whatever the number of checks."""

    def __init__(self) -> None:
        self._of: dict[int, dict[int, None]] = {}

    def of(self, check: int) -> tuple[int, ...]:
        """Who needs a check, those first that have needed it longest."""
        return tuple(self._of.get(check, ()))

    def change(self, check: int, before: Iterable[int], after: Iterable[int]) -> None:
        """A check that needed some now needs others."""
        kept = frozenset(after)
        for need in before:
            if need not in kept and (its := self._of.get(need)) is not None:
                its.pop(check, None)
                if not its:
                    del self._of[need]
        for need in kept:
            self._of.setdefault(need, {})[check] = None
